"""What a hall is, and when it is open. Times are those of the wall in China."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

from runtime import clock

Service = Literal[
    "bills",
    "invoices",
    "connection",
    "business",
    "capacity",
    "transfer",
    "meter",
    "solar",
    "charger",
    "complaints",
    "self_service",
]

DAYS_AHEAD = 30
"""How far a next opening is looked for."""

WHOLE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Words:
    """A text in both languages of the house."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True)
class Point:
    """A place on earth, in degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Span:
    """From one time of a day to another; `until` of 24:00 is the end of the day."""

    since: timedelta
    until: timedelta

    @property
    def words(self) -> str:
        """`08:30–17:30`."""
        return f"{_wall(self.since)}–{_wall(self.until)}"


@dataclass(frozen=True)
class Hours:
    """On working days, on days off (weekends and public holidays), and on days of their own."""

    working: tuple[Span, ...]
    days_off: tuple[Span, ...]
    special: dict[date, tuple[Span, ...]] = field(default_factory=dict)

    def on(self, day: date) -> tuple[Span, ...]:
        """When it is open on a day; nothing when it is closed."""
        if day in self.special:
            return self.special[day]
        return self.working if clock.is_working_day(day) else self.days_off


class Door(StrEnum):
    """Whether one can go in."""

    OPEN = "open"
    LATER = "later"
    CLOSED = "closed"


@dataclass(frozen=True)
class Opening:
    """How it stands at an instant.

    `today` is when it is open on this day. `closes_at` is set while it is open, and None when it
    does not close today; `opens_at` is the next opening while it is closed, and None when there is
    none within a month. LATER means that it opens again today.
    """

    door: Door
    today: tuple[Span, ...]
    closes_at: datetime | None = None
    opens_at: datetime | None = None


@dataclass(frozen=True)
class Hall:
    """A business hall. `serves` are the streets, estates and areas it is the nearest hall of.

    `phone` is None where the hotline of the utility is the number to call.
    """

    code: str
    name: Words
    address: Words
    at: Point
    hours: Hours
    services: tuple[Service, ...]
    serves: tuple[str, ...] = ()
    phone: str | None = None

    def opening(self, now: datetime | None = None) -> Opening:
        """Whether it is open now, until when, or when it opens next."""
        now = now or clock.now()
        today = clock.civil_date(now)
        spans = self.hours.on(today)
        for span in spans:
            if _at(today, span.since) <= now < _at(today, span.until):
                return Opening(Door.OPEN, spans, closes_at=_closing(today, span))
        following = _next_opening(self.hours, now)
        later = following is not None and clock.civil_date(following) == today
        return Opening(Door.LATER if later else Door.CLOSED, spans, opens_at=following)


def _closing(day: date, span: Span) -> datetime | None:
    return None if span.until == WHOLE_DAY else _at(day, span.until)


def _next_opening(hours: Hours, now: datetime) -> datetime | None:
    today = clock.civil_date(now)
    days = (today + timedelta(days=number) for number in range(DAYS_AHEAD))
    starts = (_at(day, span.since) for day in days for span in hours.on(day))
    return next((start for start in starts if start > now), None)


def _at(day: date, after_midnight: timedelta) -> datetime:
    return clock.civil_midnight(day) + after_midnight


def _wall(after_midnight: timedelta) -> str:
    if after_midnight == WHOLE_DAY:
        return "24:00"
    return (datetime.combine(date.min, time()) + after_midnight).strftime("%H:%M")
