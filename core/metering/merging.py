"""New readings against what is stored: which value stands.

A quarter-hour is measured (V), estimated (E) or missing (M), and its letter is that of its import.
- A measured value takes the place of an estimate or a gap.
- An estimate of the sender takes the place of our estimate or a gap, never of a measured value.
- A measured value that differs from a measured one by more than 1 Wh is refused, unless the file
  is sent as a correction. 1 Wh is rounding.
- Export and reactive energy that was not reported is 0 and may be filled in later.
- On the day a meter is fitted or removed, what it does not report is 0 and measured: the other
  meter, or nobody, used it.
- A spike is refused (see `core.metering.validation`), unless the file is sent as a correction.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from core.metering.days import ESTIMATED, MEASURED, MISSING, QUARTERS, Day, Letters, Mask, Quarters
from core.metering.readings import (
    CIVIL_OFFSET,
    QUARTER,
    UWH_PER_WH,
    Channel,
    IntervalReading,
    Rejected,
    civil_time,
    kwh,
    quarters,
)
from core.metering.validation import Limits, spikes

ROUNDING_WH = 1
HALF = UWH_PER_WH // 2


@dataclass(slots=True)
class _Values:
    """One channel of one day as it is read in: energy, seconds covered, and whence."""

    uwh: list[int] = field(default_factory=lambda: [0] * QUARTERS)
    seconds: list[int] = field(default_factory=lambda: [0] * QUARTERS)
    source: list[list[IntervalReading]] = field(
        default_factory=lambda: [[] for _ in range(QUARTERS)]
    )

    def wh(self) -> Quarters:
        """Whole Wh: the running total of the day is rounded, so that the day's sum is exact."""
        totals = np.cumsum(np.array([0, *self.uwh], np.int64))
        return np.diff((totals + HALF) // UWH_PER_WH)

    def full(self) -> Mask:
        """Which quarter-hours are covered from end to end."""
        return np.equal(self.seconds, QUARTER)


@dataclass(slots=True)
class Incoming:
    """What a file says about one meter and day."""

    channels: dict[Channel, _Values] = field(default_factory=lambda: defaultdict(_Values))

    def add(self, reading: IntervalReading, start: int, uwh: int) -> None:
        """Add a quarter-hour, or a part of one, that begins at `start`."""
        slot = (start + CIVIL_OFFSET) % 86400 // QUARTER
        values = self.channels[reading.channel]
        values.uwh[slot] += uwh
        values.seconds[slot] += min(reading.seconds, QUARTER)
        values.source[slot].append(reading)

    def refused(self, reason: str) -> list[Rejected]:
        """Every reading of the day, refused for one reason."""
        readings = {
            (channel, part.start): part
            for channel, values in self.channels.items()
            for parts in values.source
            for part in parts
        }
        return [rejection(reading, reason) for reading in readings.values()]


def by_day(reading: IntervalReading) -> Iterator[tuple[int, int, int]]:
    """Each quarter-hour of a reading: civil day as days since 1970, start, millionths of a Wh."""
    for start, uwh in quarters(reading):
        yield (start + CIVIL_OFFSET) // 86400, start, uwh


class Merge:
    """One meter's day: what was stored, with what a file says laid over it."""

    def __init__(self, stored: Day, *, edge_of_service: bool, limits: Limits | None) -> None:
        """`limits` is None for a correction: whoever sends one has looked."""
        self.day = stored
        self.rejected: list[Rejected] = []
        self._limits = limits
        self._edge = edge_of_service

    def lay_over(self, incoming: Incoming) -> Day:
        """The day as it stands afterwards; what was refused is in `rejected`."""
        letters = self.day.quality.copy()
        for channel, values in incoming.channels.items():
            self._lay(channel, values, letters)
        if self._edge:
            letters[letters == MISSING] = MEASURED
        self.day.quality = letters
        return self.day

    def _lay(self, channel: Channel, values: _Values, letters: Letters) -> None:
        given, wh, before = values.full(), values.wh(), self._stored(channel)
        self._refuse_parts(values)
        estimated = np.array([any(part.estimated for part in parts) for parts in values.source])
        measured = self._measured(channel, before)
        keep = given & measured & (np.abs(wh - before) <= ROUNDING_WH)
        clash = given & measured & ~keep & (estimated | (self._limits is not None))
        spike = self._spikes(wh, given & ~clash & ~keep, before)
        self._refuse(values, clash, "differs from the measured value; send it as a correction")
        self._refuse(values, spike, "is a spike, more than the connection can carry")
        take = given & ~keep & ~clash & ~spike
        self._put(channel, np.where(take, wh, before))
        if channel == Channel.IMPORT:
            letters[take] = np.where(estimated, ESTIMATED, MEASURED)[take]
        else:
            letters[take & estimated & (letters == MEASURED)] = ESTIMATED

    def _stored(self, channel: Channel) -> Quarters:
        values = {
            Channel.IMPORT: self.day.import_wh,
            Channel.EXPORT: self.day.export_wh,
            Channel.REACTIVE: self.day.reactive_varh,
        }[channel]
        return np.zeros(QUARTERS, np.int64) if values is None else values

    def _put(self, channel: Channel, values: Quarters) -> None:
        if channel == Channel.IMPORT:
            self.day.import_wh = values
        elif channel == Channel.EXPORT:
            self.day.export_wh = values
        else:
            self.day.reactive_varh = values

    def _measured(self, channel: Channel, before: Quarters) -> Mask:
        measured = np.equal(self.day.quality, MEASURED)
        zero_is_known = channel == Channel.IMPORT and not self._edge
        return measured if zero_is_known else measured & (before != 0)

    def _spikes(self, wh: Quarters, fresh: Mask, before: Quarters) -> Mask:
        if self._limits is None:
            return np.zeros(QUARTERS, bool)
        return fresh & spikes(np.where(fresh, wh, before), self._limits)

    def _refuse(self, values: _Values, where: Mask, reason: str) -> None:
        readings = {
            part.start: part for slot in np.flatnonzero(where) for part in values.source[slot]
        }
        self.rejected.extend(rejection(reading, reason) for reading in readings.values())

    def _refuse_parts(self, values: _Values) -> None:
        part = np.array([0 < seconds < QUARTER for seconds in values.seconds])
        self._refuse(values, part, "leaves a part of its quarter-hour without a reading")


def rejection(reading: IntervalReading, reason: str) -> Rejected:
    """The reading refused; `reason` completes "The import from 2026-11-03 08:15 …"."""
    sentence = f"The {reading.channel} from {civil_time(reading.start)} {reason}."
    return Rejected(reading.row, sentence, f"{reading.meter_no} {kwh(reading.uwh)} kWh")


def day_of(ordinal: int) -> date:
    """The civil day that is so many days after 1970-01-01."""
    return date.fromordinal(date(1970, 1, 1).toordinal() + ordinal)
