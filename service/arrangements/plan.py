"""A plan: what is owed in parts, with their days. No database, no clock."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from runtime import clock
from service.dues import bearing_fen, late_on
from service.models import Bill


@dataclass(frozen=True)
class Part:
    """So many fen by the end of a day; `number` is counted from 1."""

    number: int
    day: date
    amount_fen: int


def instalments(total_fen: int, count: int, first: date, *, working_days: bool) -> tuple[Part, ...]:
    """`count` monthly parts that add up to `total_fen`, the first one due on `first`.

    Parts differ by one fen at most, the larger ones in front. With `working_days` a part that
    falls on a day off is due on the next working day. Raises ValueError when a part would be zero.
    """
    if count < 1 or total_fen < count:
        raise ValueError("every part needs a fen at least")
    share, rest = divmod(total_fen, count)
    days = (months_later(first, month) for month in range(count))
    return tuple(
        Part(number, next_working_day(day) if working_days else day, share + (number <= rest))
        for number, day in enumerate(days, 1)
    )


def months_later(day: date, months: int) -> date:
    """The same day so many months on (or back); the last of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def next_working_day(day: date) -> date:
    """The day itself when offices work, else the next on which they do."""
    while not clock.is_working_day(day):
        day += timedelta(days=1)
    return day


def late_fen(bills: Iterable[Bill], parts: Sequence[Part]) -> int:
    """The late charges in fen when each part is paid on its day, as the core reckons them (7.9):
    the bill that is due first is settled first, and each settled piece is charged by itself."""
    waiting = [(part.day, part.amount_fen) for part in parts]
    charged = 0
    for bill in sorted(bills, key=lambda each: (each.due, each.bill_no)):
        settled = bill.settled_fen
        while settled < bill.total_fen and waiting:
            (day, left), *others = waiting
            piece = min(left, bill.total_fen - settled)
            charged += late_on(bill, _bearing(bill, settled, piece), day)
            settled += piece
            waiting = [(day, left - piece), *others] if left > piece else others
    return charged


def _bearing(bill: Bill, settled_fen: int, piece_fen: int) -> int:
    """Of the next piece, what bears a late charge; charges that the bill carries bear none."""
    bears = bearing_fen(bill)
    return min(bears, settled_fen + piece_fen) - min(bears, settled_fen)
