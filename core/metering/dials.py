"""Dial readings in and out of the database, and the daily use between them.

Days without a reading between two measured ones are filled in a straight line and marked as
estimated, so their sum is exactly what the dial went. Estimates after the last measured reading
(`core.metering.estimation`) are dropped when a measured one comes, and made anew when needed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import feed, published
from core.metering.readings import Channel, DialReading, Rejected
from core.metering.registers import WH_PER_KWH, advance
from core.metering.validation import MeterInPlace
from core.models import RegisterReading

ONE_DAY = timedelta(days=1)

_SINCE_LAST_MEASURED = text(
    """
    select reading.meter_id, reading.register, reading.day, reading.reading_wh, reading.quality
    from unnest(cast(:ids as bigint[]), cast(:days as date[])) as wanted(meter_id, day)
    join core.register_reading reading using (meter_id)
    where reading.day >= coalesce(
        (select max(measured.day) from core.register_reading measured
         where measured.meter_id = wanted.meter_id and measured.register = reading.register
           and measured.day < wanted.day and measured.quality = 'V'),
        wanted.day)
    """
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored dial reading: Wh, and V measured or E estimated."""

    wh: int
    quality: str = "V"


Series = dict[date, Shown]
Stored = dict[tuple[int, str], Series]


@dataclass(slots=True)
class Outcome:
    """What storing dial readings came to."""

    changed_days: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def store(
    session: Session,
    readings: Iterable[DialReading],
    meters: dict[str, MeterInPlace],
    *,
    correction: bool = False,
) -> Outcome:
    """Take in dial readings of meters that the caller has locked.

    A reading that differs from a measured one of the same day, or that the dial cannot have come
    to, is refused; with `correction` it takes the other's place.
    """
    outcome = Outcome()
    by_meter: dict[str, list[DialReading]] = defaultdict(list)
    for reading in readings:
        reason = _misplaced(reading, meters.get(reading.meter_no))
        if reason:
            outcome.rejected.append(_rejected(reading, reason))
        else:
            by_meter[reading.meter_no].append(reading)
    if not by_meter:
        return outcome
    before = load(session, {meters[n].id: min(r.day for r in rs) for n, rs in by_meter.items()})
    after: Stored = {key: dict(series) for key, series in before.items()}
    for name, given in by_meter.items():
        for reading in sorted(given, key=lambda reading: reading.day):
            series = after.setdefault((meters[name].id, reading.register), {})
            reason = _take(series, reading, meters[name], correction=correction)
            if reason:
                outcome.rejected.append(_rejected(reading, reason))
    for meter in meters.values():
        for register in Channel if not meter.interval else ():
            interpolate(after.get((meter.id, register), {}), meter.digits)
    outcome.changed_days = write(session, before, after, meters)
    return outcome


def load(session: Session, since: dict[int, date]) -> Stored:
    """Readings of each meter from its last measured one before a day on."""
    found: Stored = defaultdict(dict)
    parameters = {"ids": list(since), "days": list(since.values())}
    for meter_id, register, day, wh, quality in session.execute(_SINCE_LAST_MEASURED, parameters):
        found[meter_id, register][day] = Shown(wh, quality)
    return found


def write(session: Session, before: Stored, after: Stored, meters: dict[str, MeterInPlace]) -> int:
    """Store what differs and tell the daily use of meters without quarter-hours.

    The answer is how many readings were changed.
    """
    changed: dict[int, set[date]] = defaultdict(set)
    rows: list[dict[str, Any]] = []
    gone: list[tuple[int, date, str]] = []
    names = {meter.id: name for name, meter in meters.items()}
    for (meter_id, register), series in after.items():
        old = before.get((meter_id, register), {})
        for day in series.keys() | old.keys():
            if series.get(day) != old.get(day):
                changed[meter_id].add(day)
        rows += _rows(meter_id, register, series, old)
        gone += [(meter_id, day, register) for day in old.keys() - series.keys()]
    _delete(session, gone)
    _upsert(session, rows)
    dial_meters = {i: days for i, days in changed.items() if not meters[names[i]].interval}
    feed.append(session, _daily_uses(dial_meters, after, meters, names))
    return sum(map(len, changed.values()))


