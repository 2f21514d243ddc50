"""A month's use of a service point, from the meters that measured there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.metering import days as meter_days
from core.metering import registers
from core.metering.days import ESTIMATED, MISSING, QUARTERS, Day
from core.metering.readings import Channel
from core.models import Meter, RegisterReading
from core.partitions import next_month

ONE_DAY = timedelta(days=1)
WATTS_PER_QUARTER_WH = 4


@dataclass(frozen=True, slots=True)
class DialSpan:
    """What a dial showed at the beginning and the end of the month, Wh (varh if reactive)."""

    meter_no: str
    register: str
    start_wh: int
    end_wh: int


@dataclass(frozen=True, slots=True)
class MonthUsage:
    """The use of one service point from `first` to `last` (civil days, both included).

    `import_wh` has a row of 96 quarter-hours for each day, the sum of all interval meters; what
    meters without quarter-hours counted is `register_wh`, which knows no time of day. A missing
    quarter-hour counts as 0 and makes its day one of `missing_days`; a meter that is read by its
    dial is missing on every day that no dial reading brackets. `estimated` is true when any part
    is an estimate. Demand is the highest quarter-hour as an average load (TARIFFS 2.2).
    """

    service_point_id: int
    first: date
    last: date
    import_wh: NDArray[np.int64]
    register_wh: int
    export_wh: int
    reactive_varh: int | None
    max_demand_w: int | None
    estimated: bool
    missing_days: int
    dials: tuple[DialSpan, ...]

    @property
    def total_wh(self) -> int:
        """All energy taken from the grid, Wh."""
        return int(self.import_wh.sum()) + self.register_wh


def month_usages(
    session: Session, service_point_ids: Sequence[int], period: str
) -> dict[int, MonthUsage]:
    """The use of many service points in a period "YYYY-MM": three queries, whatever the number.

    A thousand service points hold about 25 MB of quarter-hours while they are summed.
    """
    first, last = month_days(period)
    meters = _meters(session, service_point_ids, first, last)
    ids = [meter.id for group in meters.values() for meter in group]
    dials = _dials(session, ids, first, last)
    stored: dict[int, list[Day]] = defaultdict(list)
    for day in meter_days.load_range(session, ids, first, last):
        stored[day.meter_id].append(day)
    return {
        point: _combined(
            point,
            [
                _by_intervals(meter, stored[meter.id], dials, (first, last))
                if meter.interval
                else _by_dials(meter, dials, (first, last))
                for meter in meters.get(point, [])
            ],
            (first, last),
        )
        for point in service_point_ids
    }


def month_days(period: str) -> tuple[date, date]:
    """The first and last day of a period "YYYY-MM"."""
    first = date.fromisoformat(f"{period}-01")
    return first, next_month(first) - ONE_DAY


def served(meter: Meter, first: date, last: date) -> tuple[date, date]:
    """The days of a month on which the meter was in place, its first and last day included."""
    return max(first, meter.installed), min(last, meter.removed or last)


Month = tuple[date, date]
Dials = dict[tuple[int, str], dict[date, RegisterReading]]


def _meters(
    session: Session, service_point_ids: Iterable[int], first: date, last: date
) -> dict[int, list[Meter]]:
    found: dict[int, list[Meter]] = defaultdict(list)
    query = (
        select(Meter)
        .where(Meter.service_point_id.in_(service_point_ids), Meter.installed <= last)
        .where(or_(Meter.removed.is_(None), Meter.removed >= first))
        .order_by(Meter.installed, Meter.id)
    )
    for meter in session.scalars(query):
        found[meter.service_point_id].append(meter)
    return found


def _dials(session: Session, meter_ids: Sequence[int], first: date, last: date) -> Dials:
    """Dial readings by meter and register, from the evening before the month on."""
    found: Dials = defaultdict(dict)
    query = select(RegisterReading).where(
        RegisterReading.meter_id.in_(meter_ids),
        RegisterReading.day.between(first - ONE_DAY, last),
    )
    for reading in session.scalars(query):
        found[reading.meter_id, reading.register][reading.day] = reading
    return found


@dataclass(slots=True)
class _Part:
    """What one meter adds to the month."""

    missing: NDArray[np.bool_]
    import_wh: NDArray[np.int64] | None = None
    register_wh: int = 0
    export_wh: int = 0
    reactive_varh: int | None = None
    estimated: bool = False
    dials: list[DialSpan] = field(default_factory=list)


def _by_intervals(meter: Meter, stored: list[Day], dials: Dials, month: Month) -> _Part:
    part = _Part(_in_place(meter, month), np.zeros((_length(month), QUARTERS), np.int64))
    for day in stored:
        at = (day.day - month[0]).days
        part.import_wh[at] = day.import_wh  # type: ignore[index]
        part.missing[at] = bool((day.quality == MISSING).any())
        part.estimated |= bool((day.quality == ESTIMATED).any())
    part.export_wh = sum(int(day.export_wh.sum()) for day in stored if day.export_wh is not None)
    reactive = [int(day.reactive_varh.sum()) for day in stored if day.reactive_varh is not None]
    part.reactive_varh = sum(reactive) if reactive else None
    counted = {
        Channel.IMPORT: int(part.import_wh.sum()),  # type: ignore[union-attr]
        Channel.EXPORT: part.export_wh,
        Channel.REACTIVE: part.reactive_varh or 0,
    }
    part.dials = [
        span
        for register, wh in counted.items()
        if (span := _shown(meter, register, wh, dials, month))
    ]
    return part


def _shown(meter: Meter, register: Channel, wh: int, dials: Dials, month: Month) -> DialSpan | None:
    """The dial of an interval meter; one that was not read at the end is counted on by `wh`."""
    before, after = _edges(meter, register, dials, month)
    if before is None:
        return None
    counted_on = (before.reading_wh + wh) % (10**meter.digits * registers.WH_PER_KWH)
    end_wh = counted_on if after is None else after.reading_wh
    return DialSpan(meter.meter_no, register, before.reading_wh, end_wh)


def _by_dials(meter: Meter, dials: Dials, month: Month) -> _Part:
    part = _Part(_in_place(meter, month))
    for register in Channel:
        before, after = _edges(meter, register, dials, month)
        if before is None or after is None:
            continue
        wh = registers.total_advance(
            {before.day: before.reading_wh, after.day: after.reading_wh}, meter.digits
        )
        _count(part, register, wh)
        part.estimated |= before.quality == "E" or after.quality == "E"
        span = DialSpan(meter.meter_no, register, before.reading_wh, after.reading_wh)
        part.dials.append(span)
    return part


def _count(part: _Part, register: Channel, wh: int) -> None:
    if register == Channel.IMPORT:
        part.register_wh = wh
        part.missing[:] = False
    elif register == Channel.EXPORT:
        part.export_wh = wh
    else:
        part.reactive_varh = wh


def _edges(
    meter: Meter, register: Channel, dials: Dials, month: Month
) -> tuple[RegisterReading | None, RegisterReading | None]:
    """The readings on the evening before the meter's first day of the month and on its last."""
    start, end = served(meter, *month)
    readings = dials.get((meter.id, register), {})
    return readings.get(start - ONE_DAY), readings.get(end)


