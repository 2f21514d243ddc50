"""The days that a time in words stands for, as far as a question can be about them."""

import calendar
from dataclasses import dataclass
from datetime import date

from periods import BillPeriod, Unresolved, resolve


class Unclear(Exception):  # noqa: N818
    """Words that name no days; `response` says what to do about it."""

    def __init__(self, words: str, response: str) -> None:
        self.words = words
        self.response = response
        super().__init__(words)


@dataclass(frozen=True)
class Span:
    """Days, both inclusive."""

    first: date
    last: date

    def month_before(self, count: int) -> "Span":
        """The calendar month that many months before the first day."""
        index = self.first.year * 12 + self.first.month - 1 - count
        return month(index // 12, index % 12 + 1)


def span(words: str, today: date) -> Span | BillPeriod:
    """Days, or a bill counted from the newest. Raises `Unclear`, also for what has not begun."""
    found = resolve(words, today)
    if isinstance(found, Unresolved):
        raise Unclear(words, f"utter_period_{found.reason}")
    if isinstance(found, BillPeriod):
        return found
    if found.first > today:
        raise Unclear(words, "utter_period_ahead")
    return Span(found.first, found.last)


def month(year: int, number: int) -> Span:
    return Span(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))
