"""Usage as a customer looks at it: a day, a month, a year, the calendar, and the comparison.

Everything is integer Wh. What the grid delivered (`import_wh`) and what was fed into it
(`export_wh`) are never netted. Gaps and estimates stay visible: a day or quarter-hour that is not
known is None, and `quality` says what is partly estimated (E) or missing (M).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy.orm import Session

from rating.power_factor import power_factor_hundredths
from runtime import clock
from service import meter_data
from service.access import Right, visible_account
from service.bills import month_before
from service.compared import Compared, compared_month, compared_year
from service.meter_data import QUARTERS, DayTotal, Measured, MeterInPlace, PointDays

LEVELS = (20, 40, 60, 80)
"""Percentiles at which a day of the calendar gets a darker colour."""


@dataclass(frozen=True)
class DayUsage:
    """A day by quarter-hours. `quarters` is empty for meters that are read once a day.

    `labels` names the tariff's period of each quarter-hour where the hour matters, and
    `periods` the Wh of each. `peak_w` is the highest average power of a quarter-hour.
    """

    total: DayTotal
    quarters: tuple[int | None, ...]
    export_quarters: tuple[int, ...]
    quality: str
    labels: tuple[str, ...]
    periods: Mapping[str, int]
    peak_w: int | None
    peak_at: datetime | None
    as_of: date | None


@dataclass(frozen=True)
class MonthUsage:
    """A month day by day, every day of it; `periods` is by day where the tariff has periods.

    A month that is not over is compared with the same days of the others.
    """

    period: str
    days: tuple[DayTotal, ...]
    periods: Mapping[date, Mapping[str, int]]
    import_wh: int
    export_wh: int
    known_days: int
    as_of: date | None
    last_month: Compared
    last_year: Compared

    @property
    def by_period(self) -> dict[str, int]:
        """The month's Wh in each period."""
        sums: dict[str, int] = {}
        for periods in self.periods.values():
            for name, wh in periods.items():
                sums[name] = sums.get(name, 0) + wh
        return sums


@dataclass(frozen=True)
class MonthTotal:
    """A month in a year; `import_wh` is None when nothing is known of it."""

    period: str
    import_wh: int | None
    export_wh: int
    known_days: int
    estimated_days: int
    missing_days: int


@dataclass(frozen=True)
class YearUsage:
    """Twelve months beside the twelve of the year before, and both up to the same day."""

    year: int
    months: tuple[MonthTotal, ...]
    last_year: tuple[MonthTotal, ...]
    import_wh: int
    export_wh: int
    compared: Compared
    as_of: date | None


@dataclass(frozen=True)
class Calendar:
    """Every day of a year with a level from 0 to 4; `bounds_wh` are where levels begin."""

    year: int
    days: tuple[tuple[DayTotal, int | None], ...]
    bounds_wh: tuple[int, ...]
    as_of: date | None


@dataclass(frozen=True)
class MonthPower:
    """Demand and power factor of a service point in a month.

    `max_w` is the highest quarter-hour average in W, begun at `max_at` (UTC). `power_factor` has
    two decimals, in hundredths; None where no reactive energy is measured.
    """

    service_point_no: str
    period: str
    max_w: int | None
    max_at: datetime | None
    import_wh: int
    reactive_varh: int
    power_factor_hundredths: int | None


