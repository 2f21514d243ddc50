"""The picture of a ladder: its rungs along the days around the due day, a lane for each risk band.

Across it is percent, down it is pixels, as in `portal/charts.py`. A table says the same below it.
"""

from dataclasses import dataclass

from notifications.arrears.ladder import BANDS, AccountClass, Rung

FIRST, LAST = -10, 31
"""Days from the due day that every picture shows, so that classes can be compared."""
EDGE = 3.0
"""Percent that stay free on either side."""
LANE, HEAD, FOOT = 40, 6, 22
"""The height of a lane, and the room above and below them all, px."""
SHIFT = 3.2
"""How far a rung's line leads to a working day, percent."""


@dataclass(frozen=True)
class Mark:
    """A rung: where it is, where a day off leads it to (None: nowhere), and whom it is for."""

    x: float
    y: int
    to: float | None
    is_late: bool
    beside: bool


@dataclass(frozen=True)
class Lane:
    """The rungs of a risk band; its name stands `name_y` px from the top."""

    band: str
    name_y: int
    y: int
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """The lanes of a class; `days` are what is written below, `due` is where the due day is."""

    height: int
    floor: int
    due: float
    lanes: tuple[Lane, ...]
    days: tuple[tuple[float, int], ...]


def picture(of_class: AccountClass) -> Picture:
    """The picture of a class of accounts."""
    floor = HEAD + LANE * len(BANDS)
    days = sorted({rung.days for rung in of_class.rungs} | {0})
    return Picture(
        height=floor + FOOT,
        floor=floor,
        due=_x(0),
        lanes=tuple(_lane(of_class, band, at) for at, band in enumerate(BANDS)),
        days=tuple((_x(day), day) for day in days),
    )


def _lane(of_class: AccountClass, band: str, at: int) -> Lane:
    top = HEAD + at * LANE
    y = top + LANE - 10
    marks = tuple(_mark(rung, y) for rung in of_class.rungs_of(band))
    return Lane(band, top + 12, y, marks)


def _mark(rung: Rung, y: int) -> Mark:
    x, step = _x(rung.days), {"none": 0.0, "next": SHIFT, "previous": -SHIFT}[rung.working_day]
    to = round(x + step, 2) if step else None
    return Mark(x, y, to, rung.is_late, len(rung.who) > 1)


def _x(day: int) -> float:
    return round(EDGE + (100 - 2 * EDGE) * (day - FIRST) / (LAST - FIRST), 2)
