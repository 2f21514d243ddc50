"""The second step of the utility's own people: whatever of password and phone is not yet shown.

What opens every customer's data is not to hang on one thing that can be guessed, or on one phone
that can be lost. Whoever came by a passkey has shown a device and a finger, face or PIN, and owes
nothing more. Until the second step a session is nobody's (`sessions.find_signed_in`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from runtime.errors import Refused
from runtime.logs import get_logger
from service.people import codes, limits, passwords, proof, users
from service.people.sessions import CODE, PASSWORD, SignedIn
from service.people.sign_in import From, enter

OWED = {PASSWORD: CODE, CODE: PASSWORD}
"""What is still to be shown after the first step."""

_log = get_logger(__name__)


def send_code(session: Session, half_way: SignedIn, language: str) -> None:
    """Send a code to the person's own phone. Raises as `codes.send_to_known`, and `_require`."""
    _require(half_way, CODE)
    codes.send_to_known(session, codes.STAFF, half_way.phone, limits.STAFF_CODES, language=language)


def by_code(session: Session, half_way: SignedIn, code: str, origin: From) -> str:
    """The token of a whole session for who came by password and has read the code.

    Raises Refused("second.other") for who came by code, the refusals of `proof.require_code`,
    and TooManyTries: ten wrong tries an hour for one person, in whichever way.
    """
    _require(half_way, CODE)
    with _tries(session, half_way):
        proof.require_code(session, codes.STAFF, half_way.phone, code, origin.address)
    return enter(session, users.get_user(session, half_way.user_id), origin, PASSWORD, CODE)


def by_password(session: Session, half_way: SignedIn, password: str, origin: From) -> str:
    """The token of a whole session for who came by code and knows the password.

    Raises Refused("second.other") for who came by password, Refused("second.wrong"), and
    TooManyTries as `by_code`. Somebody without a password has nothing to show.
    """
    _require(half_way, PASSWORD)
    user = users.get_user(session, half_way.user_id)
    with _tries(session, half_way):
        if not passwords.verify_password(user.password_hash, password):
            raise Refused("second.wrong")
    return enter(session, user, origin, CODE, PASSWORD)


def _require(half_way: SignedIn, way: str) -> None:
    """Raises Refused("second.other") when that is what they came by: it proves nothing more."""
    if OWED.get(half_way.first_step or "") != way:
        raise Refused("second.other")


@contextmanager
def _tries(session: Session, half_way: SignedIn) -> Iterator[None]:
    """Tries of one person are limited from wherever they come: they have shown one thing."""
    try:
        with limits.counting(session, limits.SECOND_STEP, str(half_way.user_id)):
            yield
    except Refused as refusal:
        _log.warning("second_step_refused", user=half_way.user_id, reason=refusal.code)
        raise
