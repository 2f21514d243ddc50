"""What a file of readings holds: interval readings, dial readings, and rows that are refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from runtime import clock

UWH_PER_WH = 1_000_000
QUARTER = 900
"""Seconds of a quarter-hour, the grain at which use is kept and billed."""

LENGTHS = (300, 900, 1800, 3600)
"""Seconds an interval reading may cover. Longer ones say too little about the time of day."""

CIVIL_OFFSET = 8 * 3600
"""Asia/Shanghai has been UTC+8 without summer time since 1992; older readings are refused."""

EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
LATEST_INSTANT = 60_000_000_000
LARGEST_QUARTER_WH = 100_000_000
"""100 MWh in a quarter-hour is 400 MW: no meter of a customer measures more."""

METER_NO = re.compile(r"[0-9A-Za-z-]{1,20}")


class FileProblem(Exception):  # noqa: N818 - it is the file that is at fault
    """The file as a whole cannot be read. The message is one sentence for the operator."""


class Channel(StrEnum):
    """What a meter counts: energy taken from the grid, fed into it, and reactive energy."""

    IMPORT = "import"
    EXPORT = "export"
    REACTIVE = "reactive"


@dataclass(frozen=True, slots=True)
class IntervalReading:
    """Energy over `seconds` from `start` (seconds of Unix time) in millionths of a Wh or varh."""

    row: int
    meter_no: str
    channel: Channel
    start: int
    seconds: int
    uwh: int
    estimated: bool = False

    @property
    def end(self) -> int:
        """The instant (Unix time) at which the interval ends."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True)
class DialReading:
    """What the dial showed at the end of a civil day, in Wh (varh on the reactive register)."""

    row: int
    meter_no: str
    day: date
    register: Channel
    reading_wh: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not taken in, and why, as a sentence."""

    row: int
    reason: str
    content: str


Row = IntervalReading | DialReading | Rejected


def civil_time(start: int) -> str:
    """The civil date and time of an instant, as people write it."""
    return datetime.fromtimestamp(start, clock.BEIJING).strftime("%Y-%m-%d %H:%M")


def instant(start: int) -> str:
    """An instant of Unix time in ISO 8601, UTC; as a bare number when no calendar holds it."""
    if abs(start) > LATEST_INSTANT:
        return f"{start} s"
    return datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def kwh(uwh: int) -> Decimal:
    """Millionths of a Wh as exact kWh, without trailing zeros."""
    exact = Decimal(uwh).scaleb(-9).normalize()
    return exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact


def reject_interval(start: int, seconds: int, uwh: int) -> str | None:
    """Why an interval reading cannot be true, or None when it may be."""
    if uwh < 0:
        return "The value is negative; a meter counts import and export apart."
    if seconds not in LENGTHS:
        return f"An interval of {seconds} s is none of {', '.join(map(str, LENGTHS))} s."
    if start % min(seconds, QUARTER):
        return f"The interval starts at {instant(start)}, which is not on a quarter-hour."
    if start < EARLIEST:
        return f"The interval starts at {instant(start)}, before the year 2000."
    if start > clock.now().timestamp() + 86400:
        return f"The interval starts at {instant(start)}, which is in the future."
    if uwh > LARGEST_QUARTER_WH * UWH_PER_WH * max(seconds, QUARTER) // QUARTER:
        return f"{kwh(uwh)} kWh in {seconds // 60} minutes is more than any meter measures."
    return None


def quarters(reading: IntervalReading) -> Iterator[tuple[int, int]]:
    """The reading as quarter-hours: start and energy. An hour is spread evenly, its sum exact.

    What does not divide goes to the first quarters, one millionth of a Wh each.
    """
    count = max(1, reading.seconds // QUARTER)
    share, left = divmod(reading.uwh, count)
    first = reading.start - reading.start % QUARTER
    for n in range(count):
        yield first + n * QUARTER, share + (n < left)
