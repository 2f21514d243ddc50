"""The days that are asked about, and how days and months are called."""

from datetime import date, timedelta

from portal import formats
from portal.assistant.bodies.common import OfTime
from portal.i18n import gettext as _
from runtime.errors import Refused
from service.bills import month_before

Span = tuple[date, date]
"""The first and the last day."""


def span(asked: OfTime) -> Span | None:
    """The days asked about; None when none are. Raises Refused("period.backwards")."""
    first, last = asked.from_day or asked.to_day, asked.to_day or asked.from_day
    if first is None or last is None:
        return None
    if first > last:
        raise Refused("period.backwards")
    return first, last


def months(days: Span) -> tuple[str, str]:
    """The first and the last month that the days touch."""
    return f"{days[0]:%Y-%m}", f"{days[1]:%Y-%m}"


def months_words(first: str, last: str) -> str:
    """`10 月`, `9 月到 10 月`, `2025 年 10 月到 2026 年 7 月`."""
    if first == last:
        return formats.month(first)
    form = formats.month if first[:4] == last[:4] else formats.full_month
    return _("%(first)s到 %(last)s", first=form(first), last=form(last))


def days_words(days: Span) -> str:
    """`10 月 31 日`, `10 月`, `11 月 1 日到 11 月 20 日`; both years when there are two."""
    if days[0] == days[1]:
        return formats.day(days[0])
    if whole_months(days):
        return months_words(*months(days))
    form = formats.day if days[0].year == days[1].year else formats.full_day
    return _("%(first)s到 %(last)s", first=form(days[0]), last=form(days[1]))


def whole_months(days: Span) -> bool:
    """Whether they begin on a first and end on a last of a month."""
    return days[0].day == 1 and (days[1] + timedelta(days=1)).day == 1


def all_months(first: str, last: str) -> list[str]:
    """Every month from the first to the last, the newest first."""
    found = [last]
    while found[-1] > first:
        found.append(month_before(found[-1]))
    return found
