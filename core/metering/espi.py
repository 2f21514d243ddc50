"""Green Button: usage in the Atom feed of the Energy Services Provider Interface.

The form is NAESB REQ.21 ESPI (schema espi.xsd). A file is read twice: once to learn which
reading type and which usage point each interval block belongs to, since Atom promises no order
of entries, and once to stream the readings. Neither pass keeps the readings in memory.

Timestamps are seconds of Unix time, so `LocalTimeParameters` (offset and summer time of the
utility that wrote the file) changes no reading; days are those of Asia/Shanghai. The interval a
block declares is not checked against its readings: in the month summer time ends or begins it
is an hour off in the sample files themselves. Costs and summaries are left aside.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from core.metering.readings import (
    METER_NO,
    UWH_PER_WH,
    Channel,
    FileProblem,
    IntervalReading,
    Rejected,
    reject_interval,
)
from core.metering.source import opened

WATT_HOURS, VAR_HOURS = 72, 73
UNITS = {WATT_HOURS: "Wh", VAR_HOURS: "varh"}
FORWARD, REVERSE = 1, 19
ELECTRICITY = {0, 1, 2}
DELTA = {0, 4}
ESTIMATED = {8, 9, 12}
"""QualityOfReading: by reference day, by interpolation, projected."""

SMALLEST_MULTIPLIER, LARGEST_MULTIPLIER = -6, 12


@dataclass(frozen=True, slots=True)
class ReadingType:
    """What the values of a block mean; `refusal` says why none of them can be taken."""

    channel: Channel = Channel.IMPORT
    uwh_per_unit: int = UWH_PER_WH
    seconds: int | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class _Series:
    meter_no: str
    kind: ReadingType


STRAY = _Series("", ReadingType(refusal="The reading stands outside a block of readings."))


@dataclass(slots=True)
class _Entry:
    own: str = ""
    up: str = ""
    related: set[str] = field(default_factory=set)
    title: str = ""


@dataclass(slots=True)
class _Directory:
    usage_points: list[_Entry] = field(default_factory=list)
    meter_readings: list[_Entry] = field(default_factory=list)
    types: dict[str, ReadingType] = field(default_factory=dict)
    blocks: list[_Entry] = field(default_factory=list)


def read(path: Path, meter_no: str | None = None) -> Iterator[IntervalReading | Rejected]:
    """Every interval reading of the file, in its order; a row is numbered by that order.

    `meter_no` names the meter when the file does not. Raises FileProblem when the file is not
    well-formed, before any reading is given out.
    """
    series = [*_series(_directory(path), meter_no), STRAY]
    block = row = 0
    expected: int | None = None
    for name, element in _walk(path):
        if name == "IntervalBlock":
            block, expected = block + 1, None
        elif name == "interval":
            expected = _integer(element, "start")
        elif name == "IntervalReading":
            row += 1
            found = _reading(element, row, series[block], expected)
            expected = found.end if isinstance(found, IntervalReading) else None
            yield found


def _walk(path: Path) -> Iterator[tuple[str, Element]]:
    """Elements as they end; readings, blocks' rest and entries are dropped once seen."""
    trail: list[Element] = []
    try:
        with opened(path) as stream:
            for event, element in iterparse(stream, ("start", "end"), forbid_dtd=True):
                if event == "start":
                    trail.append(element)
                    continue
                trail.pop()
                name = _local(element)
                yield name, element
                if name in ("IntervalReading", "entry") and trail:
                    trail[-1].remove(element)
    except ParseError as error:
        line = error.position[0]
        raise FileProblem(f"The XML is broken or cut off at line {line}.") from None
    except DefusedXmlException:
        raise FileProblem("The XML declares a document type or entities; refused.") from None
    except (ValueError, LookupError):
        raise FileProblem("The XML is in an encoding that cannot be read.") from None


def _directory(path: Path) -> _Directory:
    found = _Directory()
    name = ""
    for name, element in _walk(path):
        if name == "IntervalBlock":
            found.blocks.append(_Entry())
        elif name == "entry":
            _enter(found, element)
    if name != "feed":
        raise FileProblem("The XML is not a Green Button feed.")
    return found


def _enter(found: _Directory, element: Element) -> None:
    entry = _entry(element)
    blocks = 0
    for item in element.iter():
        match _local(item):
            case "UsagePoint":
                found.usage_points.append(entry)
            case "MeterReading":
                found.meter_readings.append(entry)
            case "ReadingType":
                found.types[entry.own] = reading_type(item)
            case "IntervalBlock":
                blocks += 1
    found.blocks[len(found.blocks) - blocks :] = [entry] * blocks


def _entry(element: Element) -> _Entry:
    entry = _Entry()
    for child in element:
        href = child.get("href", "").rstrip("/")
        match _local(child), child.get("rel"):
            case "link", "self":
                entry.own = href
            case "link", "up":
                entry.up = href
            case "link", "related":
                entry.related.add(href)
            case "title", _:
                entry.title = (child.text or "").strip()
    return entry


def _series(found: _Directory, meter_no: str | None) -> list[_Series]:
    _refuse_two_by_one_name(found, meter_no)
    return [_series_of(block, found, meter_no) for block in found.blocks]


def _refuse_two_by_one_name(found: _Directory, meter_no: str | None) -> None:
    """Readings of two meters under one number would make a bill that is right for neither."""
    points = {point.own: meter_no or _meter_no(point) for point in found.usage_points}
    for name, count in Counter(points.values()).items():
        if count > 1:
            raise FileProblem(
                f"The file has {count} usage points that would all be meter {name}; "
                "give each a title that is its meter number."
            )


