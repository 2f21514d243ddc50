"""The halls of the utility: all of them, or those that words mean."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

from runtime.settings import SettingsError, load
from service import places
from service.halls.models import WHOLE_DAY, Hall, Hours, Point, Service, Span, Words
from service.settings import HallSettings

SHIPPED = Path(__file__).with_name("halls.yaml")

_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def halls(near: str | None = None) -> list[Hall]:
    """All halls in the order of the file, or those that words mean.

    Words mean a hall when they name a street, estate or area that it serves, its name or the
    street it stands in; none may be meant. Raises SettingsError when the file cannot be read.
    """
    every = _read(load(HallSettings).halls_file or SHIPPED)
    return [hall for hall in every if near is None or _is_meant(hall, near)]


def _is_meant(hall: Hall, text: str) -> bool:
    stands = (hall.name.zh, hall.address.zh, hall.name.en, hall.address.en)
    return places.means_street(text, hall.serves) or places.means_area(text, stands)


@lru_cache(maxsize=8)
def _read(file: Path) -> tuple[Hall, ...]:
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
        found = _FILE.validate_python(written)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"DENGHUO_HALLS_FILE: {file.name} cannot be read.") from error
    except ValidationError as error:
        raise SettingsError(f"DENGHUO_HALLS_FILE: {_fault(error)}.") from error
    return tuple(each.hall() for each in found)


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    reason = first["msg"].removeprefix("Value error, ")
    return f"{place}: {reason}" if place else reason


def _span(written: object) -> object:
    """`08:30-17:30`, and `24:00` for the end of the day."""
    found = _SPAN.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError("hours are written as 08:30-17:30")
    numbers = [int(each) for each in found.groups()]
    since = timedelta(hours=numbers[0], minutes=numbers[1])
    until = timedelta(hours=numbers[2], minutes=numbers[3])
    if not since < until <= WHOLE_DAY:
        raise ValueError("hours end after they begin, at 24:00 at the latest")
    return Span(since, until)


def _one_after_the_other(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    if any(after.since < before.until for before, after in pairwise(spans)):
        raise ValueError("hours of a day follow one another")
    return spans


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


_Span = Annotated[Span, BeforeValidator(_span)]
_Spans = Annotated[tuple[_Span, ...], AfterValidator(_one_after_the_other)]


class _Hours(_Strict):
    working: _Spans
    days_off: _Spans
    special: Mapping[date, _Spans] = Field(default_factory=dict)


class _Hall(_Strict):
    """A hall as the file describes it."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    name: Words
    address: Words
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    hours: _Hours
    services: tuple[Service, ...]
    serves: tuple[str, ...] = ()
    phone: Annotated[str, Field(pattern=r"^[0-9+ -]{3,20}$")] | None = None

    def hall(self) -> Hall:
        hours = Hours(self.hours.working, self.hours.days_off, dict(self.hours.special))
        return Hall(
            code=self.code,
            name=self.name,
            address=self.address,
            at=Point(self.latitude, self.longitude),
            hours=hours,
            services=self.services,
            serves=self.serves,
            phone=self.phone,
        )


def _named_once(halls: list[_Hall]) -> list[_Hall]:
    if len({hall.code for hall in halls}) < len(halls):
        raise ValueError("each hall has a code of its own")
    return halls


_FILE = TypeAdapter(Annotated[list[_Hall], AfterValidator(_named_once)])
