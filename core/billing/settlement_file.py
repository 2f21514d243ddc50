"""The file of a day's postings and reversals, against which whoever took the money reconciles.

PostgreSQL writes the rows and they go to a temporary file as they come, so a day of a million
takes seconds and little memory.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import file_digest
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.billing.closing import await_bookings
from runtime import clock
from runtime.database import Database

COLUMNS = "kind,posting_no,account_no,amount_fen,channel,order_no,paid_at,posted_at"

IN_MEMORY = 1_000_000
"""Bytes that are kept in memory; a longer file goes to disk."""

MOST_SECONDS = 600
"""How long PostgreSQL may take for a file."""

_BOOKED = """
    SELECT 'posting' AS kind, posting.id, posting.id AS posting_id, posting.amount_fen,
           posting.posted_at AS at
    FROM core.posting WHERE posted_at >= %(start)s AND posted_at < %(end)s
    UNION ALL
    SELECT 'reversal', reversal.id, posting_id, -amount_fen, reversed_at
    FROM core.reversal WHERE reversed_at >= %(start)s AND reversed_at < %(end)s
"""
_WRITTEN = (
    """replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '')"""
    " || '+00:00'"
)
_ROWS = f"""
    COPY (
        SELECT booked.kind, posting_no, account_no, booked.amount_fen, channel, order_no,
               {_WRITTEN.format("paid_at")}, {_WRITTEN.format("booked.at")}
        FROM ({_BOOKED}) booked
        JOIN core.posting ON posting.id = booked.posting_id
        JOIN core.account ON account.id = posting.account_id
        ORDER BY booked.at, booked.kind, booked.id
    ) TO STDOUT (FORMAT csv)
"""  # noqa: S608 - our own words
_SUMS = f"SELECT count(*), coalesce(sum(amount_fen), 0) FROM ({_BOOKED}) booked"  # noqa: S608


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
            count, sum_fen = _write(session, day, content)
    except BaseException:
        content.close()
        raise
    size = content.tell()
    content.seek(0)
    sha256 = file_digest(content, "sha256").hexdigest()
    content.seek(0)
    return SettlementFile(content, size, count, sum_fen, sha256)


def _write(session: Session, day: date, content: IO[bytes]) -> tuple[int, int]:
    """Write the whole file, as of one instant; gives the number of rows and their sum in fen."""
    day_of = {
        "start": clock.civil_midnight(day),
        "end": clock.civil_midnight(day + timedelta(days=1)),
    }
    content.write(f"{COLUMNS}\n".encode())
    with _one_instant(session).cursor() as cursor:
        with cursor.copy(_ROWS, day_of) as rows:
            for row in rows:
                content.write(row)
        count, sum_fen = cursor.execute(_SUMS, day_of).fetchone()
    content.write(f"total,{count},{sum_fen}\n".encode())
    return count, int(sum_fen)


def _one_instant(session: Session) -> Any:
    """The driver's connection, on which all statements see the same."""
    connection = session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    connection.execute(text(f"SET LOCAL statement_timeout = '{MOST_SECONDS}s'"))
    return connection.connection.driver_connection
