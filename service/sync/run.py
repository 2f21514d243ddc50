"""The run of a sync: fetch, store and move on, until the source has nothing more.

Rows and cursor move in one transaction, so a process that is killed has stored a batch with its
cursor or not at all. While the database stores a batch, the next is fetched and read: what was read
ahead of a batch that fails is dropped. No transaction waits for the source. One run at a time works
on a source; the lock goes with the connection, so that it never outlives its process.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import count
from time import perf_counter

import msgspec
import psycopg
from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from runtime import clock, metrics
from runtime.database import Database
from runtime.errors import Unavailable
from runtime.logs import get_logger
from service.models import PoisonedChange, SyncCursor
from service.sync.kinds import KINDS
from service.sync.reading import Poisoned, Reading, Ready, read
from service.sync.sources import Batch, ChangeSource
from service.sync.storing import store

LOCK_SPACE = 0x0DE65
"""First key of the advisory lock of a source; the second is the hash of its name."""
LOCK_SECONDS = 20
STORE_SECONDS = 120
LONGEST_KIND = 24
TURN_SECONDS = 0.0005
_USUAL_TURN_SECONDS = sys.getswitchinterval()

_log = get_logger(__name__)
_changes = metrics.counter(
    "denghuo_sync_changes_total", "Changes read from the core", ["source", "outcome"]
)
_seconds = metrics.histogram(
    "denghuo_sync_batch_seconds", "Time to read and store a batch of changes", ["source"]
)


@dataclass
class Outcome:
    """What a run did: rows stored by kind, changes set aside, and whether the source is empty."""

    stored: Counter[str] = field(default_factory=Counter)
    poisoned: int = 0
    skipped: int = 0
    caught_up: bool = False

    @property
    def rows(self) -> int:
        return self.stored.total()

    def add(self, batch: "Outcome") -> None:
        """Count what a further batch did."""
        self.stored += batch.stored
        self.poisoned += batch.poisoned
        self.skipped += batch.skipped
        self.caught_up = batch.caught_up


@dataclass(frozen=True)
class Fetched:
    """A batch, read and ready to be stored, with the position it was asked from and when."""

    asked_from: str
    asked_at: datetime
    batch: Batch
    reading: Reading


def run(database: Database, source: ChangeSource, *, batches: int | None = None) -> Outcome:
    """Bring the copy up to date, or `batches` batches further.

    Raises Unavailable when the source does not answer or another run keeps on working; what was
    stored until then stays.
    """
    outcome = Outcome()
    with _alone(database, source.name), _short_turns():
        position = _position(database, source.name)
        for fetched in _fetched_ahead(source, position, batches):
            outcome.add(_store_batch(database, source.name, fetched))
    return outcome


def apply(session: Session, source: str, reading: Reading) -> Outcome:
    """Store changes in the caller's transaction, and set aside what cannot be stored."""
    outcome = Outcome(skipped=reading.skipped)
    poisoned = reading.poisoned + _store(session, reading, outcome)
    outcome.poisoned = len(poisoned)
    _set_aside(session, source, poisoned)
    return outcome


def retry(database: Database, source: str) -> tuple[int, int]:
    """Try once more what was set aside, the oldest first: how many came in, how many did not."""
    with _alone(database, source), database.unit_of_work() as session:
        waiting = session.scalars(
            select(PoisonedChange)
            .where(PoisonedChange.source == source, PoisonedChange.resolved_at.is_(None))
            .order_by(PoisonedChange.id)
        ).all()
        came_in = sum(_try_again(session, change) for change in waiting)
    return came_in, len(waiting) - came_in


def _position(database: Database, source: str) -> str:
    with database.unit_of_work() as session:
        return session.scalar(_position_of(source)) or ""


def _fetched_ahead(source: ChangeSource, position: str, most: int | None) -> Iterator[Fetched]:
    """Up to `most` batches; each is given out when the one after it is already on its way."""
    with ThreadPoolExecutor(1, "sync-ahead") as ahead:
        coming = ahead.submit(_fetch, source, position)
        for number in count(1):
            fetched = coming.result()
            is_last = fetched.batch.waiting == 0 or number == most
            if not is_last:
                coming = ahead.submit(_fetch, source, fetched.batch.position)
            yield fetched
            if is_last:
                return


