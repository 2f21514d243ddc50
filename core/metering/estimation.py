"""Filling what was not measured, from the customer's own history, marked and visible.

The rules are those of the Uniform Business Practices for unbundled metering (VEE):
1. A gap of up to two hours between two measured quarter-hours is a straight line between them.
2. Anything longer is, quarter-hour by quarter-hour, the average of the measured values of the same
   weekday in the four weeks before, working days and holidays apart.
3. Where there is none, the average of all working days (or of all days off) of those four weeks.
4. Where there is none either, it stays missing, and the bill cannot go out yet.
The history is that of the service point, so a new meter goes on from the old one's days. Estimates
are never taken as history. Averages are rounded half up to whole Wh.

A dial that was not read on the last day is carried on by the average day of its last four weeks,
given at least one week. When a measured value comes later it takes the estimate's place
(`core.metering.merging`, `core.metering.dials`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from core.metering import days as meter_days
from core.metering import dials
from core.metering.days import ESTIMATED, MEASURED, MISSING, QUARTERS, Day, Mask, Quarters
from core.metering.dials import Shown
from core.metering.ingest import lock_meters
from core.metering.registers import WH_PER_KWH
from core.metering.usage import month_days, served
from core.models import Meter
from runtime import clock

SHORT_GAP = 8
"""Quarter-hours: two hours."""

HISTORY = timedelta(days=28)
LEAST_DIAL_HISTORY = 7
"""Days between two measured dial readings before an average day can be told."""

ONE_DAY = timedelta(days=1)
CHUNK = 500
"""Meters that are completed together."""

_INCOMPLETE = text(
    """
    select meter.id from core.meter
    left join core.meter_day on meter_day.meter_id = meter.id
        and meter_day.day between :first and :last
    where meter.interval and meter.installed <= :last
        and (meter.removed is null or meter.removed >= :first)
        and (cast(:points as bigint[]) is null or meter.service_point_id = any(:points))
    group by meter.id
    having count(meter_day.day) < least(:last, coalesce(meter.removed, :last))
            - greatest(:first, meter.installed) + 1
        or bool_or(meter_day.quality like '%M%')
    order by meter.id
    """
)


@dataclass(slots=True)
class Estimate:
    """How much was filled in: meter-days and dial readings."""

    days: int = 0
    dials: int = 0


def estimate_month(
    session: Session,
    period: str,
    service_point_ids: Iterable[int] | None = None,
    *,
    through: date | None = None,
) -> Estimate:
    """Fill the gaps of a period "YYYY-MM", up to the day `through` while the month is not over.

    Called before a month is billed; doing it again changes nothing. What has no history to go by
    stays missing. All service points, unless some are named.
    """
    first, last = month_days(period)
    last = min(last, through or last)
    points = None if service_point_ids is None else list(service_point_ids)
    found = Estimate()
    if last >= first:
        found.days = _estimate_days(session, first, last, points)
        found.dials = _estimate_dials(session, first, last, points)
    return found


def _estimate_days(session: Session, first: date, last: date, points: list[int] | None) -> int:
    parameters = {"first": first, "last": last, "points": points}
    incomplete = list(session.scalars(_INCOMPLETE, parameters))
    filled = 0
    for at in range(0, len(incomplete), CHUNK):
        chunk = incomplete[at : at + CHUNK]
        meters = list(session.scalars(select(Meter).where(Meter.id.in_(chunk))))
        completed = _complete(session, meters, first, last)
        filled += len(meter_days.save(session, completed))
    return filled


def _complete(session: Session, meters: list[Meter], first: date, last: date) -> list[Day]:
    """The days of these meters that gain an estimate."""
    points = {meter.service_point_id for meter in meters}
    query = select(Meter.id, Meter.service_point_id).where(Meter.service_point_id.in_(points))
    siblings: dict[int, int] = dict(session.execute(query).all())
    stored = meter_days.load_range(session, list(siblings), first - HISTORY, last + ONE_DAY)
    by_point: dict[int, list[Day]] = defaultdict(list)
    for day in stored:
        by_point[siblings[day.meter_id]].append(day)
    completed: list[Day] = []
    for meter in meters:
        start, end = served(meter, first, last)
        completed += fill(meter.id, meter.installed, by_point[meter.service_point_id], start, end)
    return completed


def fill(meter_id: int, installed: date, stored: list[Day], first: date, last: date) -> list[Day]:
    """The days of one meter from `first` to `last` that gain an estimate, filled.

    `stored` holds the days of all meters of the service point, from four weeks before on. Before
    this meter was fitted the others' days are its history; the day of the exchange is not.
    """
    own = {day.day: day for day in stored if day.meter_id == meter_id}
    history = _History(
        day
        for day in stored
        if day.day < installed or (day.meter_id == meter_id and day.day > installed)
    )
    line = _Line(own, first - ONE_DAY, last + ONE_DAY)
    filled = []
    for day in _dates(first, last):
        known = own.get(day)
        before = known or meter_days.blank(meter_id, day)
        gap: Mask = before.quality == MISSING
        if gap.any():
            after = _filled(before, gap, line, history)
            if known is None or (after.quality != before.quality).any():
                filled.append(after)
    return filled


def _filled(day: Day, gap: Mask, line: "_Line", history: "_History") -> Day:
    on_line, straight = line.at(day.day)
    by_line = gap & on_line
    average, known = history.average(day.day, "import_wh")
    by_history = gap & ~by_line & known
    quality = day.quality.copy()
    quality[by_line | by_history] = ESTIMATED
    import_wh = np.where(by_line, straight, np.where(by_history, average, day.import_wh))
    others = {name: _other(day, name, gap, history) for name in ("export_wh", "reactive_varh")}
    return Day(
        day.meter_id, day.day, import_wh, others["export_wh"], others["reactive_varh"], quality
    )


def _other(day: Day, name: str, gap: Mask, history: "_History") -> Quarters | None:
    """Export or reactive energy in a gap: what was reported, else the average."""
    reported: Quarters | None = getattr(day, name)
    if not history.counts(name):
        return reported
    values = np.zeros(QUARTERS, np.int64) if reported is None else reported
    average, known = history.average(day.day, name)
    return np.where(gap & known & (values == 0), average, values)


class _Line:
    """Straight lines over the short gaps of one meter."""

    def __init__(self, own: dict[date, Day], first: date, last: date) -> None:
        self._first = first
        dates = list(_dates(first, last))
        letters = [own[d].quality if d in own else meter_days.letters_of("M" * 96) for d in dates]
        values = [own[d].import_wh if d in own else np.zeros(QUARTERS, np.int64) for d in dates]
        self._values = np.concatenate(values)
        self._short = np.zeros(len(self._values), bool)
        quality = np.concatenate(letters)
        for start, end in _gaps(quality == MISSING):
            edges_measured = (
                start > 0
                and end < len(quality)
                and (quality[start - 1] == quality[end] == MEASURED)
            )
            if edges_measured and end - start <= SHORT_GAP:
                self._draw(start, end)

    def at(self, day: date) -> tuple[Mask, Quarters]:
        """Which quarter-hours of the day lie on a line, and the values of the day."""
        start = (day - self._first).days * QUARTERS
        return self._short[start : start + QUARTERS], self._values[start : start + QUARTERS]

    def _draw(self, start: int, end: int) -> None:
        before, after, steps = self._values[start - 1], self._values[end], end - start + 1
        n = np.arange(1, steps)
        self._values[start:end] = before + ((after - before) * n * 2 + steps) // (2 * steps)
        self._short[start:end] = True


class _History:
    """Measured days of a service point, the sum of its meters."""

    def __init__(self, stored: Iterable[Day]) -> None:
        self._days: dict[date, list[Day]] = defaultdict(list)
        for day in stored:
            self._days[day.day].append(day)

    def counts(self, name: str) -> bool:
        """Whether any meter here counts this channel."""
        return any(getattr(day, name) is not None for days in self._days.values() for day in days)

    def average(self, day: date, name: str) -> tuple[Quarters, Mask]:
        """The average of each quarter-hour by the rules above, and which could be told."""
        alike = [
            d for d in self._before(day) if clock.is_working_day(d) == clock.is_working_day(day)
        ]
        same_weekday = [d for d in alike if d.weekday() == day.weekday()]
        values, known = self._mean(same_weekday, name)
        others, known_of_others = self._mean(alike, name)
        return np.where(known, values, others), known | known_of_others

    def _before(self, day: date) -> list[date]:
        return [d for d in self._days if day - HISTORY <= d < day]

    def _mean(self, dates: list[date], name: str) -> tuple[Quarters, Mask]:
        total, count = np.zeros(QUARTERS, np.int64), np.zeros(QUARTERS, np.int64)
        for day in dates:
            measured = np.all([d.quality == MEASURED for d in self._days[day]], axis=0)
            arrays = [values for d in self._days[day] if (values := getattr(d, name)) is not None]
            total += np.where(measured, sum(arrays, np.zeros(QUARTERS, np.int64)), 0)
            count += measured
        safe = np.maximum(count, 1)
        return (total * 2 + safe) // (2 * safe), count > 0


def _gaps(missing: Mask) -> Iterator[tuple[int, int]]:
    """Runs of missing quarter-hours: first, and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + n * ONE_DAY for n in range((last - first).days + 1))


