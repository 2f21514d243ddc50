"""When the jobs of payments come by themselves."""

from datetime import UTC, datetime

from payments import work
from runtime.jobs import jobs


def test_the_sweep_comes_every_ten_seconds() -> None:
    periodic = jobs.periodic_registry.periodic_tasks[(work.sweep.name, "")]
    started = datetime(2026, 11, 21, 6, 3, 1, tzinfo=UTC).timestamp()
    first = periodic.croniter.get_next(start_time=started)
    waits = [first - started, periodic.croniter.get_next() - first]
    assert waits == [9, 10]
