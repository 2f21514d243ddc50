"""The worker: runs jobs until it is told to stop, and comes back when the database was away.

A worker shows that it lives by a heartbeat. Every worker looks, from time to time, for jobs
that were begun by one that fell silent, and puts them back in the queue.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import procrastinate
import psycopg
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.worker import Worker

from runtime import clock, metrics
from runtime.database import libpq_url
from runtime.jobs import URGENT_QUEUE, Backoff, jobs
from runtime.logs import get_logger

MOST_ATTEMPTS = 20
"""A job that was begun so often and never ended kills its workers; it is given up."""
LEAST_PATIENCE_SECONDS = 20
_RESCUE_LOCK = 0x0DE6_0002
_PAUSES = Backoff(first=timedelta(milliseconds=200), longest=timedelta(seconds=5))

_log = get_logger(__name__)
_jobs = metrics.counter("denghuo_jobs", "Jobs that ended", ["task", "outcome"])
_rescued = metrics.counter("denghuo_jobs_rescued", "Jobs of a dead worker put back in the queue")
_seconds = metrics.histogram("denghuo_job_seconds", "Time that jobs took", ["task"])


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker runs; see JobSettings."""

    queues: tuple[str, ...] | None
    concurrency: int
    rescue_seconds: float
    keep_days: int


def run_worker(
    url: str,
    *,
    queues: Iterable[str] | None = None,
    concurrency: int = 4,
    rescue_seconds: float = 30.0,
    keep_days: int = 14,
) -> None:
    """Run jobs of `queues` (all when None) until SIGTERM or SIGINT; begun jobs are finished.

    A worker silent for `rescue_seconds` counts as dead. Finished jobs are deleted after
    `keep_days`. Tasks must be declared (their modules imported) and `use_database` called.
    """
    options = WorkerOptions(
        tuple(queues) if queues is not None else None, concurrency, rescue_seconds, keep_days
    )
    asyncio.run(_supervise(libpq_url(url), options))


async def _supervise(url: str, options: WorkerOptions) -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    failures = 0
    while not stop.is_set():
        began = clock.now()
        await _work_until(stop, url, options)
        if clock.now() - began > timedelta(seconds=10):
            failures = 0
        if not stop.is_set():
            _log.warning("worker_starts_again", failures=failures)
            await _pause(stop, _PAUSES.wait(failures))
            failures += 1
    _log.info("worker_stopped")


async def _pause(stop: asyncio.Event, length: timedelta) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), length.total_seconds())


async def _work_until(stop: asyncio.Event, url: str, options: WorkerOptions) -> None:
    """Work until told to stop, or until the database is lost."""
    manager = _Manager(_connector(url, options))
    stopping = asyncio.create_task(stop.wait())
    losing = asyncio.create_task(manager.lost.wait())
    work = asyncio.create_task(_work(manager, options))
    watching = asyncio.create_task(_begin_anew_when_silent(manager, stop, options))
    await asyncio.wait({stopping, losing, work}, return_when=asyncio.FIRST_COMPLETED)
    for each in (work, stopping, losing):
        each.cancel()
    for each in (work, stopping, losing, watching):
        if each is watching:
            watching.cancel()
        try:
            await each
        except asyncio.CancelledError:
            continue
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("worker_lost_database", reason=_reason(error))


async def _begin_anew_when_silent(
    manager: "_Manager", stop: asyncio.Event, options: WorkerOptions
) -> None:
    """Run this program anew, in this process, when its heart has stood still for too long.

    A lost database can leave a worker alive that fetches nothing and ends never; what it had
    begun is rescued like the jobs of any dead worker.
    """
    patience = max(LEAST_PATIENCE_SECONDS, 4 * options.rescue_seconds)
    while not stop.is_set():
        await asyncio.sleep(patience / 4)
        if time.monotonic() - manager.last_beat > patience:
            _log.error("worker_hangs_and_begins_anew", silent_seconds=patience)
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - ourselves


async def _work(manager: "_Manager", options: WorkerOptions) -> None:
    connector = manager.connector
    jobs.connector, jobs.job_manager = connector, manager
    async with jobs.open_async():
        chores = [
            asyncio.create_task(_rescue_for_ever(manager, options.rescue_seconds)),
            asyncio.create_task(_delete_old_for_ever(manager, options.keep_days)),
        ]
        _log.info("worker_ready", queues=options.queues, concurrency=options.concurrency)
        try:
            await _all_of(
                asyncio.create_task(jobs.run_worker_async(**_procrastinate_options(each)))
                for each in _lanes(options)
            )
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)


async def _all_of(lanes: Iterable["asyncio.Task[None]"]) -> None:
    """Run until one ends or we are cancelled; each ends what it has begun before we go on."""
    running = list(lanes)
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in running:
            each.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


