"""Random bytes that a passkey is to sign: kept here, used once, within five minutes.

Each is bound to a purpose, to a person where one is known, and to a subject: the browser that
asked, or what is confirmed. An answer given for something else finds nothing.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused
from service.people.models import PasskeyChallenge

REGISTER, SIGN_IN, CONFIRM = "register", "sign_in", "confirm"

LIFE = timedelta(minutes=5)


def issue(session: Session, purpose: str, user_id: int | None, subject: str) -> bytes:
    """Ask a new question: 32 random bytes."""
    challenge = secrets.token_bytes(32)
    session.add(
        PasskeyChallenge(
            challenge=challenge,
            purpose=purpose,
            user_id=user_id,
            subject=_digest(subject),
            expires_at=clock.now() + LIFE,
        )
    )
    session.flush()
    return challenge


def spend(
    session: Session, purpose: str, user_id: int | None, subject: str, challenge: bytes
) -> None:
    """Use a challenge up, whatever becomes of the answer. Raises Refused("passkey.expired")."""
    now = clock.now()
    spent = session.execute(
        update(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge == challenge,
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.user_id.is_not_distinct_from(user_id),
            PasskeyChallenge.subject == _digest(subject),
            PasskeyChallenge.used_at.is_(None),
            PasskeyChallenge.expires_at > now,
        )
        .values(used_at=now)
        .returning(PasskeyChallenge.id)
    )
    if spent.one_or_none() is None:
        raise Refused("passkey.expired")


def _digest(subject: str) -> bytes:
    return hashlib.sha256(subject.encode()).digest()
