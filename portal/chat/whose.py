"""Whose conversation it is: the signed-in person's, or that of this browser."""

import secrets
from datetime import timedelta

from flask import g, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.current import visitor
from portal.i18n import language
from portal.security import asker_address, cookie_name
from portal.settings import current_settings
from portal.unit import database
from runtime.errors import NotFound
from service.conversations import (
    Conversation,
    adopt,
    find_for_browser,
    find_for_user,
    open_for_browser,
    open_for_user,
)
from service.people import limits, networks
from service.people.limits import Limit
from service.requests.askers import Asker

COOKIE = "talk"
COOKIE_SECONDS = 30 * 24 * 3600
LONGEST_KEY = 64
STRANGERS = Limit("chat.address", 200, timedelta(minutes=10), "network.locked", exact=False)
"""What may be said by people without sign-in from one network, however many browsers it has."""


def known(session: Session) -> Conversation | None:
    """The conversation so far; reads only."""
    person = visitor()
    if person is not None:
        return find_for_user(session, person.id)
    key = _key()
    return find_for_browser(session, key) if key else None


def opened(session: Session) -> Conversation:
    """The conversation, begun if there is none. Raises TooManyTries("network.locked")."""
    person = visitor()
    if person is not None:
        return open_for_user(session, person.id, language())
    subject = networks.network(asker_address())
    limits.take(session, STRANGERS, subject)
    return open_for_browser(session, _key() or _new_key(), language())


def asker(session: Session) -> Asker:
    """Who asks for something here. Raises NotFound before anything was said."""
    person = visitor()
    if person is not None:
        return Asker.of_user(person.id)
    found = known(session)
    if found is None:
        raise NotFound("conversation.not_found")
    return Asker.of_conversation(found.id)


def take_along() -> None:
    """What was said before signing in goes with the person who has signed in."""
    key, person = _key(), visitor()
    if key is None or person is None:
        return
    with database().unit_of_work() as session:
        found = find_for_browser(session, key)
        if found is not None:
            adopt(session, found.ref, person.id)
    g.talk_adopted = True


def keep(response: Response) -> Response:
    """Give the browser its key, or take it away once it opens nothing any more."""
    name, settings = cookie_name(COOKIE, current_settings()), current_settings()
    if g.get("talk_adopted"):
        response.delete_cookie(name, secure=settings.secure, httponly=True, samesite="Lax")
    elif key := g.get("talk_key"):
        response.set_cookie(
            name,
            key,
            max_age=COOKIE_SECONDS,
            secure=settings.secure,
            httponly=True,
            samesite="Lax",
        )
    return response


def _key() -> str | None:
    key = g.get("talk_key") or request.cookies.get(cookie_name(COOKIE, current_settings()))
    return key if key and len(key) <= LONGEST_KEY else None


def _new_key() -> str:
    g.talk_key = secrets.token_urlsafe(32)
    return str(g.talk_key)
