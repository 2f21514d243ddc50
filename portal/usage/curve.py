"""A day by quarter-hours, as a curve of power."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from flask_babel import gettext as _

from portal import charts, formats
from portal.bills.lines import PERIODS
from portal.charts import Axis, Table
from portal.usage.days import SERIES
from service.meter_data import QUARTERS
from service.usage import DayUsage

QUARTERS_OF_ROW = 16
"""The table has a row for four hours; the download has all 96."""

NARROW_PX, LETTER_PX, LAST_LATIN = 250, 7, 0x24F
"""A chart's width on a small phone, and that of a letter in it."""

HALF = 100 / QUARTERS / 2
"""A quarter-hour's value stands in its middle."""


@dataclass(frozen=True)
class Stretch:
    """A part of the day, in percent of its width."""

    start: float
    width: float
    word: str
    night: bool


@dataclass(frozen=True)
class DayCurve:
    """The chart of a day. `estimated` is the part of the line that is not measured."""

    scale: Axis
    line: str
    area: str
    estimated: str
    export: str
    stretches: tuple[Stretch, ...]
    gaps: tuple[Stretch, ...]
    most: tuple[float, float, str] | None
    below: tuple[tuple[float, str, bool], ...]
    finding: str
    table: Table


def day_curve(usage: DayUsage) -> DayCurve:
    """The 96 points of a day in W, with its periods, its peak, its gaps and its estimates."""
    watts = [None if wh is None else wh * 4 for wh in usage.quarters]
    export = [wh * 4 for wh in usage.export_quarters]
    scale = charts.axis(
        max([*(value or 0 for value in watts), *export]), height=232, head=46, foot=30
    )

    def line(values: Sequence[int | None]) -> str:
        return charts.line(values, scale.most, start=HALF, end=100 - HALF)

    return DayCurve(
        scale=scale,
        line=line(watts),
        area=charts.area(watts, scale.most, start=HALF, end=100 - HALF),
        estimated=line(_estimated(watts, usage.quality)),
        export=line(export) if any(export) else "",
        stretches=tuple(_stretches(usage.labels)),
        gaps=tuple(_gaps(watts)),
        most=_most(usage, scale),
        below=tuple((25.0 * at, f"{6 * at}:00", False) for at in range(5)),
        finding=_finding(usage),
        table=_table(usage),
    )


def _estimated(watts: Sequence[int | None], quality: str) -> list[int | None]:
    """The estimated quarter-hours and their neighbours, so that the line joins."""
    near = {at + step for at, mark in enumerate(quality) if mark == "E" for step in (-1, 0, 1)}
    return [value if at in near else None for at, value in enumerate(watts)]


def _stretches(labels: Sequence[str]) -> list[Stretch]:
    found, start = [], 0
    for label, run in groupby(labels):
        length = len([*run])
        word = _fitting(str(PERIODS[label]), length)
        found.append(_stretch(start, length, word, SERIES[label] == 0))
        start += length
    return found


def _fitting(word: str, quarters: int) -> str:
    """The word where a narrow screen has room for it; a Han character is two letters wide."""
    letters = sum(2 if ord(letter) > LAST_LATIN else 1 for letter in word)
    return word if letters * LETTER_PX <= quarters * NARROW_PX // QUARTERS else ""


def _gaps(watts: Sequence[int | None]) -> list[Stretch]:
    found, start = [], 0
    for missing, run in groupby(watts, lambda value: value is None):
        length = len([*run])
        if missing:
            found.append(_stretch(start, length, _("没读到"), False))
        start += length
    return found


def _stretch(start: int, length: int, word: str, night: bool) -> Stretch:
    share = 100 / QUARTERS
    return Stretch(round(start * share, 2), round(length * share, 2), word, night)


def _most(usage: DayUsage, scale: Axis) -> tuple[float, float, str] | None:
    if not usage.peak_w or usage.peak_at is None:
        return None
    at = max(range(QUARTERS), key=lambda quarter: usage.quarters[quarter] or 0)
    x = charts.position(at, QUARTERS, start=HALF, end=100 - HALF)
    words = _(
        "%(time)s 最高 %(power)s",
        time=formats.clock_time(usage.peak_at),
        power=formats.power(usage.peak_w),
    )
    return (x, scale.y(usage.peak_w), words)


def _finding(usage: DayUsage) -> str:
    day = formats.day(usage.total.day)
    if not usage.peak_w or usage.peak_at is None:
        return _("%(day)s每 15 分钟的功率，一整天没有用电", day=day)
    return _(
        "%(day)s每 15 分钟的功率，%(time)s 最高，%(power)s",
        day=day,
        time=formats.clock_time(usage.peak_at),
        power=formats.power(usage.peak_w),
    )


def _table(usage: DayUsage) -> Table:
    exports = any(usage.export_quarters)
    heads = [_("时段"), _("用量（度）"), _("最高（千瓦）")]
    heads += [_("送上电网（度）")] * exports + [_("说明")]
    rows = []
    for start in range(0, QUARTERS, QUARTERS_OF_ROW):
        part = slice(start, start + QUARTERS_OF_ROW)
        known = [wh for wh in usage.quarters[part] if wh is not None]
        row = [f"{start // 4}:00–{(start + QUARTERS_OF_ROW) // 4}:00"]
        row += [formats.kwh(sum(known), 2), formats.kwh(4 * max(known, default=0), 2)]
        row += [formats.kwh(sum(usage.export_quarters[part]), 2)] * exports
        rows.append((*row, _quality(usage.quality[part])))
    return Table(tuple(heads), tuple(rows))


def _quality(marks: str) -> str:
    return _("没读全") if "M" in marks else _("有估算") if "E" in marks else ""