def _series_of(block: _Entry, found: _Directory, meter_no: str | None) -> _Series:
    reading = _parent(block, found.meter_readings, "IntervalBlock")
    point = _parent(reading, found.usage_points, "UsagePoint/MeterReading") if reading else None
    if point is None and len(found.usage_points) == 1:
        point = found.usage_points[0]
    return _Series(meter_no or _meter_no(point), _type_of(reading, found))


def _parent(child: _Entry, candidates: list[_Entry], collection: str) -> _Entry | None:
    last = collection.rpartition("/")[2]
    for candidate in candidates:
        if child.up and (child.up in candidate.related or child.up == f"{candidate.own}/{last}"):
            return candidate
    return candidates[0] if len(candidates) == 1 else None


def _type_of(reading: _Entry | None, found: _Directory) -> ReadingType:
    for href in reading.related if reading else ():
        if href in found.types:
            return found.types[href]
    if len(found.types) == 1:
        return next(iter(found.types.values()))
    return ReadingType(refusal="The file does not say what this block of readings measures.")


def _meter_no(point: _Entry | None) -> str:
    """The usage point's title when it can be a meter number, else the end of its address."""
    if point is None:
        return ""
    return point.title if METER_NO.fullmatch(point.title) else point.own.rpartition("/")[2]


def reading_type(element: Element) -> ReadingType:
    """Unit, direction and length of a ReadingType element.

    Only energy counted per interval can be billed: uom 72 (Wh) forward or reverse, and uom 73
    (varh), whose direction does not matter since its absolute value counts (TARIFFS 2.3).
    """
    code = {name: _integer(element, name) for name in _TYPE_FIELDS}
    refusal = _garbled(element, *_TYPE_FIELDS) or _refusal(code)
    if refusal:
        return ReadingType(refusal=refusal)
    reverse = code["flowDirection"] == REVERSE
    channel = Channel.EXPORT if reverse else Channel.IMPORT
    if code["uom"] == VAR_HOURS:
        channel = Channel.REACTIVE
    multiplier = 10 ** (6 + (code["powerOfTenMultiplier"] or 0))
    return ReadingType(channel, multiplier, code["intervalLength"])


_TYPE_FIELDS = (
    "accumulationBehaviour",
    "commodity",
    "flowDirection",
    "intervalLength",
    "powerOfTenMultiplier",
    "uom",
)


def _refusal(code: dict[str, int | None]) -> str | None:
    uom, flow = code["uom"], code["flowDirection"]
    if (code["commodity"] or 0) not in ELECTRICITY:
        return f"The readings are of commodity {code['commodity']}, not of electricity."
    if uom not in UNITS:
        return f"The unit of measure is {uom}; only 72 (Wh) and 73 (varh) are taken."
    if (code["accumulationBehaviour"] or 0) not in DELTA:
        return "The readings are not energy per interval (accumulation behaviour 4)."
    if uom == WATT_HOURS and flow not in (None, 0, FORWARD, REVERSE):
        return f"The flow direction is {flow}; only 1 (import) and 19 (export) are taken."
    if not SMALLEST_MULTIPLIER <= (code["powerOfTenMultiplier"] or 0) <= LARGEST_MULTIPLIER:
        return f"The power of ten {code['powerOfTenMultiplier']} is out of range."
    return None


def _reading(
    element: Element, row: int, series: _Series, expected: int | None
) -> IntervalReading | Rejected:
    """`expected` is where the reading starts when it has no time of its own (espi.xsd)."""
    kind = series.kind
    period = _child(element, "timePeriod")
    start = expected if period is None else _integer(period, "start")
    seconds = None if period is None else _integer(period, "duration")
    seconds = kind.seconds if seconds is None else seconds
    value = _integer(element, "value")
    garbled = None if period is None else _garbled(period, "duration")
    reason = kind.refusal or garbled or _gap(start, seconds, value)
    if reason or start is None or seconds is None or value is None:
        return Rejected(row, reason or "", _content(element))
    uwh = value * kind.uwh_per_unit
    reason = reject_interval(start, seconds, uwh)
    if reason:
        return Rejected(row, reason, _content(element))
    qualities = {_integer(q, "quality") for q in _children(element, "ReadingQuality")}
    estimated = not qualities.isdisjoint(ESTIMATED)
    return IntervalReading(row, series.meter_no, kind.channel, start, seconds, uwh, estimated)


def _gap(start: int | None, seconds: int | None, value: int | None) -> str | None:
    if value is None:
        return "The reading has no whole number as its value."
    if start is None:
        return "The reading has no start time."
    return "The reading has no duration." if seconds is None else None


def _garbled(element: Element, *names: str) -> str | None:
    """Why a value that may be left out cannot be read; a default must not stand in for it."""
    for name in names:
        child = _child(element, name)
        if child is not None and (child.text or "").strip() and _integer(element, name) is None:
            return f"The {name} is not a whole number."
    return None


def _content(element: Element) -> str:
    """The reading in one line, for the person who looks into a rejection."""
    pairs = ((_local(item), (item.text or "").strip()) for item in element.iter())
    return " ".join(f"{name}={text}" for name, text in pairs if text)[:200]


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _children(element: Element, name: str) -> Iterator[Element]:
    return (child for child in element if _local(child) == name)


def _integer(element: Element, name: str) -> int | None:
    """The whole number in a child, None when it is missing or no number of Int48's size."""
    child = _child(element, name)
    text = "" if child is None else (child.text or "").strip()
    digits = text[1:] if text.startswith(("-", "+")) else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None