def _lanes(options: WorkerOptions) -> list[WorkerOptions]:
    """All queues, and a place that only urgent jobs take: they never wait behind long ones."""
    if options.queues is not None:
        return [options]
    return [options, replace(options, queues=(URGENT_QUEUE,), concurrency=1)]


async def _rescue_for_ever(manager: JobManager, rescue_seconds: float) -> None:
    """Look for stalled jobs at half the time of silence that is allowed."""
    while True:
        try:
            await rescue(manager, rescue_seconds)
        except (ConnectorException, psycopg.Error) as error:
            _log.warning("rescue_failed", reason=_reason(error))
        await asyncio.sleep(rescue_seconds / 2)


async def rescue(manager: JobManager, rescue_seconds: float) -> int:
    """Put jobs of dead workers back in the queue; returns how many. One worker at a time."""
    async with _pool(manager).connection() as connection, connection.transaction():
        held = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [_RESCUE_LOCK])
        if not (await held.fetchone() or (False,))[0]:
            return 0
        stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=rescue_seconds))
        for job in stalled:
            await _rescue_one(manager, job)
    return len(stalled)


async def _rescue_one(manager: JobManager, job: Job) -> None:
    if job.attempts + 1 >= MOST_ATTEMPTS:
        _log.error("job_given_up", job=job.id, task=job.task_name, attempts=job.attempts)
        await manager.finish_job(job, Status.FAILED, delete_job=False)
        return
    _log.warning("job_rescued", job=job.id, task=job.task_name, attempts=job.attempts)
    await manager.retry_job(job)
    _rescued.inc()


async def _delete_old_for_ever(manager: JobManager, keep_days: int) -> None:
    """Hourly; what was given up stays until somebody has looked at it."""
    while True:
        with contextlib.suppress(ConnectorException):
            await manager.delete_old_jobs(
                nb_hours=24 * keep_days, include_cancelled=True, include_aborted=True
            )
        await asyncio.sleep(3600)


class _Manager(JobManager):
    """Says so when the end of a job could not be recorded.

    Procrastinate would go on, and the job would count as running for as long as this worker
    lives. Leaving it to a new worker makes it a stalled one, which is rescued.
    """

    def __init__(self, connector: procrastinate.PsycopgConnector) -> None:
        super().__init__(connector)
        self.lost = asyncio.Event()
        self.last_beat = time.monotonic()

    async def update_heartbeat(self, worker_id: int) -> None:
        await super().update_heartbeat(worker_id)
        self.last_beat = time.monotonic()

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        with self._recording(job):
            await super().finish_job(job, status, delete_job)

    async def retry_job(self, job: Job, *args: Any, **options: Any) -> None:
        try:
            with self._recording(job):
                await super().retry_job(job, *args, **options)
        except UniqueViolation:
            _log.info("job_superseded", job=job.id, task=job.task_name)
            await self.finish_job(job, Status.ABORTED, delete_job=False)

    @contextlib.contextmanager
    def _recording(self, job: Job) -> Iterator[None]:
        try:
            yield
        except UniqueViolation:
            raise
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.errors.RaiseException):
                _log.info("job_ended_elsewhere", job=job.id, task=job.task_name)
                return
            _log.warning("job_end_not_recorded", job=job.id, reason=_reason(error))
            self.lost.set()


def _procrastinate_options(options: WorkerOptions) -> dict[str, Any]:
    return {
        "queues": list(options.queues) if options.queues is not None else None,
        "concurrency": options.concurrency,
        "fetch_job_polling_interval": min(1.0, options.rescue_seconds / 2),
        "update_heartbeat_interval": options.rescue_seconds / 4,
        "stalled_worker_timeout": options.rescue_seconds,
        "install_signal_handlers": False,
        "worker_middleware": [_measured],
    }


async def _measured(
    call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker
) -> Any:
    name, outcome = context.job.task_name, "failed"
    with _seconds.labels(name).time():
        try:
            result = await call_next()
            outcome = "succeeded"
            return result
        finally:
            _jobs.labels(name, outcome).inc()


def _connector(url: str, options: WorkerOptions) -> procrastinate.PsycopgConnector:
    return procrastinate.PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=options.concurrency + 6,
        timeout=5.0,
        reconnect_timeout=5.0,
        kwargs={"connect_timeout": 5, "application_name": "denghuo-worker"},
    )


def _pool(manager: JobManager) -> Any:
    connector = manager.connector
    if not isinstance(connector, procrastinate.PsycopgConnector):
        raise TypeError("The rescue needs the worker's own connector.")
    return connector.pool


def _reason(error: BaseException) -> str:
    """The first line of what the driver said; Procrastinate's own error says nothing."""
    cause = error.__cause__ or error
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
