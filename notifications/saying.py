"""Days, hours, sums and names as messages say them, in the reader's language (`names.yaml`)."""

from calendar import month_name
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from notifications.settings import LinkSettings
from runtime import clock
from runtime.settings import load


def name(group: str, key: str, language: str, **given: str) -> str:
    """A name or a half sentence of a group. Raises KeyError for one that there is not."""
    return str(_names()[group][key][language]).format_map(given)


def day(when: date, language: str) -> str:
    """`11 月 5 日`, `5 November`."""
    return _pattern("day", language, month=when.month, day=when.day, name=month_name[when.month])


def month(period: str, language: str) -> str:
    """The month of a period: `11 月`, `November`."""
    number = int(period[5:])
    return _pattern("month", language, month=number, name=month_name[number])


def hour(when: datetime) -> str:
    """The time of the day in China: `9:05`."""
    local = when.astimezone(clock.BEIJING)
    return f"{local.hour}:{local.minute:02d}"


def moment(when: datetime, language: str) -> str:
    """Day and time in China."""
    return _pattern("moment", language, day=day(clock.civil_date(when), language), clock=hour(when))


def span(start: datetime, end: datetime | None, language: str) -> str:
    """From when to when; the day of the end only where it is another."""
    said = moment(start, language)
    if end is None:
        return said
    same = clock.civil_date(start) == clock.civil_date(end)
    return _pattern("span", language, start=said, end=hour(end) if same else moment(end, language))


def places(named: Sequence[str], language: str, shown: int = 2) -> str:
    """The first of some places, and how many there are."""
    first = str(_names()["list"][language]).join(named[:shown])
    if len(named) <= shown:
        return first
    return _pattern("more", language, first=first, count=len(named))


def word(key: str, language: str) -> str:
    """A word of its own. Raises KeyError for one that there is not."""
    return str(_names()[key][language])


def way(channel: str, language: str) -> str:
    """How something was paid."""
    known = _names()["ways"]
    return str(known.get(channel, known["other"])[language])


def tail(account_no: str) -> str:
    """As much of an account's number as a message may name."""
    return account_no[-4:]


def link(path: str) -> str:
    """The address of a page of ours."""
    return f"{load(LinkSettings).public_url.rstrip('/')}{path}"


def _pattern(key: str, language: str, **given: object) -> str:
    return word(key, language).format_map(given)


@cache
def _names() -> dict[str, Any]:
    source = files("notifications").joinpath("names.yaml").read_bytes()
    found: dict[str, Any] = msgspec.yaml.decode(source)
    return found
