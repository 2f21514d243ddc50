"""Meter data as usage, tiers and forecast need them: by service point, in integer Wh.

Callers have checked that the user may see the account.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text, bindparam, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY, VARCHAR
from sqlalchemy.orm import Session

from rating import DayType, TariffVersion, UnknownTariff, load_tariffs, period_index
from runtime import clock
from runtime.questions import Question, among, asked
from service.models import Meter, MeterDay, ServicePoint

QUARTERS = 96
Wh = NDArray[np.int64]
Span = tuple[date, date]
"""The first and the last day."""


@dataclass(frozen=True)
class MeterInPlace:
    """A meter with where it measures, what tariff holds there, and when it was in service."""

    meter_no: str
    service_point_no: str
    tariff: str
    interval: bool
    installed: date
    removed: date | None

    def in_service(self, day: date) -> bool:
        """Whether data of the day are expected; the day of a removal may have none."""
        return self.installed <= day and (self.removed is None or day < self.removed)


@dataclass(frozen=True)
class DayTotal:
    """A civil day of all meters asked for. `import_wh` is None when nothing is known of it.

    `quality` is the worst there is: V all measured, E partly estimated, M missing in whole or
    part; empty for a day of which nothing can be known yet, or before there was a meter.
    """

    day: date
    import_wh: int | None
    export_wh: int
    quality: str


Read = tuple[int, int, int]
"""What one meter measured on a day: import Wh, export Wh, and the mark of its quality."""


@dataclass(frozen=True)
class Measured:
    """What meters measured on some days, read once for all who ask about them."""

    by_day: Mapping[date, Mapping[str, Read]]

    def totals(
        self, meters: Sequence[MeterInPlace], first: date, last: date
    ) -> dict[date, DayTotal]:
        """The days that have data, with what all of these meters together measured."""
        found = {}
        for day, reads in self.by_day.items():
            own = [reads[meter.meter_no] for meter in meters if meter.meter_no in reads]
            if own and first <= day <= last:
                found[day] = _day_total(day, own, sum(meter.in_service(day) for meter in meters))
        return found


@dataclass(frozen=True)
class PointDays:
    """Days of one service point by quarter-hours, its meters summed; row by row as `days`.

    `marks` holds the quality of each quarter-hour: 0 measured, 1 estimated, 2 missing.
    """

    tariff: str
    days: tuple[date, ...]
    import_wh: Wh
    export_wh: Wh
    reactive_varh: Wh
    marks: NDArray[np.int8]

    def between(self, first: date, last: date) -> "PointDays":
        """Only the days from `first` to `last`."""
        rows = [row for row, day in enumerate(self.days) if first <= day <= last]
        return PointDays(
            self.tariff,
            tuple(self.days[row] for row in rows),
            self.import_wh[rows],
            self.export_wh[rows],
            self.reactive_varh[rows],
            self.marks[rows],
        )


class QuarterRow(NamedTuple):
    """A meter-day as it is stored: 96 values as PostgreSQL writes an array, `{30,42,…}`."""

    meter_no: str
    day: date
    import_wh: str
    export_wh: str | None
    reactive_varh: str | None
    quality: str | None


_MARKS = {"V": 0, "E": 1, "M": 2}
_LETTERS = "VEM"


def meters_of(
    session: Session, account_no: str, service_point_no: str | None = None
) -> list[MeterInPlace]:
    """The meters of an account, or of one of its service points."""
    if service_point_no is None:
        rows = _OF_ACCOUNT.ask(session, account_no=account_no)
    else:
        rows = _OF_PLACE.ask(session, account_no=account_no, service_point_no=service_point_no)
    return [MeterInPlace(*row) for row in rows]


def data_as_of(session: Session, meters: Iterable[MeterInPlace]) -> date | None:
    """The last day that any of the meters has data of."""
    return max(newest_days(session, meters).values(), default=None)


def data_since(session: Session, meters: Iterable[MeterInPlace]) -> date | None:
    """The first day that any of the meters has data of."""
    found: date | None = session.scalar(_OLDEST, {"meters": _numbers(meters)})
    return found


def newest_days(session: Session, meters: Iterable[MeterInPlace]) -> dict[str, date]:
    """The last day with data of each meter that has any."""
    rows = session.execute(_NEWEST, {"meters": _numbers(meters)})
    return {str(number): day for number, day in rows}


def day_totals(
    session: Session, meters: Sequence[MeterInPlace], first: date, last: date
) -> dict[date, DayTotal]:
    """The days that have data, with what all meters together measured."""
    return measured(session, meters, (first, last)).totals(meters, first, last)


def measured(
    session: Session, meters: Sequence[MeterInPlace], span: Span, also: Span | None = None
) -> Measured:
    """What each meter measured on the days from `span[0]` to `span[1]`, and on those of `also`."""
    (first, last), (from_, to) = span, also or span
    asked_for = {"meters": _numbers(meters), "first": first, "last": last, "from": from_, "to": to}
    by_day: dict[date, dict[str, Read]] = {}
    for meter_no, day, import_wh, export_wh, mark in session.execute(_READS, asked_for):
        by_day.setdefault(day, {})[meter_no] = (int(import_wh), int(export_wh), mark)
    return Measured(by_day)


def quarters(
    session: Session, meters: Sequence[MeterInPlace], first: date, last: date
) -> dict[str, PointDays]:
    """Quarter-hours by service point, of the days and points that have any."""
    return points_of(meters, quarter_rows(session, meters, first, last))


def quarter_rows(
    session: Session, meters: Sequence[MeterInPlace], first: date, last: date
) -> tuple[QuarterRow, ...]:
    """The days of meters that measure quarter-hours, as they are stored."""
    measured = [meter.meter_no for meter in meters if meter.interval]
    if not measured:
        return ()
    rows = _QUARTERS.ask(session, meters=measured, first=first, last=last)
    return tuple(QuarterRow._make(row) for row in rows)


def points_of(meters: Iterable[MeterInPlace], rows: Iterable[QuarterRow]) -> dict[str, PointDays]:
    """The rows of each service point."""
    place = {meter.meter_no: meter for meter in meters}
    by_point: dict[str, list[QuarterRow]] = {}
    for row in rows:
        by_point.setdefault(place[row.meter_no].service_point_no, []).append(row)
    tariffs = {meter.service_point_no: meter.tariff for meter in place.values()}
    return {point: _point_days(tariffs[point], found) for point, found in by_point.items()}


def version_on(tariff: str, day: date | str) -> TariffVersion | None:
    """The tariff as it holds on a day or in a month "2026-11"; None where it is not known here."""
    try:
        return load_tariffs().find(tariff, day)
    except UnknownTariff:
        return None


def day_type(day: date) -> DayType:
    return "working" if clock.is_working_day(day) else "rest"


def labels_of(tariff: str, day: date) -> tuple[str, ...]:
    """The period of each quarter-hour; all `total` where the hour does not matter."""
    version = version_on(tariff, day)
    return period_index(version, day, day_type(day)) if version else ("total",) * QUARTERS


def by_period(tariff: str, days: Sequence[date], wh: Wh) -> list[dict[str, int]]:
    """Wh of each day in each period of the tariff."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for row, day in enumerate(days):
        alike.setdefault(labels_of(tariff, day), []).append(row)
    found: list[dict[str, int]] = [{} for _ in days]
    for labels, rows in alike.items():
        named = np.array(labels)
        for period in dict.fromkeys(labels):
            sums = wh[rows][:, named == period].sum(axis=1)
            for row, total in zip(rows, sums, strict=True):
                found[row][period] = int(total)
    return found


