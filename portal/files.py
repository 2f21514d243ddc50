"""What a page offers to keep."""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from flask import Response

CSV = "text/csv"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet runs."""


def attachment(content: bytes | Iterator[bytes], mimetype: str, name: str) -> Response:
    """A file that the browser saves under this name instead of showing it."""
    disposition = f'attachment; filename="{name}"'
    return Response(content, mimetype=mimetype, headers={"Content-Disposition": disposition})


def table(rows: Iterable[Sequence[str]], name: str) -> Response:
    """Rows as a file for a spreadsheet."""
    return attachment(b"".join(csv_lines(rows)), CSV, name)


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The lines of such a file: marked as UTF-8, and no cell is a formula.

    Customers and colleagues choose some of the words in them.
    """
    yield BOM_UTF8
    for row in rows:
        line = StringIO()
        csv.writer(line).writerow(f"'{cell}" if cell.startswith(FORMULAS) else cell for cell in row)
        yield line.getvalue().encode()
