"""When something is promised: the limits of a kind's steps, from the moment of asking."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from runtime import clock
from service.requests.kinds import Kind, Limit, Within


def promises(kind: Kind, values: Mapping[str, str], opened_at: datetime) -> dict[str, datetime]:
    """The promised time of each step that has a limit; `values` may choose among limits."""
    return {
        step.name: due(_limit(step.within, values), opened_at)
        for step in kind.steps
        if step.within is not None
    }


def promised(kind: Kind, values: Mapping[str, str], opened_at: datetime) -> datetime:
    """The time promised for the whole."""
    return promises(kind, values, opened_at)[kind.promise.step]


def due(limit: Limit, opened_at: datetime) -> datetime:
    """When a limit is over: some minutes later, or at the end of a working day.

    The day of asking does not count: one working day from Friday ends with Monday.
    """
    if limit.minutes is not None:
        return opened_at + timedelta(minutes=limit.minutes)
    assert limit.working_days is not None  # noqa: S101 - a limit has one of the two
    last = clock.add_working_days(clock.civil_date(opened_at), limit.working_days)
    return clock.civil_midnight(last + timedelta(days=1))


def _limit(within: Within, values: Mapping[str, str]) -> Limit:
    return within.limit(values.get(within.by) if within.by else None)