def days_between(first: date, last: date) -> list[date]:
    """All days from first to last, both included."""
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def month_days(period: str) -> tuple[date, date]:
    """First and last day of a month "2026-11". Raises ValueError."""
    first = date.fromisoformat(f"{period}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _point_days(tariff: str, rows: Sequence[QuarterRow]) -> PointDays:
    days = tuple(sorted({row.day for row in rows}))
    place = {day: at for at, day in enumerate(days)}
    shape = (len(days), QUARTERS)
    found = PointDays(
        tariff,
        days,
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int8),
    )
    for row in rows:
        at = place[row.day]
        found.import_wh[at] += _values(row.import_wh)
        if row.export_wh is not None:
            found.export_wh[at] += _values(row.export_wh)
        if row.reactive_varh is not None:
            found.reactive_varh[at] += _values(row.reactive_varh)
        if row.quality is not None:
            marks = [_MARKS[letter] for letter in row.quality]
            found.marks[at] = np.maximum(found.marks[at], marks)
    return found


def _day_total(day: date, reads: Sequence[Read], expected: int) -> DayTotal:
    mark = max(mark for _import, _export, mark in reads)
    return DayTotal(
        day,
        sum(import_wh for import_wh, _export, _mark in reads),
        sum(export_wh for _import, export_wh, _mark in reads),
        "M" if len(reads) < expected else _LETTERS[mark],
    )


