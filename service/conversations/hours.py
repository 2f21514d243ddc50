"""When people sit at the desk: the same hours every day, Beijing time."""

from datetime import UTC, datetime, timedelta
from functools import cache

from runtime import clock
from runtime.settings import load
from service.settings import DeskSettings


@cache
def desk_settings() -> DeskSettings:
    """Those of this process, read once."""
    return load(DeskSettings)


def is_open(at: datetime | None = None) -> bool:
    """Whether somebody sits at the desk; equal hours mean always, closing may be past midnight."""
    wall = (at or clock.now()).astimezone(clock.BEIJING).time()
    opens, closes = desk_settings().desk_opens, desk_settings().desk_closes
    if opens < closes:
        return opens <= wall < closes
    return wall >= opens or wall < closes


def opens_at(at: datetime | None = None) -> datetime | None:
    """When the desk opens next (UTC); None while it is open."""
    at = at or clock.now()
    if is_open(at):
        return None
    day = clock.civil_date(at)
    opens = desk_settings().desk_opens
    first = datetime.combine(day, opens, clock.BEIJING)
    later = first if first > at else datetime.combine(day + timedelta(days=1), opens, clock.BEIJING)
    return later.astimezone(UTC)
