"""The file of a day's postings and reversals, against which whoever took the money reconciles.

Rows come from a cursor and go to a temporary file, so a day of a million takes little memory.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import file_digest
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sqlalchemy import Select, SQLColumnExpression, literal, select, union_all
from sqlalchemy.orm import Session

from core.billing.closing import await_bookings
from core.models import Account, Posting, Reversal
from runtime import clock
from runtime.database import Database

COLUMNS = (
    "kind",
    "posting_no",
    "account_no",
    "amount_fen",
    "channel",
    "order_no",
    "paid_at",
    "posted_at",
)
IN_MEMORY = 1_000_000
"""Bytes that are kept in memory; a longer file goes to disk."""

AT_ONCE = 1_000
"""Rows that are fetched at once."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class SettlementFile:
    """CSV in UTF-8: a header, a row for each booking, and a last row `total,<count>,<fen>`.

    `content` stands at its beginning; closing it removes it. `sha256` is of the whole, in
    hexadecimal.
    """

    content: IO[bytes]
    size: int
    count: int
    sum_fen: int
    sha256: str


def settlement_file(database: Database, day: date) -> SettlementFile:
    """What was posted and reversed on a civil day (Asia/Shanghai).

    The file of a past day never changes: what is still being booked on it is waited for.
    """
    await_bookings(database)
    content = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever asked closes it
    try:
        with database.unit_of_work() as session:
            return _written(content, _booked(session, day))
    except BaseException:
        content.close()
        raise


def _written(content: IO[bytes], rows: Iterator[Row]) -> SettlementFile:
    text = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    count = sum_fen = 0
    for row in rows:
        lines.writerow(row)
        count, sum_fen = count + 1, sum_fen + row[3]
    lines.writerow(("total", count, sum_fen))
    text.detach()
    size = content.tell()
    content.seek(0)
    sha256 = file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    content.seek(0)
    return SettlementFile(content, size, count, sum_fen, sha256)


def _booked(session: Session, day: date) -> Iterator[Row]:
    """The rows of the file, by the instant at which each was booked."""
    start, end = clock.civil_midnight(day), clock.civil_midnight(day + timedelta(days=1))
    posted = _rows("posting", Posting.id, Posting.amount_fen, Posting.posted_at)
    reversed_ = _rows("reversal", Reversal.id, -Reversal.amount_fen, Reversal.reversed_at)
    booked = union_all(
        posted.where(Posting.posted_at >= start, Posting.posted_at < end),
        reversed_.join(Reversal, Reversal.posting_id == Posting.id).where(
            Reversal.reversed_at >= start, Reversal.reversed_at < end
        ),
    ).subquery()
    in_order = select(booked).order_by(booked.c.at, booked.c.kind, booked.c.id)
    return map(_row, session.execute(in_order.execution_options(yield_per=AT_ONCE)))


def _rows(
    kind: str,
    number: SQLColumnExpression[int],
    amount: SQLColumnExpression[int],
    at: SQLColumnExpression[datetime],
) -> Select[*Row]:
    return (
        select(
            literal(kind).label("kind"),
            Posting.posting_no,
            Account.account_no,
            amount.label("amount_fen"),
            Posting.channel,
            Posting.order_no,
            Posting.paid_at,
            at.label("at"),
            number.label("id"),
        )
        .select_from(Posting)
        .join(Account, Account.id == Posting.account_id)
    )


def _row(found: Row) -> Row:
    *named, paid_at, at, _number = found
    return (*named, paid_at.astimezone(UTC).isoformat(), at.astimezone(UTC).isoformat())
