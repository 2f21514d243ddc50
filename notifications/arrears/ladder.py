"""The ladder of reminders: data (`ladder.yaml`), checked as it is read, and the days of its rungs.

What a comment there promises is checked here: a ladder that is harsher to some does not load.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from notifications.kinds import kinds
from runtime import clock

STEPS = (
    "arrears.early",
    "arrears.before",
    "arrears.due",
    "arrears.late_3",
    "arrears.late_7",
    "arrears.late_15",
    "arrears.formal",
)
"""The kinds of the rungs, each firmer than the one before."""
CALL, HELPER = "arrears.call", "arrears.helper"
"""What goes beside a rung."""
EARLY, BEFORE, DUE, FORMAL = STEPS[0], STEPS[1], STEPS[2], STEPS[-1]
ALL_KINDS = (*STEPS, CALL, HELPER)
Band = Literal["low", "middle", "high"]
Who = Literal["payers", "helpers", "call"]
BANDS: tuple[Band, ...] = ("low", "middle", "high")
UNKNOWN_BAND = "middle"
"""The band of an account without a score."""
LONGEST_BREAK = timedelta(days=15)
"""No run of days off is longer."""


class Rung(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of the ladder; the head of `ladder.yaml` explains its fields."""

    kind: str
    days: Annotated[int, Meta(ge=-30, le=90)]
    hour: Annotated[int, Meta(ge=8, le=20)]
    least_fen: Annotated[int, Meta(ge=1)]
    working_day: Literal["none", "next", "previous"] = "none"
    bands: Annotated[tuple[Band, ...], Meta(min_length=1)] = BANDS
    who: Annotated[tuple[Who, ...], Meta(min_length=1)] = ("payers",)

    @property
    def rank(self) -> int:
        """How firm it is."""
        return STEPS.index(self.kind)

    @property
    def is_late(self) -> bool:
        """Whether it tells of what is overdue, not of what will be."""
        return self.rank > STEPS.index(DUE)

    @property
    def is_owed(self) -> bool:
        """Whether the law asks for it: who could not be told on its day is told afterwards."""
        return self.kind == FORMAL

    def day(self, due: date) -> date:
        """The civil day on which it falls for a bill with this due day."""
        found = due + timedelta(days=self.days)
        step = timedelta(days={"none": 0, "next": 1, "previous": -1}[self.working_day])
        while step and not clock.is_working_day(found):
            found += step
        return found


class AccountClass(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of accounts with its rungs, in the order of their days."""

    kinds: tuple[str, ...]
    rungs: tuple[Rung, ...]
    tariffs: tuple[str, ...] = ()

    def rungs_of(self, band: str) -> tuple[Rung, ...]:
        """The rungs that are for a risk band."""
        return tuple(rung for rung in self.rungs if band in rung.bands)


class Ladder(Struct, frozen=True, forbid_unknown_fields=True):
    """What `ladder.yaml` says."""

    catch_up_days: Annotated[int, Meta(ge=1, le=31)]
    formal_after_days: Annotated[int, Meta(ge=1)]
    formal_within_days: Annotated[int, Meta(ge=120)]
    classes: Annotated[dict[str, AccountClass], Meta(min_length=1)]

    def name_of(self, kind: str, tariff: str) -> str:
        """The class of a bill of this tariff whose account is of this kind."""
        for name, each in self.classes.items():
            if kind in each.kinds or tariff in each.tariffs:
                return name
        return self.rest

    @property
    def rest(self) -> str:
        """The class that takes what no other does."""
        return tuple(self.classes)[-1]

    def __post_init__(self) -> None:
        for each in self.classes.values():
            for band in BANDS:
                self._check(each.rungs_of(band))
            for rung in each.rungs:
                _check_bands(rung)

    def _check(self, rungs: tuple[Rung, ...]) -> None:
        for rung in rungs:
            if rung.kind not in STEPS or rung.kind not in kinds():
                raise ValueError(f"{rung.kind} is no kind of a rung")
            if rung.kind == FORMAL and rung.days <= self.formal_after_days:
                raise ValueError(f"{FORMAL} comes too early")
            if "payers" not in rung.who:
                raise ValueError(f"{rung.kind} must be told to those who pay")
            if not _is_on_its_side(rung):
                raise ValueError(f"{rung.kind} is on the wrong side of the due day")
        for one, other in pairwise(rungs):
            if one.rank >= other.rank or one.days >= other.days:
                raise ValueError(f"{other.kind} must be later and firmer than {one.kind}")


def _is_on_its_side(rung: Rung) -> bool:
    if rung.kind == DUE:
        return rung.days == 0 and rung.working_day == "none"
    if rung.is_late:
        return rung.days > 0 and rung.working_day != "previous"
    return rung.days < 0 and rung.working_day != "next"


def _check_bands(rung: Rung) -> None:
    """Risk brings a reminder forward, and changes nothing from the due day on."""
    if rung.days >= 0 and set(rung.bands) != set(BANDS):
        raise ValueError(f"{rung.kind} must be the same for all bands")
    if rung.kind == EARLY and "high" not in rung.bands:
        raise ValueError(f"{EARLY} is for those who are likely to be late")


@dataclass(frozen=True)
class Step:
    """A rung of a class that falls on a day, for bills that are due from `first` to `due`.

    That is one day, but for a rung that is owed.
    """

    class_name: str
    rung: Rung
    first: date
    due: date


@cache
def ladder() -> Ladder:
    """The ladder. Raises msgspec.ValidationError for one that is wrong."""
    return read(files("notifications.arrears").joinpath("ladder.yaml").read_bytes())


def read(source: bytes) -> Ladder:
    """A ladder as it is written down. Raises msgspec.ValidationError."""
    return msgspec.yaml.decode(source, type=Ladder)


def falling(known: Ladder, day: date, since: date | None = None) -> list[Step]:
    """What falls on `day`, and what fell after `since` and is still of use.

    Of the days between, a reminder of a due day is of use only while that day is to come; that it
    is today is told on the day alone. A rung that is owed goes on falling for whoever was not told.
    """
    first = day if since is None else since + timedelta(days=1)
    return [
        Step(name, rung, *dues)
        for name, each in known.classes.items()
        for rung in each.rungs
        for dues in (
            _owed(known, rung, day)
            if rung.is_owed and since is not None
            else _fallen(rung, first, day)
        )
    ]


def _owed(known: Ladder, rung: Rung, day: date) -> Iterator[tuple[date, date]]:
    """The first and the last due day whose rung fell by now; on a day off it waits."""
    if rung.working_day == "none" or clock.is_working_day(day):
        last = day - timedelta(days=rung.days)
        while rung.day(last) > day:
            last -= timedelta(days=1)
        yield day - timedelta(days=known.formal_within_days), last


def _fallen(rung: Rung, first: date, day: date) -> Iterator[tuple[date, date]]:
    """Each due day whose rung fell from `first` to `day`, where that is still of use."""
    for due in _dues(rung, first, day):
        if rung.is_late or rung.day(due) == day or (rung.kind != DUE and due > day):
            yield due, due


def _dues(rung: Rung, first: date, last: date) -> Iterator[date]:
    """The due days whose rung falls on one of these days."""
    due = first - timedelta(days=rung.days) - LONGEST_BREAK
    while due <= last - timedelta(days=rung.days) + LONGEST_BREAK:
        if first <= rung.day(due) <= last:
            yield due
        due += timedelta(days=1)
