"""When somebody can come: the windows of a working day, and how many visits each team can make.

They are data (`visits.yaml`), checked as they are read.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, get_args

import msgspec
from msgspec import Meta, Struct

from runtime import clock
from service.requests.kinds import Data, Team

FILE = Path(__file__).parent / "visits.yaml"
Seats = Annotated[int, Meta(ge=0, le=500)]


class Hours(Data, frozen=True, rename={"begins": "from", "ends": "to"}):
    """A window of the day by the clock of Beijing."""

    begins: time
    ends: time

    def __post_init__(self) -> None:
        if self.begins >= self.ends:
            raise ValueError("a window begins before it ends")


class Plan(Data, frozen=True):
    """What `visits.yaml` says; a comment there explains each."""

    windows: Annotated[tuple[Hours, ...], Meta(min_length=1)]
    seats: dict[str, Seats]
    days: Annotated[int, Meta(ge=1, le=60)]
    notice_hours: Annotated[int, Meta(ge=0, le=240)]
    change_hours: Annotated[int, Meta(ge=0, le=240)]

    def __post_init__(self) -> None:
        if set(self.seats) != set(get_args(Team)):
            raise ValueError("every team has its seats")


class Window(Struct, frozen=True):
    """A time at which somebody can come."""

    starts_at: datetime
    ends_at: datetime


@cache
def plan() -> Plan:
    """The plan in the file. Raises ValueError with what is wrong."""
    return read(FILE)


def read(path: Path) -> Plan:
    """The plan in a file. Raises ValueError with the file's name and what is wrong."""
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Plan)
    except (msgspec.MsgspecError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def windows(after: datetime) -> Iterator[Window]:
    """The windows of the coming working days that begin after that moment, the first first."""
    day, last = clock.today(), clock.add_working_days(clock.today(), plan().days)
    while day <= last:
        if clock.is_working_day(day):
            for hours in plan().windows:
                begins = datetime.combine(day, hours.begins, clock.BEIJING)
                if begins > after:
                    yield Window(begins, datetime.combine(day, hours.ends, clock.BEIJING))
        day += timedelta(days=1)