def _in_place(meter: Meter, month: Month) -> NDArray[np.bool_]:
    start, end = served(meter, *month)
    expected = np.zeros(_length(month), bool)
    expected[(start - month[0]).days : (end - month[0]).days + 1] = True
    return expected


def _length(month: Month) -> int:
    return (month[1] - month[0]).days + 1


def _combined(point: int, parts: list[_Part], month: Month) -> MonthUsage:
    empty = np.zeros((_length(month), QUARTERS), np.int64)
    arrays = [part.import_wh for part in parts if part.import_wh is not None]
    import_wh = sum(arrays, empty)
    reactive = [part.reactive_varh for part in parts if part.reactive_varh is not None]
    missing = np.any([part.missing for part in parts], axis=0) if parts else np.zeros(1, bool)
    return MonthUsage(
        service_point_id=point,
        first=month[0],
        last=month[1],
        import_wh=import_wh,
        register_wh=sum(part.register_wh for part in parts),
        export_wh=sum(part.export_wh for part in parts),
        reactive_varh=sum(reactive) if reactive else None,
        max_demand_w=int(import_wh.max()) * WATTS_PER_QUARTER_WH if arrays else None,
        estimated=any(part.estimated for part in parts),
        missing_days=int(missing.sum()),
        dials=tuple(span for part in parts for span in part.dials),
    )