def _values(stored: str) -> Wh:
    return np.fromstring(stored[1:-1], np.int64, sep=",")


def _numbers(meters: Iterable[MeterInPlace]) -> list[str]:
    return [meter.meter_no for meter in meters]


_METERS_OF_ACCOUNT = (
    select(
        Meter.meter_no,
        Meter.service_point_no,
        ServicePoint.tariff,
        Meter.interval,
        Meter.installed,
        Meter.removed,
    )
    .join(ServicePoint, ServicePoint.service_point_no == Meter.service_point_no)
    .where(ServicePoint.account_no == asked("account_no"))
    .order_by(Meter.service_point_no, Meter.installed, Meter.meter_no)
)

_OF_ACCOUNT = Question(_METERS_OF_ACCOUNT)
_OF_PLACE = Question(
    _METERS_OF_ACCOUNT.where(ServicePoint.service_point_no == asked("service_point_no"))
)

_QUARTERS = Question(
    select(
        MeterDay.meter_no,
        MeterDay.day,
        cast(MeterDay.import_wh, Text),
        cast(MeterDay.export_wh, Text),
        cast(MeterDay.reactive_varh, Text),
        MeterDay.quality,
    )
    .where(
        MeterDay.meter_no == among("meters"),
        MeterDay.day.between(asked("first"), asked("last")),
    )
    .order_by(MeterDay.day)
)

_METERS = bindparam("meters", type_=ARRAY(VARCHAR))

_NEWEST = text("""
    SELECT asked.meter_no, max(day) FROM unnest(:meters) AS asked (meter_no), LATERAL (
        (SELECT day FROM meter_day WHERE meter_day.meter_no = asked.meter_no
         ORDER BY day DESC LIMIT 1)
        UNION ALL
        (SELECT day FROM daily_use WHERE daily_use.meter_no = asked.meter_no
         ORDER BY day DESC LIMIT 1)
    ) AS newest GROUP BY asked.meter_no
""").bindparams(_METERS)

_OLDEST = text("""
    SELECT min(day) FROM unnest(:meters) AS asked (meter_no), LATERAL (
        (SELECT day FROM meter_day WHERE meter_day.meter_no = asked.meter_no
         ORDER BY day LIMIT 1)
        UNION ALL
        (SELECT day FROM daily_use WHERE daily_use.meter_no = asked.meter_no
         ORDER BY day LIMIT 1)
    ) AS oldest
""").bindparams(_METERS)

_READS = text("""
    SELECT meter_no, day,
        (SELECT sum(wh) FROM unnest(import_wh) AS wh),
        coalesce((SELECT sum(wh) FROM unnest(export_wh) AS wh), 0),
        CASE WHEN quality IS NULL THEN 0 WHEN quality LIKE '%M%' THEN 2
             WHEN quality LIKE '%E%' THEN 1 ELSE 0 END
    FROM meter_day WHERE meter_no = ANY (:meters)
        AND (day BETWEEN :first AND :last OR day BETWEEN :from AND :to)
    UNION ALL
    SELECT meter_no, day, import_wh, export_wh, CASE quality WHEN 'E' THEN 1 ELSE 0 END
    FROM daily_use WHERE meter_no = ANY (:meters)
        AND (day BETWEEN :first AND :last OR day BETWEEN :from AND :to)
""").bindparams(_METERS)
