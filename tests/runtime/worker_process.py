"""A worker in a process of its own, with tasks that leave marks: `python -m … URL [SECONDS]`."""

import os
import sys
import time
from datetime import timedelta

from sqlalchemy import text

from runtime import logs
from runtime.database import Database
from runtime.jobs import URGENT_QUEUE, Backoff, database, jobs, use_database
from runtime.worker import run_worker

QUICK = Backoff(attempts=3, first=timedelta(milliseconds=10), longest=timedelta(milliseconds=50))


def mark(number: int) -> int:
    """Write down that a job began; returns how often it has now begun."""
    with database().unit_of_work() as session:
        session.execute(
            text("INSERT INTO marks (number, pid) VALUES (:number, :pid)"),
            {"number": number, "pid": os.getpid()},
        )
        found = session.scalar(
            text("SELECT count(*) FROM marks WHERE number = :number"), {"number": number}
        )
    return int(found or 0)


@jobs.task(name="test.mark", queue="test", retry=QUICK)
def leave_mark(number: int) -> None:
    mark(number)


@jobs.task(name="test.urgent", queue=URGENT_QUEUE)
def urgent(number: int) -> None:
    mark(number)


@jobs.task(name="test.long_at_first", queue="test")
def long_at_first(number: int, seconds: float) -> None:
    """Takes long the first time only."""
    if mark(number) == 1:
        time.sleep(seconds)


@jobs.task(name="test.fail", queue="test", retry=QUICK)
def fail(number: int, times: int) -> None:
    """Fails so many times."""
    if mark(number) <= times:
        raise ValueError("phone 13812345678")


if __name__ == "__main__":
    logs.configure("INFO", process="worker")
    use_database(Database(sys.argv[1]))
    run_worker(sys.argv[1], concurrency=2, rescue_seconds=float(sys.argv[2]))
