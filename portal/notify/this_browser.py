"""Whom this browser reminds: a cookie says which address is its own, so that no script is needed.

Reminders go on when a sign-in grows old, and end when its user signs out or another signs in here.
"""

from flask import g, request
from werkzeug.wrappers import Response

from notifications.channels import subscribing
from portal.current import lifetime
from portal.security import cookie_name
from portal.settings import current_settings
from service.people import sessions

COOKIE = "push"
"""Holds the SHA-256 of the address: it opens nothing, and nobody else can guess it."""
SECONDS = 400 * 24 * 3600


def keep(response: Response, digest: str) -> None:
    """Let the browser know its own address the next time too."""
    settings = current_settings()
    response.set_cookie(
        cookie_name(COOKIE, settings),
        digest,
        max_age=SECONDS,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
    )


def end() -> None:
    """Nobody is reminded here any more."""
    if digest := _digest():
        subscribing.unsubscribe_browser(g.session, digest)


def hand_over(response: Response, token: str) -> None:
    """Nobody but whoever signs in with this token is reminded here any more."""
    if digest := _digest():
        subscribing.unsubscribe_browser(g.session, digest, but=_whose(token))
        keep(response, digest)


def end_elsewhere(user_id: int) -> bool:
    """Remind this user in no other browser than this; whether there were any."""
    return subscribing.unsubscribe_all(g.session, user_id, but=_digest())


def _whose(token: str) -> int | None:
    found = sessions.find_signed_in(g.session, token, lifetime())
    found = found or sessions.find_half_way(g.session, token, lifetime())
    return found.user_id if found else None


def _digest() -> str:
    given = request.cookies.get(cookie_name(COOKIE, current_settings()), "")
    return given if len(given) == 64 and given.isascii() else ""
