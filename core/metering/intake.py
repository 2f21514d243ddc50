"""A file's rows, whatever its form, and what they come to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.metering import espi, registers, source, tables
from core.metering.readings import (
    CIVIL_OFFSET,
    Channel,
    DialReading,
    IntervalReading,
    Rejected,
    Row,
    civil_time,
    instant,
    kwh,
)
from core.metering.readings import UWH_PER_WH as PER_WH

SLOT = 300
SLOTS_PER_DAY = 288


def rows(path: Path, meter_no: str | None = None) -> Iterator[Row]:
    """Each row of the file once: accepted, or rejected with the reason. Raises FileProblem.

    An interval that was already given in the file is rejected, so nothing is counted twice.
    """
    parsed = espi.read(path, meter_no) if source.is_xml(path) else tables.read(path)
    return distinct(parsed)


def distinct(parsed: Iterable[Row]) -> Iterator[Row]:
    """The rows, with those that repeat or overlap an earlier one rejected.

    What is remembered is a mark for every five minutes of a day: about 200 bytes a day and
    channel, however many readings there are.
    """
    taken: dict[tuple[str, Channel, int], int] = {}
    dials: set[tuple[str, Channel, date]] = set()
    for row in parsed:
        if isinstance(row, IntervalReading):
            yield row if _claim(taken, row) else _repeated(row)
        elif isinstance(row, DialReading):
            key = (row.meter_no, row.register, row.day)
            yield _dial_again(row) if key in dials else row
            dials.add(key)
        else:
            yield row


def _claim(taken: dict[tuple[str, Channel, int], int], reading: IntervalReading) -> bool:
    marks = list(_marks(reading))
    if any(taken.get(key, 0) & bits for key, bits in marks):
        return False
    for key, bits in marks:
        taken[key] = taken.get(key, 0) | bits
    return True


def _marks(reading: IntervalReading) -> Iterator[tuple[tuple[str, Channel, int], int]]:
    slot = (reading.start + CIVIL_OFFSET) // SLOT
    left = reading.seconds // SLOT
    while left:
        day, first = divmod(slot, SLOTS_PER_DAY)
        count = min(left, SLOTS_PER_DAY - first)
        yield (reading.meter_no, reading.channel, day), ((1 << count) - 1) << first
        slot, left = slot + count, left - count


def _repeated(reading: IntervalReading) -> Rejected:
    reason = f"The {reading.channel} from {civil_time(reading.start)} is already in this file."
    return Rejected(reading.row, reason, f"{reading.meter_no} {kwh(reading.uwh)} kWh")


def _dial_again(reading: DialReading) -> Rejected:
    reason = f"The {reading.register} dial on {reading.day} is already in this file."
    return Rejected(reading.row, reason, f"{reading.meter_no} {reading.reading_wh} Wh")


@dataclass(slots=True)
class Tally:
    """What the accepted rows of a file come to; energy in millionths of a Wh."""

    readings: int = 0
    rejected: int = 0
    uwh: dict[Channel, int] = field(default_factory=lambda: dict.fromkeys(Channel, 0))
    first: int | None = None
    last: int | None = None
    dials: dict[tuple[str, Channel], dict[date, int]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count one row."""
        if isinstance(row, Rejected):
            self.rejected += 1
            return
        self.readings += 1
        if isinstance(row, DialReading):
            self.dials.setdefault((row.meter_no, row.register), {})[row.day] = row.reading_wh
            return
        self.uwh[row.channel] += row.uwh
        self.first = row.start if self.first is None else min(self.first, row.start)
        self.last = row.end if self.last is None else max(self.last, row.end)

    def summary(self) -> dict[str, Any]:
        """`readings`, `kwh` (import), `from`, `to`, `rejected`; export and reactive if any.

        Intervals run from the start of the first to the end of the last, in UTC. Of dial
        readings, `from` and `to` are the first and last day, and `kwh` is what the dials
        advanced in between.
        """
        uwh = {channel: self.uwh[channel] + self._advances(channel) for channel in Channel}
        found: dict[str, Any] = {
            "readings": self.readings,
            "kwh": kwh(uwh[Channel.IMPORT]),
            "from": self._edge(self.first, min),
            "to": self._edge(self.last, max),
            "rejected": self.rejected,
        }
        others: dict[str, Decimal] = {
            "export_kwh": kwh(uwh[Channel.EXPORT]),
            "kvarh": kwh(uwh[Channel.REACTIVE]),
        }
        return found | {name: value for name, value in others.items() if value}

    def _advances(self, channel: Channel) -> int:
        series = [days for (_, register), days in self.dials.items() if register == channel]
        return sum(registers.total_advance(days) for days in series) * PER_WH

    def _edge(self, moment: int | None, pick: Any) -> str | None:
        if moment is not None:
            return instant(moment)
        days = [pick(days) for days in self.dials.values()]
        return pick(days).isoformat() if days else None
