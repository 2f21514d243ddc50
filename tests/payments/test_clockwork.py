"""When the jobs of payments come by themselves."""

from datetime import UTC, datetime

from croniter import croniter

from payments import work
from runtime import clock
from runtime.jobs import jobs, nightly


def test_the_sweep_comes_every_ten_seconds() -> None:
    periodic = jobs.periodic_registry.periodic_tasks[(work.sweep.name, "")]
    started = datetime(2026, 11, 21, 6, 3, 1, tzinfo=UTC).timestamp()
    first = periodic.croniter.get_next(start_time=started)
    waits = [first - started, periodic.croniter.get_next() - first]
    assert waits == [9, 10]


def test_what_comes_nightly_comes_in_the_night_of_beijing() -> None:
    noon = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    comes = croniter(nightly(30)).get_next(start_time=noon.timestamp())
    assert datetime.fromtimestamp(comes, clock.BEIJING).isoformat() == "2026-11-22T03:30:00+08:00"
