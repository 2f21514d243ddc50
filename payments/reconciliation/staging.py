"""A day's files in temporary tables, where the database compares them with what we have booked.

The tables live as long as the transaction. A file is streamed: a million lines take no more
memory than a few thousand.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from payments.statements.base import Line
from runtime.errors import Refused

AT_ONCE = 500
"""Lines that are written to the database at once; more cost more (`statements.kept`)."""

CHUNK = 1 << 20
_TABS = len(Line._fields)
LAST_LINE = 200
"""Bytes in which the core's last line, `total,<count>,<fen>`, surely fits."""

_SETTINGS = (
    "SET LOCAL statement_timeout = '15min'",
    "SET LOCAL work_mem = '16MB'",
    "SET LOCAL temp_buffers = '8MB'",
)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('payments:reconciliation', 0))"
_SAID = """
    CREATE TEMP TABLE said (
        no int, kind text, order_no text, trade_no text, refund_no text, amount_fen bigint,
        fee_fen bigint, at timestamptz
    ) ON COMMIT DROP
"""
_BOOKED = """
    CREATE TEMP TABLE booked (
        kind text, posting_no text, account_no text, amount_fen bigint, channel text,
        order_no text, paid_at timestamptz, posted_at timestamptz
    ) ON COMMIT DROP
"""
_FOUND = """
    CREATE TEMP TABLE found (
        class text, key text, order_no text, gateway_fen bigint, order_fen bigint,
        core_fen bigint, day date, other_day date, state text, how text, no int, line jsonb
    ) ON COMMIT DROP
"""


def begin(session: Session) -> None:
    """Only one reconciliation works at a time; it may take its time, and little memory."""
    for statement in (*_SETTINGS, _LOCK, _FOUND):
        session.execute(text(statement))


def stage_lines(session: Session, lines: Iterable[Line]) -> None:
    """A gateway's lines as the table `said`, numbered from 1 in the order of the file."""
    session.execute(text(_SAID))
    with _cursor(session) as cursor, cursor.copy("COPY said FROM STDIN") as copy:
        first, stream = 1, iter(lines)
        while some := list(islice(stream, AT_ONCE)):
            copy.write(_copy_lines(some, first))
            first += len(some)
    session.execute(text("ANALYZE said"))


def stage_core(session: Session, path: Path) -> None:
    """The core's settlement file as the table `booked`. Raises Refused("settlement.malformed")."""
    session.execute(text(_BOOKED))
    try:
        with (
            _cursor(session) as cursor,
            cursor.copy("COPY booked FROM STDIN (FORMAT csv, HEADER match)") as copy,
        ):
            for piece in _without_last_line(path):
                copy.write(piece)
    except psycopg.DataError as error:
        raise Refused("settlement.malformed") from error
    session.execute(text("ANALYZE booked"))


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    connection: psycopg.Connection[Any] = session.connection().connection.driver_connection  # type: ignore[assignment]
    return connection.cursor()


def _copy_lines(lines: Sequence[Line], first: int) -> str:
    """Lines of COPY. Numbers hold no sign that would end a field, or they are written with care."""
    written = "".join(
        [
            f"{no}\t{kind}\t{order}\t{trade}\t{refund or ''}\t{fen}\t{fee}\t{at}\n"
            for no, (kind, order, trade, refund, fen, fee, at) in enumerate(lines, first)
        ]
    )
    if "\\" not in written and written.count("\t") == _TABS * len(lines):
        return written
    return _copy_lines([_careful(line) for line in lines], first)


def _careful(line: Line) -> Line:
    return line._replace(
        order_no=_plain(line.order_no),
        trade_no=_plain(line.trade_no),
        refund_no=_plain(line.refund_no or ""),
    )


def _plain(number: str) -> str:
    """A number of an order without the signs that mean something to COPY."""
    return "".join(sign if sign.isprintable() and sign != "\\" else "?" for sign in number)


def _without_last_line(path: Path) -> Iterator[bytes]:
    """The file up to its last line, which has the sums."""
    with path.open("rb") as file:
        left = _start_of_last_line(path)
        while left and (piece := file.read(min(CHUNK, left))):
            yield piece
            left -= len(piece)


def _start_of_last_line(path: Path) -> int:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LAST_LINE))
        tail = file.read()
    start = tail.rstrip(b"\n").rfind(b"\n") + 1
    if not tail[start:].startswith(b"total,"):
        raise Refused("settlement.malformed")
    return size - len(tail) + start
