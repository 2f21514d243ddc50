"""Places on the earth as people give them: two numbers in either order, with or without letters."""

import re
from typing import NamedTuple

from service.people.typed import half_width
from service.requests.configured import request_settings
from service.settings import Area

CHINA = Area(south=3.5, west=73.4, north=53.6, east=135.1)
"""No latitude of China is one of its longitudes, so the order of two numbers is known."""

_TWO = re.compile(
    r"(?:[NE]?)(\d{1,3}(?:\.\d{1,15})?)°?[NE]?[\s,;、]+(?:[NE]?)(\d{1,3}(?:\.\d{1,15})?)°?[NE]?",
    re.ASCII | re.IGNORECASE,
)


class Point(NamedTuple):
    """A place in degrees (WGS 84)."""

    latitude: float
    longitude: float

    def __str__(self) -> str:
        """`31.091200,113.082600`: six decimals are a tenth of a metre."""
        return f"{self.latitude:.6f},{self.longitude:.6f}"


def read(text: str) -> Point | None:
    """The place that is meant; None when it is no place in China."""
    found = _TWO.fullmatch(half_width(text).strip().removeprefix("geo:"))
    if found is None:
        return None
    one, other = float(found[1]), float(found[2])
    point = Point(one, other) if one < other else Point(other, one)
    return point if CHINA.holds(*point) else None


def is_supplied(point: Point) -> bool:
    """Whether it lies where the utility supplies."""
    area = request_settings().area
    return area is None or area.holds(*point)
