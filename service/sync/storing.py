"""Rows into tables: COPY into a temporary table, then one upsert that never turns time back.

A change is stored only over an older one (`seq`), so whatever comes twice or late is harmless.
When the database refuses a batch, it is halved until the rows that it refuses stand alone.
"""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from sqlalchemy.orm import Session

from runtime import events
from service import partitions
from service.events import (
    BillIssued,
    BillsIssued,
    OutageAnnounced,
    OutageChanged,
    OutageFacts,
    PaymentPosted,
    PaymentReversed,
)
from service.requests.following import OrderNews, follow
from service.sync.copy_text import columns
from service.sync.kinds import (
    KINDS,
    BillRow,
    Malformed,
    MeterDayRow,
    OutageRow,
    PostingRow,
    ReversalRow,
    Row,
    ServiceOrderRow,
    key_of,
)
from service.sync.reading import Ready

Objects = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Known:
    """Of the rows that were stored: the keys of new ones, and of others how they were before."""

    new: frozenset[str] = frozenset()
    before: Objects = field(default_factory=dict)


@dataclass
class Stored:
    """What became of the rows of a batch."""

    rows: int = 0
    refused: list[tuple[Ready, str]] = field(default_factory=list)


def store(session: Session, kind: str, rows: Sequence[Ready]) -> Stored:
    """Store rows of one kind, each the last of its object, and tell the other rooms of new ones."""
    stored = Stored()
    _store_or_halve(session, kind, rows, stored)
    return stored


def _store_or_halve(session: Session, kind: str, rows: Sequence[Ready], stored: Stored) -> None:
    try:
        with session.begin_nested():
            known = (
                _APPLIED[kind](session, rows) if kind in _APPLIED else _upsert(session, kind, rows)
            )
    except (psycopg.DataError, psycopg.IntegrityError, Malformed) as error:
        if len(rows) == 1:
            stored.refused.append((rows[0], _reason(error)))
            return
        middle = len(rows) // 2
        _store_or_halve(session, kind, rows[:middle], stored)
        _store_or_halve(session, kind, rows[middle:], stored)
    else:
        stored.rows += len(rows)
        _announce(session, kind, rows, known)


def _upsert(session: Session, kind: str, rows: Sequence[Ready]) -> Known:
    """Store the rows; says what was new and different where somebody asks for it."""
    if kind == "meter_day":
        days = [ready.row.day for ready in rows if isinstance(ready.row, MeterDayRow)]
        partitions.ensure_months(session.connection(), days)
    driver: Any = session.connection().connection.driver_connection
    statements = _STATEMENTS[kind]
    with driver.cursor() as cursor:
        cursor.execute(statements.incoming)
        with cursor.copy(statements.copy) as copy:
            copy.write("".join([ready.copy for ready in rows]))
        cursor.execute(statements.upsert)
        known = _known(kind, cursor.fetchone()) if kind in _ANNOUNCEMENTS else Known()
        if statements.stray and cursor.execute(statements.stray).fetchone():
            raise Malformed("the account it belongs to has not arrived")
        cursor.execute(statements.done)
    return known


def _follow(session: Session, rows: Sequence[Ready]) -> Known:
    """Orders of the core move the requests they are for."""
    follow(
        session,
        [
            OrderNews(ready.seq, row.service_order_no, row.request_no, row.status, row.updated_at)
            for ready in rows
            if isinstance(row := ready.row, ServiceOrderRow)
        ],
    )
    return Known()


def _known(kind: str, found: tuple[Any, ...]) -> Known:
    """What the upsert of a kind has answered: keys that were new, and objects as they were."""
    new, before = (*found, None)[:2]
    (name,) = KINDS[kind].key
    return Known(frozenset(new or ()), {each[name]: each for each in before or ()})


def _announce(session: Session, kind: str, rows: Sequence[Ready], known: Known) -> None:
    if not known.new and not known.before:
        return
    for ready in rows:
        if event := _event(kind, ready.row, known):
            events.publish(session, event)
    if kind == "bill":
        _announce_together(session, [each.row for each in rows], known.new)


def _announce_together(session: Session, rows: Sequence[Any], new: Set[str]) -> None:
    """New bills as one event, for whoever would be slow with one for each."""
    fresh = [row for row in rows if row.bill_no in new and row.status == "issued"]
    if not fresh:
        return
    corrected = [row.bill_no for row in fresh if row.revision]
    estimated = [row.bill_no for row in fresh if row.estimated and not row.revision]
    plain = [row.bill_no for row in fresh if not row.estimated and not row.revision]
    events.publish(session, BillsIssued(tuple(plain), tuple(estimated), tuple(corrected)))


def _event(kind: str, row: Row, known: Known) -> object | None:
    key = _KEYS[kind](row)
    if key in known.new:
        return _ANNOUNCEMENTS[kind](row)
    before = known.before.get(key)
    return _NEWS[kind](row, before) if before else None


def _issued(row: BillRow) -> BillIssued | None:
    if row.status != "issued":
        return None
    return BillIssued(
        bill_no=row.bill_no,
        account_no=row.account_no,
        period=row.period,
        total_fen=row.total_fen,
        due=row.due,
        issued_at=row.issued_at,
    )


def _posted(row: PostingRow) -> PaymentPosted:
    return PaymentPosted(
        posting_no=row.posting_no,
        account_no=row.account_no,
        order_no=row.order_no,
        amount_fen=row.amount_fen,
        posted_at=row.posted_at,
    )


