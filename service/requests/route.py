"""In which order to go to jobs: what presses first, then always the nearest next.

Pure: places, times and an order. Distances are as the crow flies, which is enough to choose by; the
way itself is the map's on the phone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import asin, cos, inf, radians, sin, sqrt
from typing import Self

EARTH_METRES = 6_371_008.8
"""The mean radius of the Earth (IUGG)."""

PRESSES = timedelta(hours=2)
"""Before its deadline a job is no longer left for a shorter way."""


@dataclass(frozen=True)
class Place:
    """A place in degrees of WGS-84."""

    lat: float
    lon: float

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """`30.592800,114.305500` as a place; None for what is none."""
        try:
            lat, lon = (float(part) for part in (text or "").split(","))
        except ValueError:
            return None
        return cls(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None

    def __str__(self) -> str:
        return f"{self.lat:.6f},{self.lon:.6f}"


@dataclass(frozen=True)
class Stop:
    """A job to go to. `visit` is the window that was arranged with the customer, if any.

    `begun`: the worker is there already.
    """

    request_no: str
    place: Place | None
    due_at: datetime | None
    urgent: bool = False
    begun: bool = False
    visit: tuple[datetime, datetime] | None = None


@dataclass(frozen=True)
class Leg:
    """A stop in its turn; `metres` is the way to it, None where one of the two ends is unknown."""

    stop: Stop
    metres: float | None


def distance(one: Place, other: Place) -> float:
    """Metres between two places on the great circle (haversine)."""
    lat, other_lat = radians(one.lat), radians(other.lat)
    half = sin((other_lat - lat) / 2) ** 2
    half += cos(lat) * cos(other_lat) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_METRES * asin(sqrt(min(1.0, half)))


def order(stops: Iterable[Stop], start: Place | None, now: datetime) -> list[Leg]:
    """All stops, each once, from `start`: what is begun, what presses, the free, later windows.

    Within these the nearest is next; those without a place come last, the most pressing first.
    """
    groups: dict[tuple[int, datetime], list[Stop]] = {}
    for stop in stops:
        groups.setdefault(_turn(stop, now), []).append(stop)
    legs: list[Leg] = []
    here = start
    for turn in sorted(groups):
        for leg in _walk(groups[turn], here):
            legs.append(leg)
            here = leg.stop.place or here
    return legs


def presses(stop: Stop, now: datetime) -> bool:
    """Whether a job is urgent, late, about to be late, or the customer waits for us now."""
    soon = stop.due_at is not None and stop.due_at <= now + PRESSES
    return stop.urgent or soon or (stop.visit is not None and stop.visit[0] <= now)


def _turn(stop: Stop, now: datetime) -> tuple[int, datetime]:
    if stop.begun:
        return -1, now
    if presses(stop, now):
        return 0, now
    return (1, now) if stop.visit is None else (2, stop.visit[0])


def _walk(stops: Iterable[Stop], here: Place | None) -> Iterable[Leg]:
    """From here to the nearest, from there to the nearest; with nowhere to begin, by the clock."""
    left = sorted(stops, key=lambda each: (each.place is None, *_clock(each)))
    while left:
        stop = min(left, key=partial(_far, here))
        left.remove(stop)
        yield Leg(stop, distance(here, stop.place) if here and stop.place else None)
        here = stop.place or here


def _far(here: Place | None, stop: Stop) -> float:
    """`min` keeps the first of equals: what cannot be measured stays in the order of the clock."""
    return distance(here, stop.place) if here and stop.place else inf


def _clock(stop: Stop) -> tuple[bool, float, str]:
    due = stop.due_at.timestamp() if stop.due_at else inf
    return not stop.urgent, due, stop.request_no
