"""Keeping what a comparison found: the statement, its fees, the differences, and their cures.

All of it is one transaction, the cures' jobs included: whoever is killed before its end has done
nothing, and whoever comes after its end finds nothing twice.
"""

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.ledger.booking import FEES, Kind, book
from payments.reconciliation import cures
from payments.reconciliation.evidence import EVIDENCE, RawLines
from payments.reconciliation.models import StatementRecord
from runtime import clock, metrics
from runtime.logs import get_logger

_log = get_logger(__name__)
_found = metrics.counter(
    "denghuo_differences_found", "Differences that reconciliation found", ["source", "class"]
)

_FOUND_ON_OTHER_DAY = """
    UPDATE difference SET state = 'cured', how = 'other_day', other_day = found.other_day,
                          changed_at = :now
    FROM found
    WHERE found.how = 'other_day' AND found.state = 'cured' AND difference.source = :source
      AND difference.class = found.class AND difference.key = found.key
      AND difference.state IN ('open', 'curing')
"""
_NOT_ON_OTHER_DAY = """
    UPDATE difference SET state = 'open', how = NULL, changed_at = :now
    WHERE source = :source AND state = 'curing' AND how = 'other_day' AND other_day = :day
"""
_GONE = """
    UPDATE difference SET state = 'cured', how = 'gone', changed_at = :now
    WHERE source = :source AND day = :day AND state IN ('open', 'curing') AND NOT EXISTS (
        SELECT FROM found WHERE found.class = difference.class AND found.key = difference.key)
"""
_FORGET_KNOWN = """
    DELETE FROM found USING difference
    WHERE difference.source = :source AND difference.class = found.class
      AND difference.key = found.key
"""
_KEEP = f"""
    INSERT INTO difference (day, source, class, key, order_no, gateway_fen, order_fen, core_fen,
                            other_day, evidence, state, how, found_at, changed_at)
    SELECT found.day, :source, found.class, found.key, found.order_no, found.gateway_fen,
           found.order_fen, found.core_fen, found.other_day, {EVIDENCE}, found.state, found.how,
           :now, :now
    FROM found ORDER BY found.class, found.key
    ON CONFLICT (source, class, key) DO NOTHING
    RETURNING class, key, order_no, state, how
"""  # noqa: S608 - made of constants
_SUMS = """
    SELECT kind, count(*), coalesce(sum(amount_fen), 0), coalesce(sum(fee_fen), 0)
    FROM said GROUP BY kind
"""
_CORE_SUMS = """
    SELECT channel, kind, count(*), abs(sum(amount_fen)) FROM booked GROUP BY channel, kind
"""


def keep_differences(
    session: Session, source: str, day: date, raw: RawLines | None = None
) -> dict[str, int]:
    """Store what is new in the table `found` and ask for its cures; how many of each class."""
    told = {"source": source, "day": day, "now": clock.now()}
    for statement in (_FOUND_ON_OTHER_DAY, _NOT_ON_OTHER_DAY, _GONE, _FORGET_KNOWN):
        session.execute(text(statement), told)
    if raw is not None:
        raw.add(session)
    counts: dict[str, int] = {}
    for kind, key, order_no, state, how in session.execute(text(_KEEP), told).all():
        if state == "cured" or how == "other_day":
            continue
        counts[kind] = counts.get(kind, 0) + 1
        _tell(source, kind, key, state)
        cures.start(session, how, source, order_no, key)
    return counts


def _tell(source: str, kind: str, key: str, state: str) -> None:
    """A difference that cures itself is worth a line; one that waits for people, an alarm."""
    log = _log.warning if state == "curing" else _log.error
    log("difference_found", source=source, kind=kind, key=key, state=state)
    _found.labels(source, kind).inc()


def gateway_record(session: Session, source: str, day: date, sha256: str) -> StatementRecord:
    """The entry for a gateway's statement, counted from the table `said`."""
    sums = {kind: (int(n), int(fen), int(fee)) for kind, n, fen, fee in _rows(session, _SUMS)}
    paid, refunded = sums.get("payment", (0, 0, 0)), sums.get("refund", (0, 0, 0))
    return StatementRecord(
        source=source,
        day=day,
        sha256=sha256,
        verdict="taken",
        count=paid[0] + refunded[0],
        paid_fen=paid[1],
        refunded_fen=refunded[1],
        fee_fen=paid[2],
        fee_back_fen=refunded[2],
        channels={source: {"paid": [*paid[:2]], "refunded": [*refunded[:2]]}},
    )


def core_record(session: Session, day: date, sha256: str) -> StatementRecord:
    """The entry for the core's file, counted from the table `booked`."""
    channels: dict[str, dict[str, list[int]]] = {}
    for channel, kind, count, fen in _rows(session, _CORE_SUMS):
        both = channels.setdefault(channel, {"paid": [0, 0], "refunded": [0, 0]})
        both["paid" if kind == "posting" else "refunded"] = [int(count), int(fen)]
    return StatementRecord(
        source="core",
        day=day,
        sha256=sha256,
        verdict="taken",
        count=sum(both[side][0] for both in channels.values() for side in both),
        paid_fen=sum(both["paid"][1] for both in channels.values()),
        refunded_fen=sum(both["refunded"][1] for both in channels.values()),
        fee_fen=0,
        fee_back_fen=0,
        channels=channels,
    )


def keep_statement(session: Session, record: StatementRecord) -> None:
    """Write a statement down once; taken again, it changes nothing."""
    names = {column.name for column in StatementRecord.__table__.columns} - {"id", "fetched_at"}
    values = {name: getattr(record, name) for name in names} | {"fetched_at": clock.now()}
    session.execute(insert(StatementRecord).values(values).on_conflict_do_nothing())


def book_fees(session: Session, record: StatementRecord) -> None:
    """What the gateway kept of a day's payments, and gave back with refunds: booked once, when the
    day is over."""
    if clock.now() < clock.civil_midnight(record.day + timedelta(days=1)):
        return
    reference = f"{record.source}:{record.day}"
    if record.fee_fen:
        book(
            session,
            Kind.FEE,
            reference,
            debit=FEES,
            credit=record.source,
            amount_fen=record.fee_fen,
        )
    if record.fee_back_fen:
        book(
            session,
            Kind.FEE_BACK,
            reference,
            debit=record.source,
            credit=FEES,
            amount_fen=record.fee_back_fen,
        )


def _rows(session: Session, statement: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in session.execute(text(statement))]
