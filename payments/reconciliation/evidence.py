"""What a person is shown beside a difference: what each side has, as it was when it was found."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from sqlalchemy import text
from sqlalchemy.orm import Session

LONGEST_LINE = 2000
"""Bytes of a raw line that are kept."""

HEADING = 10
"""Lines at most before the first line of a statement."""

EVIDENCE = """
    jsonb_strip_nulls(jsonb_build_object(
        'line', found.line,
        'order', (
            SELECT jsonb_build_object('status', status, 'gateway', gateway, 'amount_fen',
                amount_fen, 'trade_no', trade_no, 'created_at', created_at, 'paid_at', paid_at,
                'posted_at', posted_at, 'closed_at', closed_at, 'close_reason', close_reason)
            FROM payment_order WHERE order_no = found.order_no),
        'events', (
            SELECT jsonb_agg(jsonb_build_object('at', at, 'from', from_status, 'to', to_status,
                'cause', cause) ORDER BY event.id)
            FROM order_event event JOIN payment_order placed ON placed.id = event.order_id
            WHERE placed.order_no = found.order_no),
        'callbacks', (
            SELECT jsonb_agg(jsonb_build_object('id', id, 'gateway', gateway, 'verdict', verdict,
                'received_at', received_at, 'size', size) ORDER BY id)
            FROM payment_callback WHERE order_no = found.order_no),
        'postings', (
            SELECT jsonb_agg(jsonb_build_object('account_no', account_no, 'amount_fen',
                task.amount_fen, 'posting_no', posting_no, 'posted_at', task.posted_at,
                'attempts', attempts, 'last_error', last_error) ORDER BY task.id)
            FROM posting_task task JOIN payment_order placed ON placed.id = task.order_id
            WHERE placed.order_no = found.order_no),
        'refunds', (
            SELECT jsonb_agg(jsonb_build_object('refund_no', refund_no, 'gateway_no', gateway_no,
                'amount_fen', refund.amount_fen, 'reason', reason, 'created_at',
                refund.created_at, 'done_at', done_at) ORDER BY refund.id)
            FROM payment_refund refund JOIN payment_order placed ON placed.id = refund.order_id
            WHERE placed.order_no = found.order_no)
    ))
"""
_WANTED = "SELECT trade_no, refund_no, said.no FROM found JOIN said USING (no)"
_LINE = """
    UPDATE found SET line = to_jsonb(said) || jsonb_build_object('file', CAST(:file AS text),
        'sha256', CAST(:sha256 AS text), 'raw', (
            SELECT raw FROM unnest(CAST(:nos AS int[]), CAST(:raws AS text[])) AS lines (no, raw)
            WHERE lines.no = said.no))
    FROM said WHERE said.no = found.no
"""


@dataclass(frozen=True)
class RawLines:
    """The file of a statement, from which the lines of differences are taken word for word."""

    path: Path
    sha256: str

    def add(self, session: Session) -> None:
        """Write each found difference's line beside it, parsed and as it stands in the file."""
        wanted = {
            no: (refund_no or trade_no).encode()
            for trade_no, refund_no, no in session.execute(text(_WANTED))
        }
        raws = _raw_lines(self.path, wanted) if wanted else {}
        told = {"file": self.path.name, "sha256": self.sha256}
        lists = {"nos": [*raws.keys()], "raws": [*raws.values()]}
        session.execute(text(_LINE), told | lists)


def _raw_lines(path: Path, wanted: dict[int, bytes]) -> dict[int, str]:
    """The lines in which these numbers stand, by their place among the statement's lines.

    A line's place in the file is its place in the statement after a heading of a few lines.
    """
    found: dict[int, str] = {}
    near = {no + head for no in wanted for head in range(HEADING)}
    for at, line in enumerate(_lines(path)):
        if at in near:
            for no in range(at - HEADING + 1, at + 1):
                if no in wanted and no not in found and wanted[no] in line:
                    found[no] = _readable(line)
    return found


def _lines(path: Path) -> Iterator[bytes]:
    with _opened(path) as files:
        for file in files:
            yield from file


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[IO[bytes]]]:
    """The plain files in a statement's file; what is in it was checked when it was taken."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield (archive.open(name) for name in archive.namelist())
    elif path.suffix == ".gz":
        with gzip.open(path) as file:
            yield iter([cast(IO[bytes], file)])
    else:
        with path.open("rb") as plain:
            yield iter([plain])


def _readable(line: bytes) -> str:
    """UTF-8, or the GB 18030 of Alipay's files; a NUL has no place in the database."""
    kept = line[:LONGEST_LINE].strip()
    try:
        told = kept.decode()
    except UnicodeDecodeError:
        told = kept.decode("gb18030", errors="replace")
    return told.replace("\0", "")