def _reversed(row: ReversalRow) -> PaymentReversed:
    return PaymentReversed(
        reversal_no=row.reversal_no,
        posting_no=row.posting_no,
        account_no=row.account_no,
        order_no=row.order_no,
        amount_fen=row.amount_fen,
        reason=row.reason,
        reversed_at=row.reversed_at,
    )


def _announced(row: OutageRow) -> OutageAnnounced:
    return OutageAnnounced(_facts(row))


def _changed(row: OutageRow, before: dict[str, Any]) -> OutageChanged | None:
    """What comes again as it was is no news."""
    now, then = _facts(row), msgspec.convert(before, OutageFacts)
    return OutageChanged(now, then) if now != then else None


def _facts(row: OutageRow) -> OutageFacts:
    """The row as an event tells it: what was JSON is decoded."""
    told = {name: getattr(row, name) for name in OutageFacts.__struct_fields__}
    told |= {name: msgspec.json.decode(told[name]) for name in ("areas", "places")}
    return msgspec.convert(told, OutageFacts)


_KEYS = {kind: key_of(kind) for kind in KINDS}
_ANNOUNCEMENTS: dict[str, Callable[[Any], object | None]] = {
    "bill": _issued,
    "posting": _posted,
    "reversal": _reversed,
    "outage": _announced,
}
"""Events of an object that is seen for the first time."""

_NEWS: dict[str, Callable[[Any, dict[str, Any]], object | None]] = {"outage": _changed}
"""Events of an object that was known and is different now."""


_APPLIED: dict[str, Callable[[Session, Sequence[Ready]], Known]] = {"service_order": _follow}
"""Kinds that are not kept, and what they do instead."""


@dataclass(frozen=True)
class _Statements:
    """The statements that store one kind; `stray` finds rows that have nowhere to go."""

    incoming: str
    copy: str
    upsert: str
    done: str
    stray: str = ""


def _statements(kind: str) -> _Statements:
    table, names = KINDS[kind].table, ", ".join(_names(KINDS[kind]))
    incoming = f"incoming_{kind}"
    return _Statements(
        incoming=f"CREATE TEMP TABLE {incoming} ON COMMIT DROP AS"  # noqa: S608 - our own names
        f" SELECT {names} FROM {table} WITH NO DATA",
        copy=f"COPY {incoming} FROM STDIN",
        upsert=_insert(kind),
        done=f"DROP TABLE {incoming}",
    )


def _insert(kind: str) -> str:
    row = KINDS[kind]
    names = _names(row)
    listed, news = ", ".join(names), ", ".join(f"{name} = excluded.{name}" for name in names)
    upsert = (
        f"INSERT INTO {row.table} ({listed}) SELECT {listed} FROM incoming_{kind}"  # noqa: S608
        f" ON CONFLICT ({', '.join(row.key)}) DO UPDATE SET {news}"
        f" WHERE {row.table}.seq < excluded.seq"
    )
    if kind not in _ANNOUNCEMENTS:
        return upsert
    stored = f"stored AS ({upsert} RETURNING {row.key[0]} AS key, xmax = 0 AS is_new)"
    new = "array_agg(key) FILTER (WHERE is_new)"
    if kind not in _NEWS:
        return f"WITH {stored} SELECT {new} FROM stored"  # noqa: S608
    before = (
        f"before AS (SELECT {row.table}.* FROM {row.table} JOIN incoming_{kind} incoming"  # noqa: S608
        f" USING ({row.key[0]}) WHERE {row.table}.seq < incoming.seq)"
    )
    earlier = "(SELECT json_agg(before) FROM before)"
    return f"WITH {before}, {stored} SELECT {new}, {earlier} FROM stored"  # noqa: S608


def _names(row: type[Row]) -> list[str]:
    """The columns, quoted because one of them is a word of SQL (`case`)."""
    return [f'"{name}"' for name in (*columns(row), "seq")]


_BALANCE = _Statements(
    incoming="CREATE TEMP TABLE incoming_balance ON COMMIT DROP AS"
    " SELECT account_no, balance_fen, balance_at, balance_seq FROM account WITH NO DATA",
    copy="COPY incoming_balance FROM STDIN",
    upsert="UPDATE account SET balance_fen = incoming.balance_fen,"
    " balance_at = incoming.balance_at, balance_seq = incoming.balance_seq"
    " FROM incoming_balance incoming WHERE account.account_no = incoming.account_no"
    " AND account.balance_seq < incoming.balance_seq",
    done="DROP TABLE incoming_balance",
    stray="SELECT 1 FROM incoming_balance incoming WHERE NOT EXISTS"
    " (SELECT FROM account WHERE account.account_no = incoming.account_no) LIMIT 1",
)
_STATEMENTS = {kind: _statements(kind) for kind in KINDS if KINDS[kind].table} | {
    "balance": _BALANCE
}


def _reason(error: Exception) -> str:
    """Why the database refused a row, without the values that it quotes."""
    if not isinstance(error, psycopg.Error):
        return str(error)
    said = re.sub(r'"[^"]*"', "…", error.diag.message_primary or "it was refused")
    column = error.diag.column_name or _column_in(error.diag.context or "")
    return f"{column}: {said}" if column else said


def _column_in(context: str) -> str:
    found = re.search(r"column (\w+)", context)
    return found[1] if found else ""
