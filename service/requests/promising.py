"""When something is promised: the limits of a kind's steps, counted while the clock goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runtime import clock
from service.requests.kinds import Kind, Limit, Step, Within


@dataclass(frozen=True)
class Stop:
    """A time in which the clock stood, because the customer owed something."""

    since: datetime
    until: datetime


def promises(
    kind: Kind,
    values: Mapping[str, str],
    opened_at: datetime,
    reached: Mapping[str, datetime] | None = None,
    stops: Sequence[Stop] = (),
) -> dict[str, datetime]:
    """The promised time of each step that has a limit; `values` may choose among limits.

    `reached` tells when steps came, for limits that count from them; until then they count from
    what is promised for it.
    """
    at, promised = dict(reached or {}), dict[str, datetime]()
    for step in kind.route(values):
        if step.within is not None:
            start = at.get(step.within.after or "", opened_at)
            promised[step.name] = due(_limit(step.within, values), start, stops)
            at.setdefault(step.name, promised[step.name])
    return promised


def promised(kind: Kind, values: Mapping[str, str], opened_at: datetime) -> datetime:
    """The time promised for the whole."""
    return promises(kind, values, opened_at)[kind.promise.step]


def due(limit: Limit, start: datetime, stops: Sequence[Stop] = ()) -> datetime:
    """When a limit is over: some minutes later, or at the end of a working day.

    The first day does not count: one working day from Friday ends with Monday. Nor does the time
    in which the clock stood: a stop moves the end by its minutes, or by the working days on which
    it was still standing as they began.
    """
    end = _end(limit, start)
    for stop in stops:
        if stop.until > start and stop.since < end:
            end = _moved(limit, end, max(stop.since, start), stop.until)
    return end


def next_due(
    route: Sequence[Step], reached: str, promises: Mapping[str, datetime]
) -> datetime | None:
    """The nearest promise among the steps after the one that was reached."""
    names = [each.name for each in route]
    ahead = names[names.index(reached) + 1 :]
    return min((promises[name] for name in ahead if name in promises), default=None)


def warning(limit: Limit, due_at: datetime) -> datetime:
    """When the desk is warned: so many minutes before, or as so many working days are left."""
    if limit.minutes is not None:
        return due_at - timedelta(minutes=limit.minutes)
    last = clock.civil_date(due_at - timedelta(microseconds=1))
    return clock.civil_midnight(clock.add_working_days(last, 1 - (limit.working_days or 1)))


def _end(limit: Limit, start: datetime) -> datetime:
    if limit.minutes is not None:
        return start + timedelta(minutes=limit.minutes)
    assert limit.working_days is not None  # noqa: S101 - a limit has one of the two
    last = clock.add_working_days(clock.civil_date(start), limit.working_days)
    return clock.civil_midnight(last + timedelta(days=1))


def _moved(limit: Limit, end: datetime, since: datetime, until: datetime) -> datetime:
    if limit.minutes is not None:
        return end + (until - since)
    day, last = clock.civil_date(since), clock.civil_date(until)
    stood = sum(
        clock.is_working_day(day + timedelta(days=count + 1)) for count in range((last - day).days)
    )
    working = clock.add_working_days(clock.civil_date(end) - timedelta(days=1), stood)
    return clock.civil_midnight(working + timedelta(days=1))


def _limit(within: Within, values: Mapping[str, str]) -> Limit:
    return within.limit(values.get(within.by) if within.by else None)
