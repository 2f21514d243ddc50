"""Small Green Button feeds and CSV files, written here and not taken from anywhere."""

from collections.abc import Sequence
from pathlib import Path

USAGE_POINT = "https://utility.example/UsagePoint/1"
READING = f"{USAGE_POINT}/MeterReading/01"
KIND = "https://utility.example/ReadingType/07"
START = 1_793_664_000
"""2026-11-03 00:00 UTC, 08:00 in China."""


def entry(
    own: str, content: str, *, up: str = "", related: Sequence[str] = (), title: str = ""
) -> str:
    """An Atom entry."""
    links = f'<link rel="self" href="{own}"/><link rel="up" href="{up}"/>' + "".join(
        f'<link rel="related" href="{href}"/>' for href in related
    )
    return f"<entry>{links}<title>{title}</title><content>{content}</content></entry>"


def usage_point(title: str = "M1") -> str:
    return entry(
        USAGE_POINT,
        '<UsagePoint xmlns="http://naesb.org/espi"/>',
        related=[f"{USAGE_POINT}/MeterReading"],
        title=title,
    )


def meter_reading(own: str = READING, kind: str = KIND) -> str:
    return entry(
        own,
        '<MeterReading xmlns="http://naesb.org/espi"/>',
        up=f"{USAGE_POINT}/MeterReading",
        related=[f"{own}/IntervalBlock", kind],
    )


def reading_type(own: str = KIND, **codes: object) -> str:
    """A reading type of forward Wh per quarter-hour; None leaves a code out."""
    given: dict[str, object] = {
        "accumulationBehaviour": 4,
        "commodity": 1,
        "flowDirection": 1,
        "intervalLength": 900,
        "powerOfTenMultiplier": 0,
        "uom": 72,
    } | codes
    body = "".join(f"<{name}>{code}</{name}>" for name, code in given.items() if code is not None)
    return entry(own, f'<ReadingType xmlns="http://naesb.org/espi">{body}</ReadingType>')


def reading(
    start: int | None, value: object, duration: int | None = 900, quality: int | None = None
) -> str:
    """An interval reading; None leaves an element out."""
    parts = (
        []
        if quality is None
        else [f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>"]
    )
    if duration is not None or start is not None:
        inner = "" if duration is None else f"<duration>{duration}</duration>"
        inner += "" if start is None else f"<start>{start}</start>"
        parts.append(f"<timePeriod>{inner}</timePeriod>")
    parts += [] if value is None else [f"<value>{value}</value>"]
    return f"<IntervalReading>{''.join(parts)}</IntervalReading>"


def block(*readings: str, of: str = READING, start: int = START) -> str:
    inner = f"<interval><duration>86400</duration><start>{start}</start></interval>"
    return entry(
        f"{of}/IntervalBlock/1",
        f'<IntervalBlock xmlns="http://naesb.org/espi">{inner}{"".join(readings)}</IntervalBlock>',
        up=f"{of}/IntervalBlock",
    )


def feed(*entries: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'
    )


def quarter_hours(*values: int, start: int = START, title: str = "M1", **codes: object) -> str:
    """A whole feed of consecutive quarter-hours."""
    readings = [reading(start + n * 900, value) for n, value in enumerate(values)]
    return feed(usage_point(title), meter_reading(), reading_type(**codes), block(*readings))


def write(folder: Path, text: str, name: str = "file") -> Path:
    path = folder / name
    path.write_text(text, "utf-8", newline="")
    return path