def day(
    session: Session,
    user_id: int,
    account_no: str,
    on: date,
    *,
    service_point_no: str | None = None,
) -> DayUsage:
    """One civil day. Raises NotFound for a stranger, Forbidden for a role without usage."""
    meters = _meters(session, user_id, account_no, service_point_no)
    as_of = meter_data.data_as_of(session, meters)
    known = meter_data.day_totals(session, meters, on, on)
    total = known.get(on) or _unknown(on, meters, as_of)
    points = meter_data.quarters(session, meters, on, on)
    if not points:
        return DayUsage(total, (), (), "", (), {}, None, None, as_of)
    import_wh = np.sum([point.import_wh[0] for point in points.values()], axis=0)
    marks = np.max([point.marks[0] for point in points.values()], axis=0)
    top = int(import_wh.argmax())
    return DayUsage(
        total=total,
        quarters=tuple(
            None if mark == 2 else int(wh) for wh, mark in zip(import_wh, marks, strict=True)
        ),
        export_quarters=tuple(
            int(wh) for wh in np.sum([point.export_wh[0] for point in points.values()], axis=0)
        ),
        quality="".join("VEM"[mark] for mark in marks),
        labels=_labels(points, on),
        periods=_periods(points).get(on, {}),
        peak_w=int(import_wh[top]) * 4,
        peak_at=_quarter_at(on, top),
        as_of=as_of,
    )


def month(
    session: Session,
    user_id: int,
    account_no: str,
    period: str,
    *,
    service_point_no: str | None = None,
) -> MonthUsage:
    """A month "2026-11" day by day. Raises NotFound, Forbidden."""
    meters = _meters(session, user_id, account_no, service_point_no)
    own, before, year_ago = (
        meter_data.month_days(month_before(period, months)) for months in (0, 1, 12)
    )
    return month_of(
        period,
        meters,
        meter_data.measured(session, meters, (before[0], own[1]), year_ago),
        meter_data.quarters(session, meters, *own),
        meter_data.data_as_of(session, meters),
    )


def month_of(
    period: str,
    meters: Sequence[MeterInPlace],
    measured: Measured,
    points: Mapping[str, PointDays],
    as_of: date | None,
) -> MonthUsage:
    """A month of days that were read already, with the month before it and that of a year ago."""
    first, last = meter_data.month_days(period)
    known = measured.totals(meters, first, last)
    days = _whole(known, first, last, meters, as_of)
    return MonthUsage(
        period=period,
        days=days,
        periods=_periods({name: point.between(first, last) for name, point in points.items()}),
        import_wh=_sum(days),
        export_wh=sum(each.export_wh for each in days),
        known_days=len(known),
        as_of=as_of,
        last_month=compared_month(days, measured, meters, month_before(period)),
        last_year=compared_month(days, measured, meters, month_before(period, 12)),
    )


def year(
    session: Session,
    user_id: int,
    account_no: str,
    of: int,
    *,
    service_point_no: str | None = None,
) -> YearUsage:
    """A year month by month beside the year before. Raises NotFound, Forbidden."""
    meters = _meters(session, user_id, account_no, service_point_no)
    known = meter_data.day_totals(session, meters, date(of - 1, 1, 1), date(of, 12, 31))
    this_year = [each for each in known.values() if each.day.year == of]
    return YearUsage(
        year=of,
        months=_months(known, of),
        last_year=_months(known, of - 1),
        import_wh=_sum(this_year),
        export_wh=sum(each.export_wh for each in this_year),
        compared=compared_year(known, of),
        as_of=meter_data.data_as_of(session, meters),
    )


def calendar(
    session: Session,
    user_id: int,
    account_no: str,
    of: int,
    *,
    service_point_no: str | None = None,
) -> Calendar:
    """A year as a calendar of days. Raises NotFound, Forbidden."""
    meters = _meters(session, user_id, account_no, service_point_no)
    first, last = date(of, 1, 1), date(of, 12, 31)
    known = meter_data.day_totals(session, meters, first, last)
    as_of = meter_data.data_as_of(session, meters)
    days = _whole(known, first, last, meters, as_of)
    values = [each.import_wh for each in days if each.import_wh is not None]
    bounds = tuple(int(bound) for bound in np.percentile(values, LEVELS)) if values else ()
    return Calendar(
        year=of,
        days=tuple((each, _level(each.import_wh, bounds)) for each in days),
        bounds_wh=bounds,
        as_of=as_of,
    )


