"""The run of a day: from bills to notices, a piece of the accounts in a transaction.

Notices are written down with the piece that they are of, so whatever kills a run, nobody is told
twice and nobody is left out: the next one goes on behind the last piece.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Date, String, Subquery, case, func, literal, null, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications import audience, notices
from notifications.arrears import choosing, pausing
from notifications.arrears.choosing import CHOSEN
from notifications.arrears.ladder import CALL, FORMAL, HELPER, Ladder, Step, falling, ladder
from notifications.arrears.models import DONE, PAUSED, RUNNING, ReminderRun
from notifications.models import Notice
from runtime import clock
from runtime.database import Database
from runtime.logs import get_logger

PIECE = 100_000
"""Bills that are due in one transaction: some seconds' work, and each piece reads links anew."""
MEMORY = "64MB"
"""So much the server may use for a sort or a hash of the run, so that none goes to its disk."""

_log = get_logger(__name__)


def run(database: Database, day: date, *, piece: int = PIECE) -> ReminderRun:
    """Make the reminders of a civil day; one that is done does nothing any more.

    While reminders are paused it only notes that they are. Nobody waits for the disk: a piece that
    a crash of the server loses is lost with its mark, and made again.
    """
    while True:
        with database.unit_of_work() as session:
            session.execute(text("SET LOCAL statement_timeout = '10min'"))
            session.execute(text(f"SET LOCAL work_mem = '{MEMORY}'"))
            session.execute(text("SET LOCAL synchronous_commit = off"))
            found = go_on(session, ladder(), day, piece)
        if found.state != RUNNING:
            _log.info("reminders_made", day=str(day), state=found.state, notices=found.notices)
            return found


def go_on(session: Session, known: Ladder, day: date, piece: int) -> ReminderRun:
    """Make one piece more of a day's reminders, or find that there is none."""
    found = _locked(session, known, day)
    if found.state == DONE:
        return found
    if pausing.is_paused(session):
        found.state = PAUSED
        return found
    found.state = RUNNING
    steps = falling(known, day, found.since)
    until = choosing.last_of_piece(session, steps, found.reached, piece) if steps else None
    if steps:
        _make(session, known, found, steps, until)
    if until is None:
        _finish(session, found)
    else:
        found.reached = until
    return found


def _locked(session: Session, known: Ladder, day: date) -> ReminderRun:
    """The run of the day under lock; a new one makes up for days before it that had none."""
    values = {
        "day": day,
        "since": _since(session, known, day),
        "state": RUNNING,
        "counts": {},
        "above_id": select(func.coalesce(func.max(Notice.id), 0)).scalar_subquery(),
        "started_at": clock.now(),
    }
    session.execute(insert(ReminderRun).values(values).on_conflict_do_nothing())
    return session.scalars(
        select(ReminderRun)
        .where(ReminderRun.day == day)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _since(session: Session, known: Ladder, day: date) -> date:
    """The last day whose reminders were made; long ago, or never: only so far back."""
    last = session.scalar(
        select(func.max(ReminderRun.day)).where(ReminderRun.day < day, ReminderRun.state == DONE)
    )
    yesterday = day - timedelta(days=1)
    return yesterday if last is None else max(last, day - timedelta(days=known.catch_up_days))


def _make(
    session: Session, known: Ladder, found: ReminderRun, steps: Sequence[Step], until: str | None
) -> None:
    """Write down the notices of a piece, and count its accounts."""
    choosing.choose(session, known, steps, found.day, found.reached, until)
    counts = {name: Counter(of) for name, of in found.counts.items()}
    for class_name, kind, accounts in session.execute(choosing.counted(CHOSEN)):
        counts.setdefault(class_name, Counter())[kind] += accounts
    found.counts = {name: dict(of) for name, of in counts.items()}
    found.notices += sum(_tell(session, each) for each in _tellings(session, found.day))
    found.pieces += 1
    choosing.forget(session)


@dataclass(frozen=True)
class Telling:
    """Notices that have all in common but whom they are for."""

    rung: str
    kind: str
    params: dict[str, str]
    not_before: datetime
    whom: Subquery


def _tellings(session: Session, day: date) -> Iterator[Telling]:
    """What is to be told of the accounts chosen: each rung, its calls and copies."""
    until = case((CHOSEN.c.is_late, null()), else_=CHOSEN.c.due).cast(Date).label("until")
    flags = CHOSEN.c.helpers, CHOSEN.c.call
    groups = session.execute(select(CHOSEN.c.kind, CHOSEN.c.hour, until, *flags).distinct())
    for kind, hour, due, helpers, call in sorted(groups, key=lambda each: str(tuple(each))):
        same = [CHOSEN.c.kind == kind, CHOSEN.c.hour == hour]
        same += [CHOSEN.c.helpers.is_(helpers), CHOSEN.c.call.is_(call)]
        same += [] if due is None else [CHOSEN.c.due == due]
        at = clock.civil_midnight(day) + timedelta(hours=hour)
        params = {} if due is None else {"due": due.isoformat()}
        beside = params | {"rung": kind}
        yield Telling(kind, kind, params, at, audience.payers(_accounts(kind, same)))
        if helpers:
            yield Telling(kind, HELPER, beside, at, audience.helpers(_accounts(kind, same, HELPER)))
        if call:
            yield Telling(kind, CALL, beside, at, audience.elders(_accounts(kind, same, CALL)))


def _accounts(kind: str, same: Sequence[object], beside: str = "") -> Subquery:
    """The accounts with the key of their notice: the rung, the account, the oldest due day."""
    first = f"{beside}:{kind}:" if beside else f"{kind}:"
    day = func.to_char(CHOSEN.c.due, literal("YYYY-MM-DD", literal_execute=True), type_=String)
    key = literal(first, String) + CHOSEN.c.account_no + literal(":", String) + day
    query = select(key.label("key"), CHOSEN.c.account_no)
    for each in same:
        query = query.where(each)  # type: ignore[arg-type]
    return query.subquery()


def _tell(session: Session, each: Telling) -> int:
    """What the law asks for is told even where it was taken back, or came too late, before."""
    return notices.tell_all(
        session,
        each.kind,
        each.whom,
        params=each.params,
        not_before=each.not_before,
        again=each.rung == FORMAL,
    )


def _finish(session: Session, found: ReminderRun) -> None:
    found.state, found.finished_at = DONE, clock.now()
    found.last_id = session.scalar(select(func.coalesce(func.max(Notice.id), 0)))
