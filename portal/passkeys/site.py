"""What all pages with passkeys share: whose they are, which browser asks, how a no is said."""

import secrets
from collections.abc import Callable

from flask import Response, abort, jsonify, session
from flask.typing import ResponseReturnValue

from portal import words
from portal.i18n import utility_name
from portal.settings import current_settings
from runtime.errors import Refused, TooManyTries
from service.people import (
    passkey_wire,  # noqa: F401 - its library is loaded before the first who asks, not meanwhile
    passkeys,
)
from service.people.passkey_parties import Site

_KEY = "browser"


def site() -> Site | None:
    """The site of this portal; None when its address is none that passkeys could belong to."""
    return passkeys.site_at(current_settings().public_url, str(utility_name()))


def needed_site() -> Site:
    """The site; without one the page does not exist."""
    return site() or abort(404)


def browser() -> str:
    """A mark in this browser's signed cookie, to which a sign-in is tied before it is one."""
    return str(session.setdefault(_KEY, secrets.token_urlsafe(16)))


def to_script(make: Callable[[], str]) -> ResponseReturnValue:
    """Options as JSON for the script; a refusal as the sentence that it shows."""
    try:
        return Response(make(), mimetype="application/json")
    except Refused as refusal:
        status = 429 if isinstance(refusal, TooManyTries) else 422
        return jsonify(said=words.refusal(refusal)), status
