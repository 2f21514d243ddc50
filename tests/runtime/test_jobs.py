"""Jobs are asked for within a change, and are there exactly if the change is."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from runtime.database import Database
from runtime.jobs import (
    BACKOFF,
    Backoff,
    TaskName,
    count_jobs,
    defer,
    jobs,
)


@jobs.task(name="test.noop", queue="test")
def noop(number: int = 0) -> None:
    """Nothing."""


def test_a_job_is_stored_with_the_change(database: Database) -> None:
    with database.unit_of_work() as session:
        defer(session, noop, number=7, lock="a", schedule_in=timedelta(hours=1))
    with database.unit_of_work() as session:
        row = session.execute(
            text(
                "SELECT task_name, queue_name, lock, args, scheduled_at > now() AS later "
                "FROM procrastinate_jobs"
            )
        ).one()
    assert row == ("test.noop", "test", "a", {"number": 7}, True)


def test_a_rollback_takes_the_job_back(database: Database) -> None:
    def change() -> None:
        with database.unit_of_work() as session:
            defer(session, noop)
            assert count_jobs(session) == {"todo": 1}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    with database.unit_of_work() as session:
        assert count_jobs(session) == {}


def test_a_second_job_of_the_same_queueing_lock_is_not_added(database: Database) -> None:
    with database.unit_of_work() as session:
        defer(session, noop, queueing_lock="once", number=1)
        defer(session, noop, queueing_lock="once", number=2)
        session.execute(text("CREATE TEMPORARY TABLE still_alive ()"))
        defer(session, noop, number=3)
    with database.unit_of_work() as session:
        numbers = session.scalars(
            text("SELECT args->>'number' FROM procrastinate_jobs ORDER BY id")
        )
        assert list(numbers) == ["1", "3"]


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 1), (1, 2), (3, 8), (9, 512), (40, 600), (9_999, 600)]
)
def test_pauses_grow_up_to_a_bound(failures: int, seconds: int) -> None:
    waits = {BACKOFF.wait(failures).total_seconds() for _ in range(50)}
    assert seconds / 2 <= min(waits) < max(waits) <= seconds


def test_a_job_is_given_up_after_its_attempts() -> None:
    def decide(failures: int) -> object:
        job: Any = SimpleNamespace(attempts=failures)
        return Backoff(attempts=3).get_retry_decision(exception=ValueError(), job=job)

    assert [decide(n) is not None for n in range(4)] == [True, True, False, False]


def test_a_task_by_name_is_the_declared_one(database: Database) -> None:
    with database.unit_of_work() as session:
        for task in (noop, TaskName("test.noop", "test"), TaskName("test.elsewhere", "far")):
            defer(session, task, number=1, lock="a")
        rows = session.execute(
            text("SELECT task_name, queue_name, lock, args FROM procrastinate_jobs ORDER BY id")
        ).all()
    assert rows == [
        ("test.noop", "test", "a", {"number": 1}),
        ("test.noop", "test", "a", {"number": 1}),
        ("test.elsewhere", "far", "a", {"number": 1}),
    ]
