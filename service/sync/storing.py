"""Rows into tables: COPY into a temporary table, then one upsert that never turns time back.

A change is stored only over an older one (`seq`), so whatever comes twice or late is harmless.
When the database refuses a batch, it is halved until the rows that it refuses stand alone.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from runtime import events
from service import partitions
from service.events import BillIssued, PaymentPosted, PaymentReversed
from service.sync.copy_text import columns
from service.sync.kinds import (
    KINDS,
    BillRow,
    Malformed,
    MeterDayRow,
    PostingRow,
    ReversalRow,
    Row,
    key_of,
)
from service.sync.reading import Ready


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
            new = _upsert(session, kind, rows)
    except (psycopg.DataError, psycopg.IntegrityError, Malformed) as error:
        if len(rows) == 1:
            stored.refused.append((rows[0], _reason(error)))
            return
        middle = len(rows) // 2
        _store_or_halve(session, kind, rows[:middle], stored)
        _store_or_halve(session, kind, rows[middle:], stored)
    else:
        stored.rows += len(rows)
        _announce(session, kind, rows, new)


def _upsert(session: Session, kind: str, rows: Sequence[Ready]) -> set[str]:
    """Store the rows; gives the keys of new ones where `_ANNOUNCEMENTS` asks for them."""
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
        new = set(cursor.fetchone()[0] or ()) if kind in _ANNOUNCEMENTS else set()
        if statements.stray and cursor.execute(statements.stray).fetchone():
            raise Malformed("the account it belongs to has not arrived")
        cursor.execute(statements.done)
    return new


def _announce(session: Session, kind: str, rows: Sequence[Ready], new: set[str]) -> None:
    if not new:
        return
    key_of, event_of = _KEYS[kind], _ANNOUNCEMENTS[kind]
    for ready in rows:
        if key_of(ready.row) in new and (event := event_of(ready.row)):
            events.publish(session, event)


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


_KEYS = {kind: key_of(kind) for kind in KINDS}
_ANNOUNCEMENTS: dict[str, Callable[[Any], object | None]] = {
    "bill": _issued,
    "posting": _posted,
    "reversal": _reversed,
}
"""Events of an object that is seen for the first time."""


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
    return (
        f"WITH stored AS ({upsert} RETURNING {row.key[0]} AS key, xmax = 0 AS is_new)"  # noqa: S608
        " SELECT array_agg(key) FILTER (WHERE is_new) FROM stored"
    )


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
_STATEMENTS = {kind: _statements(kind) for kind in KINDS} | {"balance": _BALANCE}


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
