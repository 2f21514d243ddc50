"""The demo utility's readings, month by month.

Whole days go in by the bulk path. What is not as it should be comes as it would in life, by files:
days with gaps, a spike, dials that are read by hand. Doing a month again adds what is not there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.demo.blemishes import Blemish, blemishes
from core.demo.files import DialRow, send_days, send_dials
from core.demo.loads import Month, month_of
from core.demo.roster import Supply, dice
from core.metering import days as meter_days
from core.metering.days import QUARTERS, Day, Quarters, letters_of
from core.metering.estimation import estimate_month
from core.metering.readings import Channel
from core.metering.registers import WH_PER_KWH
from core.metering.usage import month_usages, served
from core.models import Meter, MeterDay, RegisterReading, ServicePoint
from core.partitions import next_month
from runtime.database import Database

ONE_DAY = timedelta(days=1)
EXCHANGE_SLOT = 42
"""The fitter comes at 10:30."""

BATCH = 3000
"""Meter-days stored in one transaction."""

FRESH = timedelta(days=2)
"""Gaps of the last days wait for the reading to come after all."""

TURN_OVER_SOON_WH = 98_700 * WH_PER_KWH


@dataclass(frozen=True, slots=True)
class Span:
    """A month of the demo, up to the last day that there are readings of."""

    first: date
    through: date
    history: bool
    event: bool

    @property
    def last(self) -> date:
        """The last day of the month."""
        return next_month(self.first) - ONE_DAY

    @property
    def period(self) -> str:
        """The month as a bill names it."""
        return f"{self.first:%Y-%m}"

    @property
    def over(self) -> bool:
        """Whether there are readings of every day."""
        return self.through >= self.last


Meters = dict[str, list[Meter]]
"""Meters by account number, the first one first."""


def meters_of(session: Session, supplies: Sequence[Supply]) -> Meters:
    """The meters of these accounts."""
    points = {supply.service_point_no: supply.account_no for supply in supplies}
    query = (
        select(ServicePoint.service_point_no, Meter)
        .join(Meter, Meter.service_point_id == ServicePoint.id)
        .where(ServicePoint.service_point_no.in_(points))
        .order_by(Meter.installed)
    )
    found: Meters = defaultdict(list)
    for service_point_no, meter in session.execute(query):
        found[points[service_point_no]].append(meter)
    return found


def first_dials(database: Database, supplies: Sequence[Supply], first: date) -> None:
    """What the dials showed on the evening before the first month."""
    with database.unit_of_work() as session:
        meters = meters_of(session, supplies)
    rows = [
        (
            meter.meter_no,
            max(first, meter.installed) - ONE_DAY,
            register,
            _start(supply, meter, first),
        )
        for supply in supplies
        for meter in meters[supply.account_no]
        for register in _registers(supply)
    ]
    send_dials(database, f"dials-{first - ONE_DAY:%Y-%m}.csv", rows)


def meter_month(database: Database, supplies: Sequence[Supply], span: Span) -> None:
    """Store every reading of the month up to `span.through`, and fill what was lost."""
    wrong = blemishes(supplies, span.first, history=span.history, current=not span.over)
    with database.unit_of_work() as session:
        meters = meters_of(session, supplies)
        known = _known_days(session, meters, span)
        dials = _known_dials(session, meters, span)
    whole: list[Day] = []
    damaged: list[tuple[str, Day, Blemish]] = []
    hand_read: list[DialRow] = []
    for supply in supplies:
        month = month_of(supply, span.first, event=span.event)
        if not supply.interval:
            hand_read += _hand_read(meters[supply.account_no][0], month, dials, wrong, supply, span)
            continue
        for meter_no, day in _days(meters[supply.account_no], month, span):
            blemish = wrong.get((supply.account_no, day.day))
            if (day.meter_id, day.day) in known or (blemish and blemish.absent):
                continue
            if blemish:
                damaged.append((meter_no, day, blemish))
            else:
                whole.append(day)
    _store(database, whole)
    send_days(database, f"readings-{span.through:%Y-%m-%d}.csv", damaged)
    send_dials(database, f"daily-{span.through:%Y-%m-%d}.csv", hand_read)
    _close(database, meters, span)


def _close(database: Database, meters: Meters, span: Span) -> None:
    """Estimate what is lost; at the month's end the dials of all interval meters are read."""
    through = span.last if span.over else span.through - FRESH
    points = {meter.service_point_id for group in meters.values() for meter in group}
    with database.unit_of_work() as session:
        estimate_month(session, span.period, points, through=through)
        usages = month_usages(session, sorted(points), span.period) if span.over else {}
    by_number = {meter.meter_no: meter for group in meters.values() for meter in group}
    rows: list[DialRow] = []
    for usage in usages.values():
        for dial in usage.dials:
            meter = by_number[dial.meter_no]
            if meter.interval:
                end = served(meter, span.first, span.last)[1]
                rows.append((meter.meter_no, end, dial.register, dial.end_wh))
    send_dials(database, f"dials-{span.period}.csv", rows)


