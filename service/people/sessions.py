"""Signed-in browsers: opened, found by the token in the cookie, listed, revoked.

The browser holds 256 random bits; the table holds their SHA-256, so that a copy of the
database opens no session.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import NotFound
from runtime.questions import Question, asked
from service.models import SignInSession, User
from service.people.events import NewBrowser

TOUCH_EVERY = timedelta(minutes=5)
"""How exact "last seen" is; a visit within this time writes nothing."""
DEVICE_LENGTH = 200
PASSWORD, CODE, PASSKEY = "password", "code", "passkey"
"""What opens a session."""
HALF_WAY = timedelta(minutes=15)
"""So long one of the utility's own people may take from the first step to the second."""


@dataclass(frozen=True)
class Lifetime:
    """A session ends `idle` after the last visit, and in any case `whole` after its start.

    That of the utility's own people ends `staff_idle` after the last visit, or after what
    `role_idle` says of their role.
    """

    idle: timedelta
    whole: timedelta
    staff_idle: timedelta = timedelta(minutes=30)
    role_idle: Mapping[str, timedelta] = field(default_factory=dict)

    def idle_of(self, role: str | None) -> timedelta:
        """How long somebody of this role may be away."""
        return self.idle if role is None else self.role_idle.get(role, self.staff_idle)


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
    first_step: str | None = None
    two_steps_at: datetime | None = None

    @property
    def half_way(self) -> bool:
        """Whether the second step of one of the utility's own people is still owed."""
        return self.staff_role is not None and self.two_steps_at is None


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
        SignInSession.first_step,
        SignInSession.two_steps_at,
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
    session: Session,
    user: User,
    *,
    device: str,
    address: str,
    lifetime: Lifetime,
    shown: Collection[str] = (),
    browser: str = "",
) -> str:
    """Begin a session; returns the token for the cookie, which is stored nowhere.

    A `browser` that was never this user's, of whom another is known, is told of (NewBrowser).

    `shown` is what the person has shown, in order. A passkey, or two of the others, let the
    utility's own people in; one alone only as far as the second step.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    whole = PASSKEY in shown or len(set(shown)) > 1
    life = lifetime.whole if whole or user.staff_role is None else HALF_WAY
    is_new = bool(browser) and _is_new(session, user.id, _digest(browser))
    opened = SignInSession(
        token_sha256=_digest(token),
        user_id=user.id,
        device=device[:DEVICE_LENGTH],
        browser_sha256=_digest(browser) if browser else None,
        address=address,
        created_at=now,
        last_seen_at=now,
        expires_at=now + life,
        first_step=next(iter(shown), None),
        two_steps_at=now if whole else None,
    )
    session.add(opened)
    session.flush()
    if is_new:
        events.publish(session, NewBrowser(user.id, opened.id, opened.device, now))
    return token


def _is_new(session: Session, user_id: int, browser: bytes) -> bool:
    """Whether the user has come from browsers that are known, and never from this one."""
    known = select(
        func.count(SignInSession.id), func.bool_or(SignInSession.browser_sha256 == browser)
    ).where(SignInSession.user_id == user_id, SignInSession.browser_sha256.is_not(None))
    sessions, this_one = session.execute(known).one()
    return sessions > 0 and not this_one


def find_signed_in(session: Session, token: str, lifetime: Lifetime) -> SignedIn | None:
    """Who holds `token`; None when it is unknown, revoked, expired, long unused, or half way."""
    found = _find(session, token, lifetime)
    return None if found is None or found.half_way else found


def find_half_way(session: Session, token: str, lifetime: Lifetime) -> SignedIn | None:
    """Who of the utility's own people has shown one thing and is to show another."""
    found = _find(session, token, lifetime)
    return found if found and found.half_way and found.first_step else None


def end(session: Session, token: str) -> None:
    """End the session of this token, if there is one."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_sha256 == _digest(token), SignInSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


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


def _find(session: Session, token: str, lifetime: Lifetime) -> SignedIn | None:
    now = clock.now()
    row = _SIGNED_IN.ask_one(session, token=_digest(token), now=now, idle_since=now - lifetime.idle)
    found = SignedIn(*row) if row else None
    away = found is not None and now - found.last_seen_at >= lifetime.idle_of(found.staff_role)
    return None if away else found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