def power(
    session: Session,
    user_id: int,
    account_no: str,
    period: str,
    *,
    service_point_no: str | None = None,
) -> list[MonthPower]:
    """Demand and power factor of each service point in a month. Raises NotFound, Forbidden."""
    meters = _meters(session, user_id, account_no, service_point_no)
    points = meter_data.quarters(session, meters, *meter_data.month_days(period))
    return [_power(number, period, found) for number, found in points.items()]


def _meters(
    session: Session, user_id: int, account_no: str, service_point_no: str | None
) -> list[MeterInPlace]:
    visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    return meter_data.meters_of(session, account_no, service_point_no)


def _power(number: str, period: str, found: PointDays) -> MonthPower:
    row, quarter = divmod(int(found.import_wh.argmax()), QUARTERS)
    active, reactive = int(found.import_wh.sum()), int(found.reactive_varh.sum())
    return MonthPower(
        service_point_no=number,
        period=period,
        max_w=int(found.import_wh[row, quarter]) * 4,
        max_at=_quarter_at(found.days[row], quarter),
        import_wh=active,
        reactive_varh=reactive,
        power_factor_hundredths=power_factor_hundredths(active, reactive) if reactive else None,
    )


def _periods(points: Mapping[str, PointDays]) -> dict[date, dict[str, int]]:
    """Wh by day and period; nothing where no tariff asks for the hour."""
    found: dict[date, dict[str, int]] = {}
    for point in points.values():
        for day, periods in zip(
            point.days, meter_data.by_period(point.tariff, point.days, point.import_wh), strict=True
        ):
            sums = found.setdefault(day, {})
            for name, wh in periods.items():
                sums[name] = sums.get(name, 0) + wh
    return {} if all(set(sums) == {"total"} for sums in found.values()) else found


def _labels(points: Mapping[str, PointDays], on: date) -> tuple[str, ...]:
    """The periods of the day, where all points have the same ones."""
    labels = {meter_data.labels_of(point.tariff, on) for point in points.values()}
    common = labels.pop() if len(labels) == 1 else ()
    return common if set(common) != {"total"} else ()


def _months(known: Mapping[date, DayTotal], of: int) -> tuple[MonthTotal, ...]:
    return tuple(
        _month_total(f"{of}-{month:02d}", [d for d in known.values() if _is_in(d.day, of, month)])
        for month in range(1, 13)
    )


def _is_in(day: date, year: int, month: int) -> bool:
    return day.year == year and day.month == month


def _month_total(period: str, days: Sequence[DayTotal]) -> MonthTotal:
    return MonthTotal(
        period=period,
        import_wh=_sum(days) if days else None,
        export_wh=sum(each.export_wh for each in days),
        known_days=len(days),
        estimated_days=sum(each.quality == "E" for each in days),
        missing_days=sum(each.quality == "M" for each in days),
    )


def _whole(
    known: Mapping[date, DayTotal],
    first: date,
    last: date,
    meters: Sequence[MeterInPlace],
    as_of: date | None,
) -> tuple[DayTotal, ...]:
    """Every day of a time, those without data as unknown."""
    days = meter_data.days_between(first, last)
    return tuple(known.get(day) or _unknown(day, meters, as_of) for day in days)


def _unknown(day: date, meters: Sequence[MeterInPlace], as_of: date | None) -> DayTotal:
    """A gap when data go beyond the day and a meter was there; else nothing to be missed."""
    gap = as_of is not None and day <= as_of and any(meter.in_service(day) for meter in meters)
    return DayTotal(day, None, 0, "M" if gap else "")


def _sum(days: Iterable[DayTotal]) -> int:
    return sum(each.import_wh or 0 for each in days)


def _level(wh: int | None, bounds: Sequence[int]) -> int | None:
    return None if wh is None else sum(wh > bound for bound in bounds)


def _quarter_at(day: date, quarter: int) -> datetime:
    return clock.civil_midnight(day) + timedelta(minutes=15 * quarter)
