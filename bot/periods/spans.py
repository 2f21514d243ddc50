"""A stretch of days and the makers of the usual ones; pure, civil days, both ends included."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

Precision = Literal["day", "days", "week", "month", "months", "season", "year"]
Reason = Literal["unknown", "no_such_month", "no_such_day", "backwards", "too_far"]


@dataclass(frozen=True)
class Period:
    """`first` to `last`; `precision` as said."""

    first: date
    last: date
    precision: Precision
    is_dated: bool = True  # the year was said or follows from the words; else it was guessed


@dataclass(frozen=True)
class BillPeriod:
    """The period of a bill, whatever its days: the newest (back=0), the one before it (1)…"""

    back: int


@dataclass(frozen=True)
class Unresolved:
    """Why the words name no period."""

    reason: Reason


class NotADay(ValueError):  # noqa: N818
    """A month or day that the calendar does not have."""

    def __init__(self, reason: Reason) -> None:
        self.reason: Reason = reason
        super().__init__(reason)


def day(when: date, count: int = 1) -> Period:
    """`count` days from `when` on."""
    last = when + timedelta(count - 1)
    return Period(when, last, "day" if count == 1 else "days")


def days_back(today: date, count: int) -> Period:
    """The last `count` days, one at least, today among them."""
    return Period(today - timedelta(max(count, 1) - 1), today, "days")


def civil(year: int, month: int, of_month: int) -> date:
    """A date, or NotADay."""
    if not 1 <= month <= 12:
        raise NotADay("no_such_month")
    try:
        return date(year, month, of_month)
    except ValueError:
        raise NotADay("no_such_day") from None


def month(year: int, number: int) -> Period:
    """A calendar month, or NotADay."""
    first = civil(year, number, 1)
    return Period(first, first.replace(day=calendar.monthrange(year, number)[1]), "month")


def third(of: Period, number: int) -> Period:
    """The first (0), second (1) or last (2) ten days of a month, the last to its end."""
    first = of.first.replace(day=10 * number + 1)
    last = of.last if number == 2 else first.replace(day=first.day + 9)
    return replace(of, first=first, last=last, precision="days")


def month_back(today: date, back: int) -> Period:
    """The calendar month `back` months before that of today; negative: after it."""
    index = today.year * 12 + today.month - 1 - back
    return month(index // 12, index % 12 + 1)


def months_back(today: date, count: int) -> Period:
    """The last `count` whole months before that of today, one at least."""
    return Period(month_back(today, max(count, 1)).first, month_back(today, 1).last, "months")


def months(year: int, first: int, last: int, precision: Precision = "months") -> Period:
    """Whole months of one year, or into the next when `last` comes before `first`."""
    return Period(month(year, first).first, month(year + (last < first), last).last, precision)


def year(number: int) -> Period:
    """A calendar year."""
    return Period(date(number, 1, 1), date(number, 12, 31), "year")


def week(today: date, back: int) -> Period:
    """Monday to Sunday, `back` weeks before that of today."""
    monday = today - timedelta(today.weekday() + 7 * back)
    return Period(monday, monday + timedelta(6), "week")


def quarter(of_year: int, number: int) -> Period:
    """A quarter, or NotADay."""
    if not 1 <= number <= 4:
        raise NotADay("no_such_month")
    return months(of_year, number * 3 - 2, number * 3)


def quarter_back(today: date, back: int) -> Period:
    """The quarter `back` quarters before that of today; negative: after it."""
    of = month_back(today, 3 * back).first
    return quarter(of.year, (of.month + 2) // 3)


def last_begun(made: Callable[[int], Period], today: date) -> Period:
    """What is made of this year, or of the one before where this year's has not begun: a guess."""
    this = made(today.year)
    begun = this if this.first <= today else made(today.year - 1)
    return replace(begun, is_dated=False)
