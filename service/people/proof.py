"""Fresh proof: whoever is signed in shows once more that it is they, by password or by code.

A browser left open is no proof. What changes how a person gets in, or what they are asked
before large payments, wants one that is minutes old.
"""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Forbidden, Refused
from service.models import SignInSession, User
from service.people import codes, limits, passwords, users
from service.people.networks import network

FRESH = timedelta(minutes=5)
FEW = 3
"""From so many on, the tries that are left are told."""


def is_fresh(session: Session, session_id: int) -> bool:
    """Whether the person at this browser has shown minutes ago that it is they."""
    proved_at = session.scalar(
        select(SignInSession.proved_at).where(SignInSession.id == session_id)
    )
    return proved_at is not None and clock.now() - proved_at < FRESH


def require_fresh(session: Session, session_id: int) -> None:
    """Raises Forbidden("proof.needed")."""
    if not is_fresh(session, session_id):
        raise Forbidden("proof.needed")


def prove_by_password(session: Session, user_id: int, session_id: int, password: str) -> None:
    """Remember that the person gave their password just now. Raises as `require_password`."""
    require_password(session, users.get_user(session, user_id), password)
    _remember(session, session_id)


def send_code(session: Session, user_id: int, *, address: str, language: str) -> None:
    """Send a code to the user's own phone. Raises as `codes.send_code`."""
    phone = users.get_user(session, user_id).phone
    codes.send_code(session, codes.PROVE, phone, subject=phone, address=address, language=language)


def prove_by_code(
    session: Session, user_id: int, session_id: int, code: str, *, address: str
) -> None:
    """Remember that the person read a code from their phone just now. Raises as `require_code`."""
    require_code(session, codes.PROVE, users.get_user(session, user_id).phone, code, address)
    _remember(session, session_id)


def require_password(session: Session, user: User, password: str) -> None:
    """Raises Refused("password.wrong"), "password.wrong_few" (left), and TooManyTries.

    Somebody who has no password has nothing to give, and is refused.
    """
    limits.require(session, limits.PASSWORD_CHANGE, str(user.id))
    if passwords.verify_password(user.password_hash, password):
        limits.forget(session, limits.PASSWORD_CHANGE, str(user.id))
        return
    limits.count(session, limits.PASSWORD_CHANGE, str(user.id))
    left = limits.require(session, limits.PASSWORD_CHANGE, str(user.id))
    raise Refused("password.wrong_few", left=left) if left <= FEW else Refused("password.wrong")


def require_code(session: Session, purpose: str, subject: str, code: str, address: str) -> None:
    """Raises the refusals of `codes.use_code`, and TooManyTries.

    Codes have tries of their own, so a locked password leaves this way open to its owner.
    """
    with limits.counting(session, limits.SIGN_IN_ADDRESS, network(address)):
        codes.use_code(session, purpose, subject, code)


def _remember(session: Session, session_id: int) -> None:
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(proved_at=clock.now())
    )
