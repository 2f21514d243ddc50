"""One-time codes by SMS: six digits, five minutes, one use, five tries, one purpose.

The table holds a keyed hash, so that a copy of the database gives no code away. Only the
newest code of a purpose and subject counts.
"""

import hmac
import math
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.crypto import blind_index
from runtime.errors import Refused
from service.models import OneTimeCode
from service.people import limits
from service.people.events import CodeIssued
from service.people.networks import network
from service.people.typed import plain

SIGN_IN = "sign_in"
SIGN_UP = "sign_up"
BIND = "bind"
PASSWORD = "password"  # noqa: S105 - a purpose, no secret
PROVE = "prove"
PAYMENT = "payment"
STAFF = "staff"
FOLLOW = "follow"

LIFE = timedelta(minutes=5)
PAUSE = timedelta(minutes=1)
"""Time between two codes for the same subject."""
TRIES = 5


def send_code(
    session: Session,
    purpose: str,
    phone: str | None,
    *,
    subject: str,
    address: str,
    language: str,
    details: Mapping[str, str] | None = None,
) -> None:
    """Issue a code for `subject` and have it sent to `phone`.

    `subject` is the phone itself, or what else the code is to prove; `details` are further
    words of the message. Without a phone all goes
    its way, only nothing is sent: whoever asks learns nothing. Raises
    Refused("code.too_soon") and TooManyTries.
    """
    receiver = phone or subject
    limits.require(session, limits.CODE_ADDRESS, network(address))
    limits.CODES.require(session, receiver, address)
    _require_pause(session, purpose, subject)
    limits.count(session, limits.CODE_ADDRESS, network(address))
    limits.CODES.count(session, receiver, address)
    _issue(session, purpose, phone, subject, language, details or {})


def send_to_known(
    session: Session, purpose: str, phone: str, limit: limits.Limit, *, language: str
) -> None:
    """Issue a code to somebody who has shown by something else that they are a person of ours.

    A whole office may ask at eight in the morning: only `limit` counts, for each phone. Raises
    Refused("code.too_soon") and TooManyTries.
    """
    limits.require(session, limit, phone)
    _require_pause(session, purpose, phone)
    limits.count(session, limit, phone)
    _issue(session, purpose, phone, phone, language, {})


def _require_pause(session: Session, purpose: str, subject: str) -> None:
    if wait := seconds_to_wait(session, purpose, subject):
        raise Refused("code.too_soon", seconds=wait)


def _issue(
    session: Session,
    purpose: str,
    phone: str | None,
    subject: str,
    language: str,
    details: Mapping[str, str],
) -> None:
    code, now = f"{secrets.randbelow(1_000_000):06d}", clock.now()
    session.add(
        OneTimeCode(
            purpose=purpose,
            subject=_subject(purpose, subject),
            code_hash=_hash(purpose, subject, code),
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    session.flush()
    if phone is not None:
        until = now + LIFE
        events.publish(session, CodeIssued(phone, code, purpose, language, until, dict(details)))


def use_code(session: Session, purpose: str, subject: str, code: str) -> None:
    """Accept `code` and spend it; a wrong one costs a try.

    Raises Refused: "code.wrong" (left), "code.used_up", "code.expired".
    """
    newest = _newest(session, purpose, subject, lock=True)
    if newest is None or newest.used_at is not None or newest.expires_at <= clock.now():
        raise Refused("code.expired")
    if newest.tries >= TRIES:
        raise Refused("code.used_up")
    if not hmac.compare_digest(newest.code_hash, _hash(purpose, subject, plain(code))):
        newest.tries += 1
        left = TRIES - newest.tries
        raise Refused("code.wrong", left=left) if left else Refused("code.used_up")
    newest.used_at = clock.now()


def seconds_to_wait(session: Session, purpose: str, subject: str) -> int:
    """Whole seconds until another code may be asked for; 0 when that is now."""
    newest = _newest(session, purpose, subject)
    if newest is None or newest.used_at is not None:
        return 0
    left = (newest.created_at + PAUSE - clock.now()).total_seconds()
    return max(0, math.ceil(left))


def _newest(
    session: Session, purpose: str, subject: str, *, lock: bool = False
) -> OneTimeCode | None:
    wanted = (
        select(OneTimeCode)
        .where(OneTimeCode.purpose == purpose, OneTimeCode.subject == _subject(purpose, subject))
        .order_by(OneTimeCode.id.desc())
        .limit(1)
    )
    return session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()


def _subject(purpose: str, subject: str) -> bytes:
    return blind_index(subject, f"code.{purpose}")


def _hash(purpose: str, subject: str, code: str) -> str:
    return blind_index(f"{subject}/{code}", f"code.{purpose}.hash").hex()
