"""When people may be told: at a decent hour, and not in those they keep for themselves. Pure."""

from datetime import datetime, time, timedelta

from runtime.clock import BEIJING

DECENT_FROM, DECENT_UNTIL = time(8), time(21)
MIDNIGHT = time(0)
_STEPS = 6
"""More boundaries than a night and a person's own hours have."""


def next_decent(
    now: datetime, quiet_from: time = MIDNIGHT, quiet_until: time = MIDNIGHT
) -> datetime:
    """The first instant from `now` on that is decent and not quiet, in Beijing's hours.

    Quiet hours may go over midnight; equal ends are none. Whoever leaves no decent hour free is
    told at a decent one.
    """
    at = now
    for _ in range(_STEPS):
        later = _out_of(_into_day(at), quiet_from, quiet_until)
        if later == at:
            return at
        at = later
    return _into_day(now)


def tomorrow(now: datetime) -> datetime:
    """The beginning of the next decent day."""
    return _at(now + timedelta(days=1), DECENT_FROM)


def _into_day(at: datetime) -> datetime:
    hour = at.astimezone(BEIJING).time()
    if hour < DECENT_FROM:
        return _at(at, DECENT_FROM)
    return at if hour < DECENT_UNTIL else tomorrow(at)


def _out_of(at: datetime, start: time, end: time) -> datetime:
    """The end of the quiet hours that hold at this instant, or the instant."""
    hour = at.astimezone(BEIJING).time()
    over_midnight = start > end
    is_quiet = (hour >= start or hour < end) if over_midnight else start <= hour < end
    if not is_quiet:
        return at
    day = at + timedelta(days=1) if over_midnight and hour >= start else at
    return _at(day, end)


def _at(day: datetime, hour: time) -> datetime:
    local = datetime.combine(day.astimezone(BEIJING).date(), hour, BEIJING)
    return local.astimezone(day.tzinfo)
