"""Jobs: asked for in the transaction of a change, done later by a worker, at least once.

A job is a row of the same database, so it exists exactly if the change that asked for it was
committed. A worker may die at any point, so a job may run more than once: every task is
idempotent. Tasks are plain functions, run in threads, so that the worker's heartbeat goes on
beside them. A task that fails is tried again by its `retry` (use `BACKOFF`); one that keeps
failing stays in the table as failed, and `failed_jobs` shows it.
"""

import random
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job, JobDeferrer
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.tasks import Task
from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database, UtcDateTime

jobs = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""The one application: rooms declare their tasks on it (`@jobs.task(name=…, queue=…)`)."""


URGENT_QUEUE = "urgent"
"""The queue of jobs that somebody waits for; every worker keeps a place for it."""


def nightly(minute: int) -> str:
    """The cron words for `minute` past three in the night, Beijing time; crons count in UTC."""
    return f"{minute} 19 * * *"


@dataclass(frozen=True)
class TaskName:
    """A task as those know it who ask for it and must not import what it does."""

    name: str
    queue: str

    def configure(self, **options: Any) -> JobDeferrer:
        """Procrastinate's own, as a declared task has it."""
        return jobs.configure_task(self.name, queue=self.queue, **options)


AnyTask = Task[Any, Any, Any] | TaskName

_in_transaction = JobManager(procrastinate.SyncPsycopgConnector())
"""Defers on the caller's connection; `jobs` itself is asynchronous inside a worker."""


_DOUBLINGS = 30
"""A second doubled so often is 34 years, and still a time that Python can count."""


@dataclass(frozen=True, kw_only=True)
class Backoff(BaseRetryStrategy):
    """Waits of 1, 2, 4 … seconds up to `longest`, each varied by half, `attempts` in all."""

    attempts: int = 12
    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= self.attempts:
            return None
        return RetryDecision(retry_at=clock.now() + self.wait(job.attempts))

    def wait(self, failures: int) -> timedelta:
        """How long to wait after so many earlier failures."""
        full = min(self.first * 2 ** min(failures, _DOUBLINGS), self.longest)
        share = random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        return timedelta(seconds=full.total_seconds() * share)


BACKOFF = Backoff()
"""Twelve attempts over about half an hour: what a task that calls outside should use."""


def defer(
    session: Session,
    task: AnyTask,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_in: timedelta | None = None,
    priority: int = 0,
    **args: Any,
) -> None:
    """Ask for a job in the transaction of `session`.

    Jobs of one `lock` run one after the other, in order. While a job of the same
    `queueing_lock` waits, another is not added. The highest `priority` is begun first. `args`
    must be JSON.
    """
    with suppress(AlreadyEnqueued), session.begin_nested():
        _deferrer(session, task, lock, queueing_lock, schedule_in, priority).defer(**args)


def defer_many(
    session: Session, task: AnyTask, arguments: Iterable[Mapping[str, Any]], *, size: int = 1000
) -> int:
    """Ask for one job for each set of arguments, `size` at a time; returns how many.

    For work by the chunk: one job for each chunk of accounts, never one for each bill.
    """
    job, waiting = _deferrer(session, task), [dict(each) for each in arguments]
    for start in range(0, len(waiting), size):
        job.batch_defer(*waiting[start : start + size])
    return len(waiting)


@dataclass(frozen=True)
class FailedJob:
    """A job that was given up."""

    id: int
    task: str
    queue: str
    arguments: dict[str, Any]
    attempts: int
    failed_at: datetime


def failed_jobs(session: Session, *, limit: int = 100) -> list[FailedJob]:
    """The jobs that were given up, the newest first."""
    rows = session.execute(_FAILED.columns(failed_at=UtcDateTime()), {"limit": limit})
    return [FailedJob(*row) for row in rows]


def run_again(session: Session, job_id: int) -> bool:
    """Queue a job that was given up once more; False when it is not such a job."""
    found = session.execute(_LOCK_FAILED, {"id": job_id}).first() is not None
    if found:
        session.execute(_RUN_AGAIN, {"id": job_id})
    return found


def count_jobs(session: Session) -> dict[str, int]:
    """Number of jobs by status: todo, doing, succeeded, failed, cancelled, aborted."""
    return {row.status: row.jobs for row in session.execute(_COUNT)}


_database: Database | None = None


def use_database(database: Database) -> None:
    """Name the database that tasks of this process work on."""
    global _database
    _database = database


def database() -> Database:
    """The database for a task. Raises RuntimeError when the process never named one."""
    if _database is None:
        raise RuntimeError("No database for jobs: call use_database() where the process starts.")
    return _database


def _deferrer(
    session: Session,
    task: AnyTask,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_in: timedelta | None = None,
    priority: int = 0,
) -> JobDeferrer:
    """Procrastinate's own, on the raw connection under `session`.

    Asking the session for its connection inside a nested transaction is what sets the savepoint.
    """
    at = None if schedule_in is None else clock.now() + schedule_in
    configured = task.configure(
        lock=lock, queueing_lock=queueing_lock, schedule_at=at, priority=priority
    )
    return JobDeferrer(
        job=configured.job,
        job_manager=_in_transaction,
        connection=session.connection().connection.driver_connection,
    )


_FAILED = text("""
    SELECT job.id, job.task_name, job.queue_name, job.args, job.attempts,
           max(event.at) AS failed_at
    FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id
    WHERE job.status = 'failed' AND event.type = 'failed'
    GROUP BY job.id ORDER BY failed_at DESC, job.id DESC LIMIT :limit
""")
_LOCK_FAILED = text(
    "SELECT id FROM procrastinate_jobs WHERE id = :id AND status = 'failed' FOR UPDATE"
)
_RUN_AGAIN = text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")
_COUNT = text(
    "SELECT status::text AS status, count(*) AS jobs FROM procrastinate_jobs GROUP BY status"
)
