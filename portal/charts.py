"""Geometry of the charts that a page draws itself, as inline SVG.

Across, everything is percent of the width, so that a chart fits any screen; down, it is pixels,
so that letters never scale. A curve lives in a box of 100 by 100 of its own, which the page
stretches. Values are whole numbers of one unit (Wh, W); what they are called is up to the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

STEPS = (1, 2, 5)
"""The distances between gridlines are these, times a power of ten."""

HEAT_PITCH = 21
"""From row to row of a heat map, px."""


@dataclass(frozen=True)
class Tick:
    """A gridline `y` px from the top, and what it stands for."""

    y: float
    value: int


@dataclass(frozen=True)
class Axis:
    """The upward scale of a chart: zero at `floor` px, `most` at `head` px from the top."""

    most: int
    height: int
    head: int
    floor: int
    ticks: tuple[Tick, ...]

    def y(self, value: float) -> float:
        """Where a value lies, px from the top."""
        return _px(self.floor - self.length(value))

    def length(self, value: float) -> float:
        """How tall a value is, px."""
        return _px((self.floor - self.head) * value / self.most)


@dataclass(frozen=True)
class Bar:
    """A bar: `x` and `width` in percent, `y` and `height` in px."""

    x: float
    width: float
    y: float
    height: float
    column: int
    series: int

    def __html__(self) -> str:
        """Its place as a rectangle's attributes; a page draws dozens of them."""
        return f'x="{self.x}%" width="{self.width}%" y="{self.y}" height="{self.height}"'


@dataclass(frozen=True)
class Cell:
    """A day of a heat map; `level` is 0 to 4, None where nothing is known."""

    x: float
    width: float
    y: int
    level: int | None


@dataclass(frozen=True)
class Table:
    """The table behind a chart, in words: the first cell of a row names it."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def axis(most: int, *, height: int = 190, head: int = 26, foot: int = 28, lines: int = 4) -> Axis:
    """A scale from zero to `most` with at most so many gridlines above zero."""
    most = max(most, 1)
    floor = height - foot
    step = _step(most, lines)
    bare = Axis(most, height, head, floor, ())
    ticks = tuple(Tick(bare.y(value), value) for value in range(0, most + 1, step))
    return Axis(most, height, head, floor, ticks)


def centre(column: int, columns: int) -> float:
    """The middle of a column, percent."""
    return _percent((column + 0.5) / columns)


def stacked(columns: Sequence[Sequence[int]], scale: Axis, *, fill: float = 0.72) -> list[Bar]:
    """One bar for each column, its parts from the bottom up and a pixel apart."""
    width = fill / max(len(columns), 1)
    bars: list[Bar] = []
    for column, parts in enumerate(columns):
        x = (column + (1 - fill) / 2) / len(columns)
        below = 0
        for series, part in enumerate(parts):
            if part > 0:
                top, foot = scale.y(below + part), scale.y(below) - (1 if below else 0)
                height = _px(max(foot - top, 0.5))
                bars.append(Bar(_percent(x), _percent(width), top, height, column, series))
                below += part
    return bars


def side_by_side(
    columns: Sequence[Sequence[int | None]], scale: Axis, *, fill: float = 0.72
) -> list[Bar]:
    """Bars next to each other in each column; None leaves its place empty."""
    width = fill / max(len(columns), 1)
    bars: list[Bar] = []
    for column, parts in enumerate(columns):
        own = width / max(len(parts), 1)
        start = (column + (1 - fill) / 2) / len(columns)
        for series, part in enumerate(parts):
            if part:
                x, shown = _percent(start + series * own), _percent(own * 0.92)
                bars.append(Bar(x, shown, scale.y(part), scale.length(part), column, series))
    return bars


def line(values: Sequence[int | None], most: int, *, start: float = 0, end: float = 100) -> str:
    """The path of a curve in its box of 100 by 100, from `start` to `end`; None breaks it."""
    return "".join(_move(part) for part in _runs(values, most, start, end))


def area(values: Sequence[int | None], most: int, *, start: float = 0, end: float = 100) -> str:
    """The ground below the same curve."""
    return "".join(
        f"{_move(part)}L{_n(part[-1][0])} 100L{_n(part[0][0])} 100Z"
        for part in _runs(values, most, start, end)
    )


def band(
    low: Sequence[int], high: Sequence[int], most: int, *, start: float = 0, end: float = 100
) -> str:
    """What lies between two curves of the same length."""
    upper = _points(high, most, start, end)
    lower = _points(low, most, start, end)
    return f"{_move([*upper, *reversed(lower)])}Z" if upper else ""


def position(index: int, count: int, *, start: float = 0, end: float = 100) -> float:
    """How far right the n-th of `count` values of a curve lies, percent."""
    return _px(start + (end - start) * index / max(count - 1, 1))


def heat_year(months: Sequence[Sequence[int | None]]) -> list[list[Cell]]:
    """Levels of days as cells: a row for each month, a column for each day of the month."""
    width = 100 / 31
    return [
        [
            Cell(_px(day * width), _px(width * 0.88), row * HEAT_PITCH, level)
            for day, level in enumerate(days)
        ]
        for row, days in enumerate(months)
    ]


def _step(most: int, lines: int) -> int:
    """The smallest round distance of which `most` holds no more than `lines`."""
    power = 1
    while True:
        for step in STEPS:
            if most <= step * power * lines:
                return step * power
        power *= 10


def _points(
    values: Sequence[int], most: int, start: float, end: float
) -> list[tuple[float, float]]:
    count = len(values)
    return [
        (position(index, count, start=start, end=end), _height(value, most))
        for index, value in enumerate(values)
    ]


def _runs(
    values: Sequence[int | None], most: int, start: float, end: float
) -> list[list[tuple[float, float]]]:
    """The unbroken parts of a curve. A single value among gaps becomes a short level."""
    count = len(values)
    reach = (end - start) / max(count - 1, 1) / 2
    runs: list[list[tuple[float, float]]] = []
    for known, part in groupby(enumerate(values), lambda each: each[1] is not None):
        if known:
            run = [
                (position(index, count, start=start, end=end), _height(value or 0, most))
                for index, value in part
            ]
            if len(run) == 1:
                (x, y), run = run[0], []
                run = [(max(start, x - reach), y), (min(end, x + reach), y)]
            runs.append(run)
    return runs


def _height(value: int, most: int) -> float:
    return 100 - 100 * value / max(most, 1)


def _move(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A coordinate as short as it can be said."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _px(value: float) -> float:
    return round(value, 2)


def _percent(share: float) -> float:
    return round(share * 100, 2)
