"""A month or a year beside an earlier one, over the days that are wholly known of both."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from service import meter_data
from service.meter_data import DayTotal, Measured, MeterInPlace

Day = TypeVar("Day")

ENOUGH_TENTHS = 9
"""A time is compared when so many tenths of its known days are known of the other one too."""


@dataclass(frozen=True)
class Compared:
    """An earlier time beside this one, over the days that are wholly known of both.

    `own_wh` and `import_wh` are the use of those `days` now and then; `import_wh` is None where
    too few can be compared. `whole` says that all of one month stands beside all of another.
    """

    first: date
    last: date
    days: int
    own_wh: int
    import_wh: int | None
    whole: bool = False


def compared_month(
    days: Sequence[DayTotal], measured: Measured, meters: Sequence[MeterInPlace], period: str
) -> Compared:
    """A month beside another; both whole, or by the days of the month that both know wholly."""
    first, last = meter_data.month_days(period)
    now, then = _by_number(days), _by_number(measured.totals(meters, first, last).values())
    if len(now) == len(days) and len(then) == last.day:
        return Compared(
            first,
            last,
            last.day,
            sum(each.import_wh or 0 for each in days),
            sum(then.values()),
            whole=True,
        )
    shared = now.keys() & then.keys()
    return over(shared, now, then, first, first.replace(day=max(shared, default=1)))


def compared_year(known: Mapping[date, DayTotal], of: int) -> Compared:
    """A year beside the one before, by the days of the calendar that both know wholly."""
    now, then = (_of_year(known, year) for year in (of, of - 1))
    shared = now.keys() & then.keys()
    return over(shared, now, then, date(of - 1, 1, 1), date(of - 1, *max(shared, default=(1, 1))))


def over(
    shared: Set[Day],
    now: Mapping[Day, int],
    then: Mapping[Day, int],
    first: date,
    last: date,
    *,
    whole: bool = False,
) -> Compared:
    """What both used on the days that they share, if these are enough."""
    enough = len(shared) * 10 >= ENOUGH_TENTHS * len(now) > 0
    return Compared(
        first=first,
        last=last,
        days=len(shared),
        own_wh=sum(now[day] for day in shared),
        import_wh=sum(then[day] for day in shared) if enough else None,
        whole=whole,
    )


def wholly(days: Iterable[DayTotal]) -> dict[date, int]:
    """Wh by day, of the days that miss nothing."""
    return {
        each.day: each.import_wh
        for each in days
        if each.import_wh is not None and each.quality != "M"
    }


def _of_year(known: Mapping[date, DayTotal], of: int) -> dict[tuple[int, int], int]:
    """Wh by month and day, of a year's days that miss nothing."""
    return {
        (day.month, day.day): each.import_wh or 0
        for day, each in known.items()
        if day.year == of and each.quality != "M"
    }


def _by_number(days: Iterable[DayTotal]) -> dict[int, int]:
    """Wh by day of the month, of the days that miss nothing."""
    return {day.day: wh for day, wh in wholly(days).items()}