def _estimate_dials(session: Session, first: date, last: date, points: list[int] | None) -> int:
    """Carry on the dials that were not read up to the last day of the month."""
    query = select(Meter.meter_no).where(
        Meter.interval.is_(False),
        Meter.installed <= last,
        or_(Meter.removed.is_(None), Meter.removed >= first),
    )
    if points is not None:
        query = query.where(Meter.service_point_id.in_(points))
    meters = lock_meters(session, session.scalars(query))
    since = {meter.id: last - HISTORY for meter in meters.values()}
    before = dials.load(session, since) if since else {}
    measured = dials.measured_since(session, since, first - 2 * HISTORY)
    by_id = {meter.id: meter for meter in meters.values()}
    after: dials.Stored = {}
    for (meter_id, register), series in before.items():
        meter = by_id[meter_id]
        end = min(last, meter.removed or last)
        history = measured.get((meter_id, register), {})
        after[meter_id, register] = carried_on(series, history, end, meter.digits)
    return dials.write(session, before, after, meters)


def carried_on(
    series: dials.Series, measured: dials.Series, last: date, digits: int
) -> dials.Series:
    """The series with an estimated reading for each day after the last one, up to `last`."""
    if not series or not measured or max(series) >= last:
        return series
    newest = max(measured)
    oldest = min(day for day in measured if day >= newest - HISTORY)
    length = (newest - oldest).days
    if length < LEAST_DIAL_HISTORY:
        return series
    dial = 10**digits * WH_PER_KWH
    went = (measured[newest].wh - measured[oldest].wh) % dial
    longer = dict(series)
    for day in _dates(newest + ONE_DAY, last):
        wh = measured[newest].wh + went * (day - newest).days // length
        longer.setdefault(day, Shown(wh % dial, "E"))
    return longer
