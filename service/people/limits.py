"""Limits on tries, counted in the transaction that acts on them.

A try is counted where it fails, under a lock on its subject, so that tries at the same moment
cannot slip through side by side. When the count cannot be read there is no answer: the limit
fails closed.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import TooManyTries
from service.models import Attempt


@dataclass(frozen=True)
class Limit:
    """At most `most` tries of `kind` for one subject within `window`; `code` names the refusal.

    An `exact` limit locks its subject until the transaction ends. One on a network address,
    which thousands may share, is not exact: it may let a few more through that come at once.
    """

    kind: str
    most: int
    window: timedelta
    code: str
    exact: bool = True


SIGN_IN_PHONE = Limit("sign_in.phone", 8, timedelta(minutes=15), "sign_in.locked")
SIGN_IN_ADDRESS = Limit("sign_in.address", 60, timedelta(minutes=15), "sign_in.locked", exact=False)
CODE_PHONE = Limit("code.phone", 10, timedelta(days=1), "code.too_many")
CODE_ADDRESS = Limit("code.address", 60, timedelta(hours=1), "code.too_many", exact=False)
PASSWORD_CHANGE = Limit("password.user", 8, timedelta(minutes=15), "sign_in.locked")
BIND_USER = Limit("bind.user", 8, timedelta(hours=1), "binding.too_many")
BIND_ACCOUNT = Limit("bind.account", 10, timedelta(days=1), "binding.too_many")


def require(session: Session, limit: Limit, subject: str) -> None:
    """Go on only if a try is left. Raises TooManyTries with the time of the next one."""
    key = _key(limit, subject)
    if limit.exact:
        session.execute(_LOCK, {"key": int.from_bytes(key[:8], signed=True)})
    since = clock.now() - limit.window
    used, oldest = session.execute(
        select(func.count(), func.min(Attempt.at)).where(
            Attempt.kind == limit.kind, Attempt.subject == key, Attempt.at > since
        )
    ).one()
    if used >= limit.most:
        raise TooManyTries(limit.code, retry_at=oldest + limit.window)


def count(session: Session, limit: Limit, subject: str) -> None:
    """Count a try that failed, or that is limited whether it fails or not."""
    session.add(Attempt(kind=limit.kind, subject=_key(limit, subject), at=clock.now()))
    session.flush()


def forget(session: Session, limit: Limit, subject: str) -> None:
    """Start anew after a success."""
    session.execute(
        delete(Attempt).where(Attempt.kind == limit.kind, Attempt.subject == _key(limit, subject))
    )


def _key(limit: Limit, subject: str) -> bytes:
    return blind_index(subject, f"attempt.{limit.kind}")


_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
