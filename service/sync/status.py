"""How far the copy is behind the core, for pages ("data as of"), figures and the operator."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import clock, metrics
from runtime.questions import Question
from service.models import PoisonedChange, SyncCursor

_behind = metrics.gauge(
    "denghuo_sync_behind_seconds", "How old the copy of the core's data is", ["source"]
)
_waiting = metrics.gauge(
    "denghuo_sync_waiting_changes", "Changes known to the source and not yet stored", ["source"]
)
_poisoned = metrics.gauge("denghuo_sync_poisoned_changes", "Changes set aside and not yet resolved")


@dataclass(frozen=True)
class SyncStatus:
    """Where the copy stands. `as_of` is the time up to which it holds all that the core knew.

    Before the first sync `as_of` and `behind_seconds` are None.
    """

    source: str | None
    as_of: datetime | None
    behind_seconds: float | None
    checked_at: datetime | None
    waiting: int
    poisoned: int


def sync_status(session: Session) -> SyncStatus:
    """The state of the source that was read last."""
    poisoned = session.scalar(select(func.count()).where(PoisonedChange.resolved_at.is_(None)))
    cursor = session.scalar(
        select(SyncCursor).order_by(SyncCursor.checked_at.desc().nulls_last()).limit(1)
    )
    if cursor is None:
        return SyncStatus(None, None, None, None, 0, poisoned or 0)
    as_of = _as_of(cursor)
    return SyncStatus(
        source=cursor.source,
        as_of=as_of,
        behind_seconds=(clock.now() - as_of).total_seconds() if as_of else None,
        checked_at=cursor.checked_at,
        waiting=cursor.waiting,
        poisoned=poisoned or 0,
    )


def data_as_of(session: Session) -> datetime | None:
    """`as_of` of the source that was read last, for pages; None before the first sync."""
    row = _READ_LAST.ask_one(session)
    return _latest(*row) if row else None


def show_in_figures(status: SyncStatus) -> None:
    """Set the gauges to a state that was just read."""
    _poisoned.set(status.poisoned)
    if status.source is not None and status.behind_seconds is not None:
        _behind.labels(status.source).set(status.behind_seconds)
        _waiting.labels(status.source).set(status.waiting)


def _as_of(cursor: SyncCursor) -> datetime | None:
    return _latest(cursor.core_at, cursor.caught_up_at)


def _latest(core_at: datetime | None, caught_up_at: datetime | None) -> datetime | None:
    """When the source had nothing more for us, all it knew was here; else go by its own stamps."""
    return max((at for at in (core_at, caught_up_at) if at is not None), default=None)


_READ_LAST = Question(
    select(SyncCursor.core_at, SyncCursor.caught_up_at)
    .order_by(SyncCursor.checked_at.desc().nulls_last())
    .limit(1)
)