def _days(meters: list[Meter], month: Month, span: Span) -> Iterator[tuple[str, Day]]:
    """The month's days of each meter that was in place; on the day of an exchange, of both."""
    for meter in meters:
        for at, day in enumerate(month.days):
            if meter.installed <= day <= min(span.through, meter.removed or day):
                part = _in_place(meter, day)
                yield (
                    meter.meter_no,
                    Day(
                        meter.id,
                        day,
                        month.import_wh[at] * part,
                        None if month.export_wh is None else month.export_wh[at] * part,
                        None if month.reactive_varh is None else month.reactive_varh[at] * part,
                        letters_of(None),
                    ),
                )


def _in_place(meter: Meter, day: date) -> Quarters:
    """1 for each quarter-hour that the meter was in place, else 0."""
    part = np.ones(QUARTERS, np.int64)
    if day == meter.removed:
        part[EXCHANGE_SLOT:] = 0
    elif day == meter.installed and meter.meter_no.endswith("02"):
        part[:EXCHANGE_SLOT] = 0
    return part


def _store(database: Database, days: list[Day]) -> None:
    for at in range(0, len(days), BATCH):
        with database.unit_of_work() as session:
            meter_days.save(session, days[at : at + BATCH])


def _known_days(session: Session, meters: Meters, span: Span) -> set[tuple[int, date]]:
    ids = [meter.id for group in meters.values() for meter in group]
    query = select(MeterDay.meter_id, MeterDay.day).where(
        MeterDay.meter_id.in_(ids), MeterDay.day.between(span.first, span.last)
    )
    return {(meter_id, day) for meter_id, day in session.execute(query)}


Dials = dict[tuple[int, date], int]


def _known_dials(session: Session, meters: Meters, span: Span) -> Dials:
    """Import readings of the meters read by hand, from the evening before the month on."""
    ids = [meter.id for group in meters.values() for meter in group if not meter.interval]
    query = select(RegisterReading).where(
        RegisterReading.meter_id.in_(ids),
        RegisterReading.register == Channel.IMPORT,
        RegisterReading.quality == "V",
        RegisterReading.day.between(span.first - ONE_DAY, span.last),
    )
    return {(row.meter_id, row.day): row.reading_wh for row in session.scalars(query)}


def _hand_read(
    meter: Meter,
    month: Month,
    dials: Dials,
    wrong: dict[tuple[str, date], Blemish],
    supply: Supply,
    span: Span,
) -> Iterator[DialRow]:
    wh = dials[meter.id, span.first - ONE_DAY]
    for day, used in zip(month.days, month.import_wh.sum(axis=1).tolist(), strict=True):
        wh = (wh + used) % (10**meter.digits * WH_PER_KWH)
        lost = (supply.account_no, day) in wrong
        if day <= span.through and not lost and (meter.id, day) not in dials:
            yield meter.meter_no, day, Channel.IMPORT, wh


def _registers(supply: Supply) -> list[Channel]:
    exported = [Channel.EXPORT] if supply.load.pv_kwp else []
    reactive = [Channel.REACTIVE] if supply.load.power_factor else []
    return [Channel.IMPORT, *exported, *reactive]


def _start(supply: Supply, meter: Meter, first: date) -> int:
    """What a dial showed before the demo began; that of a meter fitted later shows 0."""
    if meter.installed >= first:
        return 0
    if supply.event == "rollover":
        return TURN_OVER_SOON_WH
    return int(dice(supply.account_no, "dial").integers(4_000, 60_000)) * WH_PER_KWH
