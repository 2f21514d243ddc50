"""UnionPay's ZM file (商户对账文件, 明细流水), as 文件接口 6.1 of its documentation describes it.

One line for each movement, columns of fixed width in bytes with a space between, GBK. Fen with
leading zeros; a fee has D before it when we pay it, C when it comes back. The file has no totals:
that it is whole, the archive's checksum says, and that it is UnionPay's, the signature over it.

Its day is that of settlement, which at UnionPay begins and ends an hour before midnight.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final

from payments.gateways.unionpay_wire import NAME, fen_of, instant
from payments.statements.base import Line, StatementRefused
from payments.statements.lines import Numbered, numbered
from payments.statements.unpacking import entry, unzipped
from runtime import clock

FIRST_LINE = 1

WIDTHS: Final = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1),
    *(21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
_STARTS = (0, *accumulate(width + 1 for width in WIDTHS))
_LEAST = _STARTS[-2] - 1
"""Bytes of a line without its last column, which is kept for later use."""

TIME, AMOUNT, NUMBER, ORDER, FEE = 5, 7, 10, 12, 16
KIND, ORIGINAL, MERCHANT, RESERVED = 20, 27, 28, 35

EARLIER = timedelta(hours=2)
"""A day of settlement begins on the evening before; an hour of it, and one to spare."""

PAYMENT = "01"
BACK = frozenset({"04", "31"})
"""Refunds, and payments that were cancelled on their own day."""

_FILE = re.compile(r"INN(\d{6})\d{2}ZM_(.{15})", re.ASCII)
_FEE = re.compile(r"([CD])(\d{12})", re.ASCII)


def read(path: Path, *, day: date, merid: str, most: int) -> Iterator[Line]:
    """The lines of the archive's ZM file, at most `most` bytes of it. Raises StatementRefused."""
    with unzipped(path, NAME, "gbk") as archive:
        name = _checked_name([each.filename for each in archive.infolist()], day, merid)
        with entry(archive, name, NAME, most) as stream:
            yield from _lines(numbered(stream, NAME, "gbk"), day, merid)


def _checked_name(names: list[str], day: date, merid: str) -> str:
    """The archive may bring others: ZME, for what was put right by hand."""
    found = [match for match in map(_FILE.fullmatch, names) if match]
    if len(found) != 1:
        raise StatementRefused(NAME, "malformed")
    if found[0][2] != merid:
        raise StatementRefused(NAME, "wrong_merchant")
    if found[0][1] != f"{day:%y%m%d}":
        raise StatementRefused(NAME, "wrong_day")
    return found[0][0]


def _lines(text: Numbered, day: date, merid: str) -> Iterator[Line]:
    midnight = clock.civil_midnight(day)
    begin, end = midnight - EARLIER, midnight + timedelta(days=1)
    for number, line in text:
        if not line:
            continue
        columns = line if line.isascii() else _bytewise(line)
        try:
            movement = _movement(columns, day)
        except ValueError as error:
            raise StatementRefused(NAME, "malformed", number) from error
        if _column(columns, MERCHANT) != merid:
            raise StatementRefused(NAME, "wrong_merchant", number)
        if not begin <= movement.at < end:
            raise StatementRefused(NAME, "wrong_day", number)
        yield movement


def _bytewise(line: str) -> str:
    """A character for each byte, as columns are counted; those that we read are ASCII."""
    return line.encode("gbk").decode("latin-1")


def _movement(columns: str, day: date) -> Line:
    """Raises ValueError."""
    if len(columns) < _LEAST:
        raise ValueError("a line has all its columns")
    kind, number, order = (_column(columns, each) for each in (KIND, NUMBER, ORDER))
    if not number or not order:
        raise ValueError("a movement has numbers")
    amount = _fen(_column(columns, AMOUNT))
    fee, at = _column(columns, FEE), _instant(_column(columns, TIME), day)
    if kind == PAYMENT:
        return Line("payment", order, number, None, amount, _fee(fee, "D"), at)
    original = _column(columns, ORIGINAL)
    if kind not in BACK or not original:
        raise ValueError("neither a payment nor money that goes back")
    reserved = _column(columns, RESERVED)
    return Line("refund", reserved, original, order, amount, _fee(fee, "C"), at)


def _column(columns: str, number: int) -> str:
    """A column by its number from 1, without the blanks that fill it up."""
    start = _STARTS[number - 1]
    return columns[start : start + WIDTHS[number - 1]].strip(" ")


_fen = lru_cache(1 << 16)(fen_of)
"""A day knows far fewer amounts than lines."""


@lru_cache(1 << 16)
def _fee(text: str, sign: str) -> int:
    match = _FEE.fullmatch(text)
    if match is None or (match[1] != sign and int(match[2])):
        raise ValueError("a fee goes one way")
    return int(match[2])


def _instant(text: str, day: date) -> datetime:
    """`MMDDhhmmss` in the year that is nearest to the day. Raises ValueError."""
    year = day.year - 1 if text[:2] == "12" and day.month == 1 else day.year
    return instant(f"{year}{text}")
