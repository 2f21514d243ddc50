"""CSV files of readings, in three forms told apart by their header; see docs/readings.md.

Quarter-hours, one row each: `meter_no,start,kwh`, with `export_kwh`, `kvarh`, `minutes` and
`quality` where there are such columns. Quarter-hours, one row a day: `meter_no,day` and the
columns `00:00` to `23:45`, with `channel` for export and reactive. Dial readings at the end of a
day: `meter_no,day,register,kwh`. Every kWh column may be a Wh column instead.
"""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from core.metering import source
from core.metering.readings import (
    METER_NO,
    QUARTER,
    UWH_PER_WH,
    Channel,
    DialReading,
    FileProblem,
    IntervalReading,
    Rejected,
    Row,
    reject_interval,
)
from runtime import clock

QUARTER_COLUMNS = tuple(f"{n // 4:02}:{n % 4 * 15:02}" for n in range(96))
VALUE_COLUMNS = {
    "kwh": (Channel.IMPORT, 9),
    "wh": (Channel.IMPORT, 6),
    "export_kwh": (Channel.EXPORT, 9),
    "export_wh": (Channel.EXPORT, 6),
    "kvarh": (Channel.REACTIVE, 9),
    "varh": (Channel.REACTIVE, 6),
}
"""Column name to channel and the power of ten from its unit to a millionth of a Wh."""

NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,9})?", re.ASCII)
LARGEST_DIAL_WH = 10**12

Cells = dict[str, str]
Form = Callable[[int, Cells], Iterator[Row]]


class _Refused(Exception):  # noqa: N818 - the row's fault, caught in this file
    """Why a row is not taken in."""


def read(path: Path) -> Iterator[Row]:
    """The rows of a CSV file; a row is numbered by its line. Raises FileProblem."""
    table = csv.reader(source.lines(path), strict=True)
    try:
        header = [name.strip().lower() for name in next(table, [])]
        form = _form(header)
        for cells in table:
            if any(cell.strip() for cell in cells):
                yield from _row(form, header, table.line_num, cells)
    except csv.Error as error:
        raise FileProblem(f"Line {table.line_num} is not CSV: {error}.") from None


def _form(header: list[str]) -> Form:
    names = set(header)
    if len(names) < len(header):
        raise FileProblem("The header names a column twice.")
    if {"meter_no", "day", "register"} < names and names & {"kwh", "wh"}:
        return _dial
    if {"meter_no", "day", *QUARTER_COLUMNS} <= names:
        return _day_of_quarters
    if {"meter_no", "start"} < names and names & VALUE_COLUMNS.keys():
        return _interval
    raise FileProblem(
        "The header fits none of the forms meter_no,start,kwh; meter_no,day,00:00…23:45; "
        "meter_no,day,register,kwh."
    )


def _row(form: Form, header: list[str], number: int, cells: list[str]) -> Iterator[Row]:
    content = ",".join(cells)[:200]
    if len(cells) != len(header):
        reason = f"The row has {len(cells)} cells where the header has {len(header)}."
        yield Rejected(number, reason, content)
        return
    try:
        yield from form(number, dict(zip(header, map(str.strip, cells), strict=True)))
    except _Refused as refusal:
        yield Rejected(number, str(refusal), content)


def _interval(number: int, cells: Cells) -> Iterator[Row]:
    meter_no, start = _meter_no(cells), _start(cells["start"])
    minutes = cells.get("minutes") or "15"
    if not minutes.isascii() or not minutes.isdigit():
        raise _Refused(f"The length {minutes!r} is not a number of minutes.")
    values = [name for name in VALUE_COLUMNS if cells.get(name)]
    if not values:
        raise _Refused("The row has no value.")
    for name in values:
        channel, power = VALUE_COLUMNS[name]
        uwh = _number(cells[name], power)
        reading = (number, meter_no, channel, start, int(minutes) * 60, uwh, _estimated(cells))
        yield _checked(reading, ",".join(cells.values())[:200])


def _day_of_quarters(number: int, cells: Cells) -> Iterator[Row]:
    meter_no, day = _meter_no(cells), _day(cells["day"])
    channel = _channel(cells.get("channel") or "import", "channel")
    power = {"kwh": 9, "wh": 6}.get((cells.get("unit") or "kwh").lower())
    if power is None:
        raise _Refused(f"The unit {cells['unit']!r} is neither kwh nor wh.")
    midnight = int(clock.civil_midnight(day).timestamp())
    for n, name in enumerate(QUARTER_COLUMNS):
        if cells[name]:
            yield _quarter(number, name, (meter_no, channel, midnight + n * QUARTER), cells, power)


def _quarter(
    number: int, name: str, where: tuple[str, Channel, int], cells: Cells, power: int
) -> Row:
    meter_no, channel, start = where
    try:
        uwh = _number(cells[name], power)
    except _Refused as refusal:
        return Rejected(number, f"Column {name}: {refusal}", cells[name])
    reading = (number, meter_no, channel, start, QUARTER, uwh, _estimated(cells))
    return _checked(reading, cells[name])


def _dial(number: int, cells: Cells) -> Iterator[Row]:
    meter_no, day = _meter_no(cells), _day(cells["day"])
    register = _channel(cells["register"], "register")
    name, power = ("kwh", 3) if cells.get("kwh") else ("wh", 0)
    if not cells.get(name):
        raise _Refused("The row has no value.")
    reading_wh = round(Decimal(_number(cells[name], power + 6)) / UWH_PER_WH)
    if reading_wh < 0:
        raise _Refused("The dial reading is negative; a dial counts up from zero.")
    if reading_wh > LARGEST_DIAL_WH:
        raise _Refused("The dial reading has more digits than any dial.")
    if day > clock.today():
        raise _Refused(f"The day {day} is in the future.")
    yield DialReading(number, meter_no, day, register, reading_wh)


def _checked(reading: tuple[int, str, Channel, int, int, int, bool], content: str) -> Row:
    number, _, _, start, seconds, uwh, _ = reading
    reason = reject_interval(start, seconds, uwh)
    return Rejected(number, reason, content) if reason else IntervalReading(*reading)


def _meter_no(cells: Cells) -> str:
    if not METER_NO.fullmatch(cells["meter_no"]):
        raise _Refused(f"{cells['meter_no'][:40]!r} is not a meter number.")
    return cells["meter_no"]


def _start(text: str) -> int:
    """Seconds of Unix time; a time without an offset is of Asia/Shanghai."""
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=clock.BEIJING)
        return int(aware.timestamp())
    except (ValueError, OverflowError):
        raise _Refused(f"{text[:40]!r} is not a date and time (2026-11-03 08:15).") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Refused(f"{text[:40]!r} is not a date (2026-11-03).") from None


def _channel(text: str, what: str) -> Channel:
    try:
        return Channel(text.lower())
    except ValueError:
        raise _Refused(f"The {what} {text[:40]!r} is not import, export or reactive.") from None


def _number(text: str, power: int) -> int:
    """The number times ten to the power, exact. Raises _Refused."""
    if not NUMBER.fullmatch(text):
        raise _Refused(f"{text[:40]!r} is not a number (12.25).")
    scaled = Decimal(text).scaleb(power)
    if scaled != scaled.to_integral_value():
        raise _Refused(f"{text} is finer than a millionth of a Wh.")
    return int(scaled)


def _estimated(cells: Cells) -> bool:
    letter = (cells.get("quality") or "V").upper()
    if letter not in ("V", "E"):
        raise _Refused(f"The quality {letter[:10]!r} is neither V (measured) nor E (estimated).")
    return letter == "E"