def _fetch(source: ChangeSource, position: str) -> Fetched:
    asked_at = clock.now()
    batch = source.fetch(position)
    return Fetched(position, asked_at, batch, read(batch.lines))


def _store_batch(database: Database, source: str, fetched: Fetched) -> Outcome:
    started = perf_counter()
    with database.unit_of_work() as session:
        outcome = advance(session, source, fetched)
    _seconds.labels(source).observe(perf_counter() - started)
    _changes.labels(source, "stored").inc(outcome.rows)
    _changes.labels(source, "set_aside").inc(outcome.poisoned)
    _changes.labels(source, "skipped").inc(outcome.skipped)
    return outcome


def advance(session: Session, source: str, fetched: Fetched) -> Outcome:
    """Store a batch and move the cursor.

    Raises Unavailable when the cursor no longer stands where the batch was asked from.
    """
    session.execute(text(f"SET LOCAL statement_timeout = '{STORE_SECONDS}s'"))
    session.execute(insert(SyncCursor).values(source=source).on_conflict_do_nothing())
    cursor = session.execute(_cursor_of(source)).scalar_one()
    if cursor.position != fetched.asked_from:
        raise Unavailable("sync.busy", source=source)
    outcome = apply(session, source, fetched.reading)
    outcome.caught_up = fetched.batch.waiting == 0
    cursor.position, cursor.waiting = fetched.batch.position, fetched.batch.waiting
    cursor.core_at = fetched.reading.latest_at or cursor.core_at
    cursor.checked_at = fetched.asked_at
    if outcome.caught_up:
        cursor.caught_up_at = fetched.asked_at
    return outcome


def _store(session: Session, reading: Reading, outcome: Outcome) -> list[Poisoned]:
    """Store what is ready, kind by kind; gives what the database refused."""
    refused: list[Poisoned] = []
    for kind in KINDS:
        if rows := reading.ready.get(kind):
            stored = store(session, kind, rows)
            outcome.stored[kind] += stored.rows
            refused += [
                Poisoned(ready.seq, kind, _line_of(kind, ready, reading.latest_at), reason)
                for ready, reason in stored.refused
            ]
    return refused


def _line_of(kind: str, ready: Ready, at: datetime | None) -> str:
    """The change as a line of the feed, as it can be tried again."""
    line = {"seq": ready.seq, "kind": kind, "at": at, "data": ready.row}
    return msgspec.json.encode(line).decode()


def _set_aside(session: Session, source: str, poisoned: list[Poisoned]) -> None:
    for change in poisoned:
        _log.warning(
            "change_set_aside",
            source=source,
            seq=change.seq,
            kind=change.kind,
            reason=change.reason,
        )
        session.execute(
            insert(PoisonedChange)
            .values(
                source=source,
                position=_name_of(change),
                kind=change.kind[:LONGEST_KIND],
                payload=change.payload.replace("\0", "\ufffd"),
                reason=change.reason,
            )
            .on_conflict_do_nothing()
        )


def _name_of(change: Poisoned) -> str:
    """The number of a change; the fingerprint of a line that has none to be read."""
    if change.seq is not None:
        return str(change.seq)
    return sha256(change.payload.encode()).hexdigest()


def _try_again(session: Session, change: PoisonedChange) -> bool:
    reading = read(change.payload.encode())
    refused = reading.poisoned + _store(session, reading, Outcome())
    if refused:
        change.reason = refused[0].reason
    else:
        change.resolved_at = clock.now()
    return not refused


def _position_of(source: str) -> Select[str]:
    return select(SyncCursor.position).where(SyncCursor.source == source)


def _cursor_of(source: str) -> Select[SyncCursor]:
    return select(SyncCursor).where(SyncCursor.source == source).with_for_update()


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let threads take turns often.

    Whoever hands rows to the database needs the interpreter for an instant, dozens of times a
    batch; at the usual length of a turn it would wait for the reading thread longer than it works.
    """
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(_USUAL_TURN_SECONDS)


@contextmanager
def _alone(database: Database, source: str) -> Iterator[None]:
    """Hold the lock of a source; waits a while for another run. Raises Unavailable."""
    with database.engine.connect() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        try:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:space, hashtext(:source))"),
                {"space": LOCK_SPACE, "source": source},
            )
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise Unavailable("sync.busy", source=source) from error
            raise
        yield
