"""Limits on tries, counted in the transaction that acts on them.

A try is counted where it fails, under a lock on its subject, so that tries at the same moment
cannot slip through side by side. When the count cannot be read there is no answer: the limit
fails closed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import Refused, TooManyTries
from service.models import Attempt
from service.people import networks


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


SIGN_IN_HERE = Limit("sign_in.here", 8, timedelta(minutes=15), "sign_in.locked")
SIGN_IN_PHONE = Limit("sign_in.phone", 40, timedelta(hours=1), "sign_in.locked")
SIGN_IN_ADDRESS = Limit("sign_in.address", 60, timedelta(minutes=15), "network.locked", exact=False)
CODE_HERE = Limit("code.here", 10, timedelta(days=1), "code.too_many")
CODE_PHONE = Limit("code.phone", 30, timedelta(days=1), "code.too_many")
CODE_ADDRESS = Limit("code.address", 60, timedelta(hours=1), "network.locked", exact=False)
PASSWORD_CHANGE = Limit("password.user", 8, timedelta(minutes=15), "password.locked")
SECOND_STEP = Limit("second.user", 10, timedelta(hours=1), "second.locked")
STAFF_CODES = Limit("code.staff", 40, timedelta(days=1), "second.codes_spent")
PASSKEY_ADDRESS = Limit(
    "passkey.address", 600, timedelta(minutes=15), "network.locked", exact=False
)
CONFIRM_USER = Limit("confirm.user", 10, timedelta(hours=1), "confirmation.locked")
WHERE_USER = Limit("where.user", 20, timedelta(minutes=10), "where.too_often")
BIND_USER = Limit("bind.user", 8, timedelta(hours=1), "binding.too_many")
BIND_ACCOUNT = Limit("bind.account", 10, timedelta(days=1), "binding.too_many")


@dataclass(frozen=True)
class PhoneLimit:
    """A limit on what is tried with one phone, kept so that strangers cannot use it up.

    `here` counts the tries from one network. `overall` counts them from everywhere, and holds
    for networks from which the owner has never signed in: however many of those there are,
    at home the owner still gets in.
    """

    here: Limit
    overall: Limit

    def require(self, session: Session, phone: str, address: str) -> int:
        """How many tries are left. Raises TooManyTries with the time of the next one."""
        left = require(session, self.here, _from_here(phone, address))
        if networks.is_familiar(session, phone, address):
            return left
        return min(left, require(session, self.overall, phone))

    def count(self, session: Session, phone: str, address: str) -> None:
        """Count a try."""
        count(session, self.here, _from_here(phone, address))
        count(session, self.overall, phone)

    def forget_here(self, session: Session, phone: str, address: str) -> None:
        """Start anew after a success from this network; what others tried stays counted."""
        forget(session, self.here, _from_here(phone, address))


SIGN_IN = PhoneLimit(SIGN_IN_HERE, SIGN_IN_PHONE)
CODES = PhoneLimit(CODE_HERE, CODE_PHONE)


def require(session: Session, limit: Limit, subject: str) -> int:
    """How many tries are left. Raises TooManyTries with the time of the next one."""
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
    return limit.most - int(used)


def count(session: Session, limit: Limit, subject: str) -> None:
    """Count a try that failed, or that is limited whether it fails or not."""
    session.add(Attempt(kind=limit.kind, subject=_key(limit, subject), at=clock.now()))
    session.flush()


def take(session: Session, limit: Limit, subject: str) -> None:
    """Count a try that is limited whether it fails or not. Raises TooManyTries."""
    require(session, limit, subject)
    count(session, limit, subject)


@contextmanager
def counting(session: Session, limit: Limit, subject: str) -> Iterator[None]:
    """What is tried inside is counted when it is refused. Raises TooManyTries before it begins."""
    require(session, limit, subject)
    try:
        yield
    except Refused:
        count(session, limit, subject)
        raise


def forget(session: Session, limit: Limit, subject: str) -> None:
    """Start anew after a success."""
    session.execute(
        delete(Attempt).where(Attempt.kind == limit.kind, Attempt.subject == _key(limit, subject))
    )


def take_back(session: Session, limit: Limit, subject: str) -> None:
    """Uncount the newest try, which has turned out to be none; all before it stay counted."""
    newest = (
        select(func.max(Attempt.id))
        .where(Attempt.kind == limit.kind, Attempt.subject == _key(limit, subject))
        .scalar_subquery()
    )
    session.execute(delete(Attempt).where(Attempt.id == newest))


def _from_here(phone: str, address: str) -> str:
    return f"{phone} {networks.network(address)}"


def _key(limit: Limit, subject: str) -> bytes:
    return blind_index(subject, f"attempt.{limit.kind}")


_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
