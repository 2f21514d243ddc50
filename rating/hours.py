"""Spans of the clock, such as "22:00-06:00", as quarter-hours of a day."""

import re
from collections.abc import Mapping, Sequence

from rating.codes import Period

QUARTERS = 96
SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)


class HoursError(ValueError):
    """Spans that are malformed, overlap or leave part of the day without a period."""


def day_labels(spans: Mapping[Period, Sequence[str]]) -> tuple[Period, ...]:
    """The period of each of the 96 quarter-hours of a day. Raises HoursError."""
    labels: dict[int, Period] = {}
    for period, texts in spans.items():
        for quarter in (quarter for text in texts for quarter in _quarters(text)):
            if quarter in labels:
                raise HoursError(f"{_clock(quarter)} is both {labels[quarter]} and {period}")
            labels[quarter] = period
    missing = next((quarter for quarter in range(QUARTERS) if quarter not in labels), None)
    if missing is not None:
        raise HoursError(f"{_clock(missing)} has no period")
    return tuple(labels[quarter] for quarter in range(QUARTERS))


def _quarters(text: str) -> list[int]:
    found = SPAN.fullmatch(text)
    if not found:
        raise HoursError(f'"{text}" is not a span such as "08:00-22:00"')
    start, end = _quarter(found[1], found[2], text), _quarter(found[3], found[4], text)
    if start == end:
        raise HoursError(f'"{text}" is empty')
    past_midnight = end + QUARTERS if end < start else end
    return [quarter % QUARTERS for quarter in range(start, past_midnight)]


def _quarter(hour: str, minute: str, text: str) -> int:
    minutes = int(hour) * 60 + int(minute)
    if int(minute) % 15 or int(minute) > 45 or minutes > 24 * 60:
        raise HoursError(f'"{text}" must begin and end on a quarter-hour of the day')
    return minutes // 15


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"
