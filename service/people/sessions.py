"""Signed-in browsers: opened, found by the token in the cookie, listed, revoked.

The browser holds 256 random bits; the table holds their SHA-256, so that a copy of the
database opens no session.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from runtime.questions import Question, asked
from service.models import SignInSession, User

TOUCH_EVERY = timedelta(minutes=5)
"""How exact "last seen" is; a visit within this time writes nothing."""
DEVICE_LENGTH = 200


@dataclass(frozen=True)
class Lifetime:
    """A session ends `idle` after the last visit, and in any case `whole` after its start."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True)
class SignedIn:
    """Who sits at a browser, as its session says."""

    session_id: int
    user_id: int
    phone: str
    name: str | None
    language: str | None
    theme: str
    elder_mode: bool
    staff_role: str | None
    last_seen_at: datetime


@dataclass(frozen=True)
class Browser:
    """A signed-in browser in the list that its owner sees."""

    session_id: int
    device: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


_SIGNED_IN = Question(
    select(
        SignInSession.id,
        User.id,
        User.phone,
        User.name,
        User.language,
        User.theme,
        User.elder_mode,
        User.staff_role,
        SignInSession.last_seen_at,
    )
    .join(User, User.id == SignInSession.user_id)
    .where(
        SignInSession.token_sha256 == asked("token"),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > asked("now"),
        SignInSession.last_seen_at > asked("idle_since"),
        User.disabled_at.is_(None),
    )
)


def open_session(
    session: Session, user: User, *, device: str, address: str, lifetime: Lifetime
) -> str:
    """Begin a session; returns the token for the cookie, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        SignInSession(
            token_sha256=_digest(token),
            user_id=user.id,
            device=device[:DEVICE_LENGTH],
            address=address,
            created_at=now,
            last_seen_at=now,
            expires_at=now + lifetime.whole,
        )
    )
    session.flush()
    return token


def find_signed_in(session: Session, token: str, lifetime: Lifetime) -> SignedIn | None:
    """Who holds `token`; None when it is unknown, revoked, expired or long unused."""
    now = clock.now()
    row = _SIGNED_IN.ask_one(session, token=_digest(token), now=now, idle_since=now - lifetime.idle)
    return SignedIn(*row) if row else None


def needs_touch(signed_in: SignedIn) -> bool:
    """Whether "last seen" is old enough to be written again."""
    return clock.now() - signed_in.last_seen_at >= TOUCH_EVERY


def touch(session: Session, session_id: int) -> None:
    """Remember that the browser was here just now."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=clock.now())
    )


def list_browsers(
    session: Session, user_id: int, current: int, lifetime: Lifetime
) -> list[Browser]:
    """The user's live sessions, the present one first, then by last visit."""
    now = clock.now()
    found = session.scalars(
        select(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.last_seen_at > now - lifetime.idle,
        )
        .order_by((SignInSession.id == current).desc(), SignInSession.last_seen_at.desc())
    )
    return [
        Browser(s.id, s.device, s.address, s.created_at, s.last_seen_at, s.id == current)
        for s in found
    ]


def revoke(session: Session, user_id: int, session_id: int) -> None:
    """End one of the user's own sessions. Raises NotFound for anybody else's."""
    ended = session.execute(
        update(SignInSession)
        .where(
            SignInSession.id == session_id,
            SignInSession.user_id == user_id,
            SignInSession.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(SignInSession.id)
    )
    if ended.one_or_none() is None:
        raise NotFound("session.not_found")


def revoke_others(session: Session, user_id: int, keep: int | None) -> int:
    """End all of the user's sessions but `keep`; returns how many."""
    ended = session.execute(
        update(SignInSession)
        .where(
            SignInSession.user_id == user_id,
            SignInSession.revoked_at.is_(None),
            SignInSession.id.is_distinct_from(keep),
        )
        .values(revoked_at=clock.now())
        .returning(SignInSession.id)
    )
    return len(ended.all())


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
