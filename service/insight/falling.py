"""Whether the usage of a firm fell suddenly: a rule that neither holidays nor seasons set off.

Each of the last days is compared with the median of the same weekday in the weeks before. Days of
public holidays, and those around the lunar new year, are left out on both sides; days that are not
wholly known are too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from statistics import fmean, median

from runtime import clock
from service.insight.rules import Falling

WEEK = timedelta(days=7)
YEAR = timedelta(days=364)
"""A year of whole weeks."""


@dataclass(frozen=True)
class Fall:
    """A fall as of `day`: Wh of an average day as usual and as it was, over `days` days.

    `year_ago_percent`: what these days are of the same days a year ago; None where not known.
    """

    day: date
    days: int
    usual_wh: int
    recent_wh: int
    year_ago_percent: int | None


@dataclass(frozen=True)
class _Compared:
    """A day beside the same weekday of the weeks before."""

    day: date
    wh: int
    usual: float
    spread: float


def fall_of(use: Mapping[date, int], yesterday: date, rules: Falling) -> Fall | None:
    """The fall in a firm's known days (Wh), if there is one."""
    newest = max((day for day in use if day <= yesterday), default=None)
    if newest is None or (yesterday - newest).days >= rules.newest_days:
        return None
    compared = _compared(use, newest, rules)
    if len(compared) < rules.least_days:
        return None
    usual, recent = fmean(each.usual for each in compared), fmean(each.wh for each in compared)
    spread = fmean(each.spread for each in compared)
    if usual < rules.least_wh or recent > usual * (1 - rules.fall):
        return None
    if usual - recent < rules.spreads * spread:
        return None
    on_year = _on_year(use, compared, rules)
    if on_year is not None and on_year > 1 - rules.fall_on_year:
        return None
    percent = None if on_year is None else round(100 * on_year)
    return Fall(newest, len(compared), round(usual), round(recent), percent)


def spans(yesterday: date, rules: Falling) -> tuple[tuple[date, date], tuple[date, date]]:
    """The days that are needed: up to yesterday, and the last ones of them a year ago."""
    back = timedelta(days=rules.newest_days + rules.days)
    return (yesterday - back - WEEK * rules.weeks, yesterday), (
        yesterday - back - YEAR,
        yesterday - YEAR,
    )


@lru_cache(maxsize=4096)
def is_quiet(day: date, rules: Falling) -> bool:
    """Whether firms may rest on a day for the sake of a holiday."""
    before, after = (timedelta(days=each) for each in (rules.new_year_before, rules.new_year_after))
    return (
        not clock.is_ordinary(day)
        or any(first - before <= day <= first + after for first in rules.new_years)
        or any(first <= f"{day:%m-%d}" <= last for first, last in rules.holidays)
    )


def _compared(use: Mapping[date, int], newest: date, rules: Falling) -> list[_Compared]:
    """The last days that are known and ordinary, where enough weeks before them are."""
    found = []
    for back in range(rules.days):
        day = newest - timedelta(days=back)
        if day not in use or is_quiet(day, rules):
            continue
        earlier = [day - WEEK * week for week in range(1, rules.weeks + 1)]
        known = [use[each] for each in earlier if each in use and not is_quiet(each, rules)]
        if len(known) >= rules.least_weeks:
            usual = median(known)
            spread = median(abs(wh - usual) for wh in known)
            found.append(_Compared(day, use[day], usual, spread))
    return found


def _on_year(use: Mapping[date, int], compared: list[_Compared], rules: Falling) -> float | None:
    """What the days are of the same days a year ago; None where too few of those are known."""
    both = [
        (each.wh, use[each.day - YEAR])
        for each in compared
        if each.day - YEAR in use and not is_quiet(each.day - YEAR, rules)
    ]
    then = sum(wh for _now, wh in both)
    return sum(wh for wh, _then in both) / then if len(both) >= rules.least_days and then else None
