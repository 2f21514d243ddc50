"""Who asks for something here: the signed-in person, or this browser."""

import secrets
from dataclasses import replace

from flask import Blueprint, request, session

from portal.current import visitor
from portal.security import asker_address, permits
from runtime import clock
from service.people.networks import network
from service.requests.askers import Asker
from service.requests.guests import PROVEN_FOR

MARK = "asker"
PROVEN = "proven"
MOST_PROVEN = 5
MOST_BYTES = 64 * 1024 * 1024
"""Some photos at once from a phone; each has a limit of its own that says more."""


def asker() -> Asker:
    """The signed-in person; a stranger is the browser that holds this form cookie."""
    return replace(_plain_asker(), proven=_proven())


def let_in(request_no: str) -> None:
    """The phone of a request has shown itself in this browser: for a day it is a party to it."""
    kept = {each: until for each, until in session.get(PROVEN, {}).items() if each != request_no}
    kept[request_no] = (clock.now() + PROVEN_FOR).timestamp()
    session[PROVEN] = dict(list(kept.items())[-MOST_PROVEN:])


def let_out(request_no: str) -> None:
    """This browser is no party to it any more."""
    known = session.get(PROVEN, {})
    session[PROVEN] = {each: until for each, until in known.items() if each != request_no}


def takes_photos(blueprint: Blueprint) -> Blueprint:
    """Lets a blueprint receive more than a form's few bytes, and ask a device where it is.

    The size is said before anything is read.
    """

    @blueprint.url_value_preprocessor
    def _allow(_endpoint: str | None, _values: dict[str, object] | None) -> None:
        request.max_content_length = MOST_BYTES

    return permits(blueprint, "geolocation")


def _plain_asker() -> Asker:
    person = visitor()
    if person is not None:
        return Asker.of_user(person.id)
    mark: str = session.setdefault(MARK, secrets.token_urlsafe(24))
    return Asker.of_browser(mark, network(asker_address()))


def _proven() -> frozenset[str]:
    now, known = clock.now().timestamp(), session.get(PROVEN, {})
    return frozenset(request_no for request_no, until in known.items() if until > now)