def interpolate(series: Series, digits: int) -> None:
    """Fill the days between measured readings in a straight line; drop estimates after the last."""
    measured = sorted(day for day, shown in series.items() if shown.quality == "V")
    if not measured:
        return
    for day in [day for day in series if day > measured[-1]]:
        del series[day]
    dial = 10**digits * WH_PER_KWH
    for first, last in pairwise(measured):
        length = (last - first).days
        went = (series[last].wh - series[first].wh) % dial
        for n in range(1, length):
            wh = (series[first].wh + went * n // length) % dial
            series[first + n * ONE_DAY] = Shown(wh, "E")


def _misplaced(reading: DialReading, meter: MeterInPlace | None) -> str | None:
    if meter is None:
        return f"The meter {reading.meter_no!r} is not known."
    if reading.day < meter.installed - ONE_DAY:
        return f"The meter was fitted on {meter.installed}, after this reading."
    if meter.removed is not None and reading.day > meter.removed:
        return f"The meter was removed on {meter.removed}, before this reading."
    return None


def _take(
    series: Series, reading: DialReading, meter: MeterInPlace, *, correction: bool
) -> str | None:
    """Put a reading into the series, or say why it cannot be one of it."""
    there = series.get(reading.day)
    if there == Shown(reading.reading_wh):
        return None
    if there is not None and there.quality == "V" and not correction:
        return "The reading differs from the measured one of that day; send it as a correction."
    for before, after in _neighbours(series, reading):
        step = advance(
            before[1],
            after[1],
            (after[0] - before[0]).days,
            digits=meter.digits,
            day_wh=10**meter.digits * WH_PER_KWH if correction else meter.limits.day_wh,
        )
        if step.refusal:
            return step.refusal
    series[reading.day] = Shown(reading.reading_wh)
    return None


Point = tuple[date, int]


def _neighbours(series: Series, reading: DialReading) -> Iterator[tuple[Point, Point]]:
    """The steps from the measured reading before, and to the one after."""
    here = (reading.day, reading.reading_wh)
    measured = [(day, shown.wh) for day, shown in series.items() if shown.quality == "V"]
    earlier = [point for point in measured if point[0] < reading.day]
    later = [point for point in measured if point[0] > reading.day]
    if not earlier and not later:
        yield here, here
    if earlier:
        yield max(earlier), here
    if later:
        yield here, min(later)


def _rejected(reading: DialReading, reason: str) -> Rejected:
    content = f"{reading.meter_no} {reading.day} {reading.register} {reading.reading_wh} Wh"
    return Rejected(reading.row, reason, content)


def _rows(meter_id: int, register: str, series: Series, old: Series) -> list[dict[str, Any]]:
    return [
        {
            "meter_id": meter_id,
            "day": day,
            "register": str(register),
            "reading_wh": shown.wh,
            "quality": shown.quality,
        }
        for day, shown in series.items()
        if old.get(day) != shown
    ]


def _upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    query = insert(RegisterReading)
    new = {"reading_wh": query.excluded.reading_wh, "quality": query.excluded.quality}
    session.execute(
        query.on_conflict_do_update(index_elements=["meter_id", "day", "register"], set_=new),
        sorted(rows, key=lambda row: (row["meter_id"], row["day"], row["register"])),
    )


def _delete(session: Session, gone: list[tuple[int, date, str]]) -> None:
    if gone:
        key = tuple_(RegisterReading.meter_id, RegisterReading.day, RegisterReading.register)
        session.execute(delete(RegisterReading).where(key.in_(gone)))


def _daily_uses(
    changed: dict[int, set[date]],
    after: Stored,
    meters: dict[str, MeterInPlace],
    names: dict[int, str],
) -> Iterator[feed.Change]:
    """The use of each day whose reading, or the reading before, changed."""
    for meter_id, days in changed.items():
        dial = 10 ** meters[names[meter_id]].digits * WH_PER_KWH
        imported = after.get((meter_id, Channel.IMPORT), {})
        exported = after.get((meter_id, Channel.EXPORT), {})
        for day in sorted(days | {day + ONE_DAY for day in days}):
            use = _use(imported, day, dial)
            if use is not None:
                export = _use(exported, day, dial) or Shown(0)
                quality = max(use.quality, export.quality, key="VE".index)
                yield published.daily_use(names[meter_id], day, use.wh, export.wh, quality)


def _use(series: Series, day: date, dial: int) -> Shown | None:
    before, after = series.get(day - ONE_DAY), series.get(day)
    if before is None or after is None:
        return None
    return Shown((after.wh - before.wh) % dial, max(before.quality, after.quality, key="VE".index))


def measured_since(session: Session, meter_ids: Iterable[int], since: date) -> Stored:
    """Measured readings of these meters from a day on."""
    found: Stored = defaultdict(dict)
    query = select(RegisterReading).where(
        RegisterReading.meter_id.in_(list(meter_ids)),
        RegisterReading.day >= since,
        RegisterReading.quality == "V",
    )
    for row in session.scalars(query):
        found[row.meter_id, row.register][row.day] = Shown(row.reading_wh)
    return found
