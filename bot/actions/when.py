"""The days that a time in words stands for, as far as a question can be about them."""

from dataclasses import dataclass
from datetime import date

from actions.messages import Said
from actions.say import Turn
from periods import BillPeriod, Unresolved, resolve
from periods.spans import month_back


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

    @property
    def days(self) -> dict[str, str]:
        """`from` and `to` as the portal wants them."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def month_before(self, count: int) -> "Span":
        """The calendar month that many months before the first day."""
        month = month_back(self.first, count)
        return Span(month.first, month.last)


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


def ahead(words: str, today: date) -> Span | None:
    """The days of a time that has not begun; None for any other, and where it is unclear."""
    found = resolve(words, today)
    if isinstance(found, (Unresolved, BillPeriod)) or found.first <= today:
        return None
    return Span(found.first, found.last)


def days_of(words: str, today: date) -> dict[str, str] | None:
    """The days of a time that may have bills; None when it is unclear or lies ahead."""
    try:
        found = span(words, today)
    except Unclear:
        return None
    return found.days if isinstance(found, Span) else None


def talked_of(turn: Turn, said: Said) -> dict[str, str] | None:
    """The days of the time that was said, or that was talked of last."""
    period = said.value("period") or (turn.slot("last_question") or {}).get("period")
    return days_of(period, turn.today) if period else None
