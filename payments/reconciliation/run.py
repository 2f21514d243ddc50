"""One reconciliation of one day: fetch, check, compare, keep, cure.

No connection is held while a gateway or the core is asked. What one source refuses or cannot
give keeps none of the others from being compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, Protocol

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from payments.gateways.base import GatewayError, GatewayRefused
from payments.models import Order
from payments.reconciliation import core_side, cures, gateway_side, keeping, staging
from payments.reconciliation.evidence import RawLines
from payments.reconciliation.gateway_side import Day
from payments.reconciliation.models import StatementRecord
from payments.reconciliation.standing import CHANNELS
from payments.statements.base import Statement, StatementRefused, StatementSource
from payments.statements.fetching import sha256_of
from runtime import clock, metrics
from runtime.database import Database
from runtime.errors import Refused, Unavailable
from runtime.logs import get_logger

CORE = "core"

READY = time(10)
"""WeChat Pay makes yesterday's statement by ten in the morning (page "apply for trade bill" of its
documentation): a gateway that has none before then may have one yet."""

NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes: the statement of a day on which nobody paid."""

IS_WHOLE = "fetched_at >= CAST(day + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai'"
"""A statement that was fetched while its day still went on is only a first look."""

_log = get_logger(__name__)
_statements = metrics.counter(
    "denghuo_statements", "Statements fetched, by what became of them", ["source", "verdict"]
)

Verdict = Literal["taken", "refused", "absent"]


class _Changed(Exception):  # noqa: N818 - an answer, not a fault
    """A statement has other figures than the one of that day that was taken before."""


@dataclass(frozen=True)
class Outcome:
    """What became of one source's day. `found`: new differences by class."""

    day: date
    source: str
    verdict: Verdict
    reason: str | None = None
    found: Mapping[str, int] = field(default_factory=dict)


class SettlementSource(Protocol):
    """The core, as far as it is needed here (`service.core_client.CoreClient`)."""

    def settlement(self, day: date, folder: Path) -> Path:
        """The core's file of a civil day. Raises Unavailable, Refused."""


@dataclass(frozen=True)
class Parties:
    """Whoever has a word about the money, and the folder in which what they say is kept."""

    statements: Mapping[str, StatementSource]
    core: SettlementSource
    folder: Path


def reconcile(database: Database, parties: Parties, day: date) -> list[Outcome]:
    """Compare a civil day three ways. Running it again finds nothing twice."""
    with database.unit_of_work() as session:
        cures.look(session)
    parties.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    outcomes = [
        _gateway(database, source, parties.folder, day) for source in parties.statements.values()
    ]
    outcomes.append(_core(database, parties, day))
    for outcome in outcomes:
        _statements.labels(outcome.source, outcome.verdict).inc()
        _log.info(
            "reconciled",
            source=outcome.source,
            day=day.isoformat(),
            verdict=outcome.verdict,
            reason=outcome.reason,
            found=dict(outcome.found),
        )
    with database.unit_of_work() as session:
        cures.look(session)
    return outcomes


def unreconciled(session: Session, sources: list[str], most: int = 7) -> list[date]:
    """Days of the last `most` that are over and lack a taken statement, the oldest first.

    Before our first order there was nothing to compare.
    """
    first_order = session.scalar(select(func.min(Order.created_at)))
    if first_order is None:
        return []
    today = clock.today()
    first = max(clock.civil_date(first_order), today - timedelta(days=most))
    taken = select(StatementRecord.day, StatementRecord.source).where(
        StatementRecord.verdict == "taken", StatementRecord.day >= first, text(IS_WHOLE)
    )
    known = {(day, source) for day, source in session.execute(taken)}
    days = [first + timedelta(days=count) for count in range((today - first).days)]
    return [day for day in days if any((day, source) not in known for source in sources)]


def _gateway(database: Database, source: StatementSource, folder: Path, day: date) -> Outcome:
    asked_at = clock.now()
    try:
        statement = source.fetch(day, folder)
        return _compare_gateway(database, Day(source.name, day, asked_at), statement)
    except StatementRefused as refused:
        return _refused(database, source.name, day, refused.reason, line=refused.line)
    except _Changed:
        return _refused(database, source.name, day, "changed")
    except GatewayRefused as refused:
        if refused.reason == "no_statement":
            return _no_statement(database, Day(source.name, day, asked_at))
        return Outcome(day, source.name, "absent", refused.reason)
    except GatewayError as error:
        return Outcome(day, source.name, "absent", error.reason)


