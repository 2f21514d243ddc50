"""A job is done although its worker, or the database, is killed while it runs."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime import migrate
from runtime.database import Database
from runtime.jobs import AnyTask, count_jobs, defer, defer_many, failed_jobs, run_again
from runtime.postgres import PrivateServer
from tests.runtime.worker_process import fail, leave_mark, long_at_first, urgent
from tests.waiting import eventually

pytestmark = pytest.mark.database
ROOT = Path(__file__).parents[2]
RESCUE_SECONDS = 0.8


@pytest.fixture(scope="module")
def marked_url(scratch_database: Callable[[str], str]) -> str:
    """A database of this module's own: workers in other processes write to it."""
    url = scratch_database("worker")
    _prepare(url)
    return url


def _prepare(url: str) -> None:
    migrate.upgrade(url)
    database = Database(url)
    with database.unit_of_work() as session:
        session.execute(text("CREATE TABLE marks (number int, pid int)"))
    database.dispose()


@pytest.fixture
def marked(marked_url: str) -> Iterator[Database]:
    database = Database(marked_url)
    with database.unit_of_work() as session:
        session.execute(text("TRUNCATE marks, procrastinate_jobs, procrastinate_workers CASCADE"))
    yield database
    database.dispose()


@contextmanager
def _worker(database: Database) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.worker_process", database.url, str(RESCUE_SECONDS)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _defer(database: Database, task: AnyTask, **arguments: object) -> None:
    with database.unit_of_work() as session:
        defer(session, task, **arguments)


def _marks(database: Database, number: int) -> list[int]:
    query = text("SELECT pid FROM marks WHERE number = :number")
    with database.unit_of_work() as session:
        return list(session.scalars(query, {"number": number}))


def _jobs(database: Database) -> dict[str, int]:
    with database.unit_of_work() as session:
        return count_jobs(session)


def test_a_killed_workers_job_is_done_by_another(marked: Database) -> None:
    _defer(marked, long_at_first, number=1, seconds=600)
    with _worker(marked) as first:
        eventually(lambda: len(_marks(marked, 1)) == 1)
    _defer(marked, leave_mark, number=2)
    with _worker(marked) as second:
        eventually(lambda: _jobs(marked) == {"succeeded": 2})
        assert _marks(marked, 1) == [first.pid, second.pid]
        assert _marks(marked, 2) == [second.pid]


def test_a_job_is_left_alone_while_its_worker_lives(marked: Database) -> None:
    _defer(marked, long_at_first, number=1, seconds=2 * RESCUE_SECONDS)
    with _worker(marked), _worker(marked):
        eventually(lambda: _jobs(marked) == {"succeeded": 1})
    assert len(_marks(marked, 1)) == 1


def test_what_somebody_waits_for_waits_behind_nothing(marked: Database) -> None:
    for number in (1, 2, 3):
        _defer(marked, long_at_first, number=number, seconds=600)
    with _worker(marked):
        eventually(lambda: [len(_marks(marked, number)) for number in (1, 2, 3)] == [1, 1, 0])
        _defer(marked, urgent, number=4)
        eventually(lambda: len(_marks(marked, 4)) == 1)
    assert _marks(marked, 3) == []


def test_a_worker_told_to_stop_ends_what_it_began(marked: Database) -> None:
    _defer(marked, long_at_first, number=1, seconds=0.5)
    with _worker(marked) as worker:
        eventually(lambda: len(_marks(marked, 1)) == 1)
        _defer(marked, leave_mark, number=2)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    done = _jobs(marked)
    assert done["succeeded"] + done.get("todo", 0) == 2
    assert "doing" not in done


def test_an_idle_worker_stops_at_once(marked: Database) -> None:
    _defer(marked, leave_mark, number=1)
    with _worker(marked) as worker:
        eventually(lambda: _jobs(marked) == {"succeeded": 1})
        worker.send_signal(signal.SIGINT)
        assert worker.wait(30) == 0


def test_a_failing_job_is_tried_again_and_then_shown(marked: Database) -> None:
    _defer(marked, fail, number=1, times=2)
    _defer(marked, fail, number=2, times=99)
    with _worker(marked) as worker:
        eventually(lambda: _jobs(marked) == {"succeeded": 1, "failed": 1})
        assert (len(_marks(marked, 1)), len(_marks(marked, 2))) == (3, 3)
        with marked.unit_of_work() as session:
            (given_up,) = failed_jobs(session)
            assert (given_up.task, given_up.queue, given_up.attempts) == ("test.fail", "test", 3)
            assert given_up.arguments == {"number": 2, "times": 99}
            assert run_again(session, given_up.id)
            assert not run_again(session, given_up.id + 1)
        eventually(lambda: len(_marks(marked, 2)) == 4)
        worker.terminate()
        assert worker.stderr is not None
        assert "13812345678" not in worker.stderr.read()


def test_a_retry_gives_way_to_a_job_that_waits_for_the_same(marked: Database) -> None:
    """Otherwise it would count as running for ever, and block every job of its lock."""
    with marked.unit_of_work() as session:
        defer(session, fail, number=1, times=1, queueing_lock="one", lock="one")
    with marked.unit_of_work() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        defer(session, leave_mark, number=2, queueing_lock="one", lock="one")
    with _worker(marked):
        eventually(lambda: _jobs(marked) == {"aborted": 1, "succeeded": 1})
    assert (_marks(marked, 1), len(_marks(marked, 2))) == ([], 1)


def test_a_job_that_kills_its_workers_is_given_up(marked: Database) -> None:
    _defer(marked, leave_mark, number=1)
    with marked.unit_of_work() as session:
        session.execute(text("UPDATE procrastinate_jobs SET status = 'doing', attempts = 19"))
    with _worker(marked):
        eventually(lambda: _jobs(marked) == {"failed": 1})
    assert _marks(marked, 1) == []


def test_many_jobs_are_deferred_at_once(marked: Database) -> None:
    with marked.unit_of_work() as session:
        assert defer_many(session, leave_mark, ({"number": n} for n in range(25)), size=10) == 25
        assert count_jobs(session) == {"todo": 25}
    with _worker(marked):
        eventually(lambda: _jobs(marked) == {"succeeded": 25})


def test_a_worker_comes_back_when_the_database_does(tmp_path: Path) -> None:
    """The database is killed while a job runs, whose end therefore cannot be recorded."""
    with PrivateServer(tmp_path / "var", durable=False) as server:
        _prepare(server.url)
        database = Database(server.url)
        _defer(database, long_at_first, number=1, seconds=2)
        with _worker(database) as worker:
            eventually(lambda: len(_marks(database, 1)) == 1)
            os.kill(server.pid or 0, signal.SIGKILL)
            server.wait()
            eventually(lambda: worker.poll() is None)
            server.start()
            database.dispose()
            _defer(database, leave_mark, number=2)
            eventually(lambda: _jobs(database) == {"succeeded": 2}, seconds=60)
            assert set(_marks(database, 1) + _marks(database, 2)) == {worker.pid}
        database.dispose()
    server.remove()
