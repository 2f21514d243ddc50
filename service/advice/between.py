"""What an account used between two days, beside the same days a year before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from service import meter_data
from service.access import Right, visible_account
from service.compared import Compared, over, wholly
from service.meter_data import DayTotal, MeterInPlace, PointDays


@dataclass(frozen=True)
class UseBetween:
    """The use of some days in Wh. `periods` is by the tariff's periods, empty where the hour does
    not matter or is not measured; `known_days` have data, `whole_days` miss nothing.

    `as_of` is the last day with data at all.
    """

    first: date
    last: date
    import_wh: int
    periods: Mapping[str, int]
    known_days: int
    whole_days: int
    as_of: date | None
    last_year: Compared

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def use_between(
    session: Session, user_id: int, account_no: str, first: date, last: date
) -> UseBetween:
    """Both days included. Raises NotFound for a stranger, Forbidden for a role without usage."""
    visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    meters = meter_data.meters_of(session, account_no)
    return _read(session, meters, first, last, meter_data.data_as_of(session, meters))


def used_since(session: Session, user_id: int, account_no: str) -> date | None:
    """The first day with data of an account; None without any. Raises as `use_between`."""
    visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    return meter_data.data_since(session, meter_data.meters_of(session, account_no))


def use_so_far(session: Session, user_id: int, account_no: str, today: date) -> UseBetween:
    """The month of the newest day with data, up to that day. Raises as `use_between`."""
    visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    meters = meter_data.meters_of(session, account_no)
    as_of = meter_data.data_as_of(session, meters)
    last = min(as_of or today, today)
    return _read(session, meters, last.replace(day=1), last, as_of)


def _read(
    session: Session, meters: Sequence[MeterInPlace], first: date, last: date, as_of: date | None
) -> UseBetween:
    before = (year_before(first), year_before(last))
    read = meter_data.measured(session, meters, (first, last), before)
    points = meter_data.quarters(session, meters, first, last)
    return between(
        first,
        last,
        read.totals(meters, first, last),
        read.totals(meters, *before),
        by_period(points),
        as_of,
    )


def between(
    first: date,
    last: date,
    known: Mapping[date, DayTotal],
    year_ago: Mapping[date, DayTotal],
    periods: Mapping[str, int],
    as_of: date | None,
) -> UseBetween:
    """The same of days that were read already."""
    return UseBetween(
        first=first,
        last=last,
        import_wh=sum(day.import_wh or 0 for day in known.values()),
        periods=periods,
        known_days=len(known),
        whole_days=len(wholly(known.values())),
        as_of=as_of,
        last_year=_compared(first, last, known, year_ago),
    )


def year_before(day: date) -> date:
    """The same day a year before; 28 February for the 29th."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def by_period(points: Mapping[str, PointDays]) -> dict[str, int]:
    """Wh in each period of the tariff; nothing where no tariff asks for the hour."""
    sums: dict[str, int] = {}
    for point in points.values():
        for periods in meter_data.by_period(point.tariff, point.days, point.import_wh):
            for name, wh in periods.items():
                sums[name] = sums.get(name, 0) + wh
    return {} if set(sums) == {"total"} else sums


def _compared(
    first: date, last: date, known: Mapping[date, DayTotal], year_ago: Mapping[date, DayTotal]
) -> Compared:
    """Over the days that both years know wholly, if these are enough."""
    now, before = wholly(known.values()), wholly(year_ago.values())
    then = {day: before[year_before(day)] for day in now if year_before(day) in before}
    whole = len(then) == (last - first).days + 1
    return over(then.keys(), now, then, year_before(first), year_before(last), whole=whole)