def _compare_gateway(database: Database, day: Day, statement: Statement) -> Outcome:
    with database.unit_of_work() as session:
        staging.begin(session)
        staging.stage_lines(session, statement.rows())
        record = keeping.gateway_record(session, day.source, day.day, statement.sha256)
        _require_same(session, record)
        gateway_side.compare(session, day)
        raw = RawLines(statement.path, statement.sha256)
        found = keeping.keep_differences(session, day.source, day.day, raw)
        keeping.keep_statement(session, record)
        keeping.book_fees(session, record)
    return Outcome(day.day, day.source, "taken", found=found)


def _no_statement(database: Database, day: Day) -> Outcome:
    """Nobody paid, or the gateway is not ready: believed once it must be, if we know of nothing."""
    ready = datetime.combine(day.day + timedelta(days=1), READY, clock.BEIJING)
    if clock.now() < ready:
        return Outcome(day.day, day.source, "absent", "no_statement")
    with database.unit_of_work() as session:
        values = day.values()
        paid = select(Order.id).where(
            Order.gateway == day.source,
            Order.paid_at >= values["start"],
            Order.paid_at < values["until"],
        )
        expected = session.scalar(paid.limit(1)) is not None
    if expected:
        return _refused(database, day.source, day.day, "no_statement")
    with database.unit_of_work() as session:
        staging.begin(session)
        staging.stage_lines(session, [])
        gateway_side.compare(session, day)
        found = keeping.keep_differences(session, day.source, day.day)
        record = keeping.gateway_record(session, day.source, day.day, NOTHING)
        keeping.keep_statement(session, record)
    return Outcome(day.day, day.source, "taken", found=found)


def _core(database: Database, parties: Parties, day: date) -> Outcome:
    asked_at = clock.now()
    try:
        path = parties.core.settlement(day, parties.folder)
        return _compare_core(database, Day(CORE, day, asked_at), path)
    except Unavailable as error:
        return Outcome(day, CORE, "absent", error.code)
    except _Changed:
        return _refused(database, CORE, day, "changed")
    except Refused as refused:
        return _refused(database, CORE, day, str(refused.params.get("reason", "malformed")))


def _compare_core(database: Database, day: Day, path: Path) -> Outcome:
    sha256 = sha256_of(path)  # before anybody waits for the lock
    with database.unit_of_work() as session:
        staging.begin(session)
        staging.stage_core(session, path)
        record = keeping.core_record(session, day.day, sha256)
        _require_same(session, record)
        core_side.compare(session, day, CHANNELS)
        found = keeping.keep_differences(session, CORE, day.day)
        keeping.keep_statement(session, record)
    return Outcome(day.day, CORE, "taken", found=found)


def _require_same(session: Session, record: StatementRecord) -> None:
    """A day that is over stays as it was said in an earlier run. Raises _Changed."""
    earlier = session.scalars(
        select(StatementRecord)
        .where(
            StatementRecord.source == record.source,
            StatementRecord.day == record.day,
            StatementRecord.verdict == "taken",
            text(IS_WHOLE),
        )
        .order_by(StatementRecord.id.desc())
        .limit(1)
    ).one_or_none()
    if earlier is not None and _figures(earlier) != _figures(record):
        raise _Changed


def _figures(record: StatementRecord) -> tuple[int, ...]:
    return (
        record.count,
        record.paid_fen,
        record.refunded_fen,
        record.fee_fen,
        record.fee_back_fen,
    )


def _refused(
    database: Database, source: str, day: date, reason: str, line: int | None = None
) -> Outcome:
    """An entry for the auditor and a line for the operator; nothing else has changed."""
    _log.error("statement_refused", source=source, day=day.isoformat(), reason=reason, line=line)
    with database.unit_of_work() as session:
        keeping.keep_statement(
            session,
            StatementRecord(
                source=source,
                day=day,
                verdict="refused",
                reason=reason[:24],
                line=line,
                count=0,
                paid_fen=0,
                refunded_fen=0,
                fee_fen=0,
                fee_back_fen=0,
                channels={},
            ),
        )
    return Outcome(day, source, "refused", reason)
