"""A million orders against a trade bill and the core's file, over a plain sort-merge of the files.

Ours is the whole night's work: the statement is checked line by line, both files go into the
database, are compared with our own books, and each difference is stored with its evidence. The
floor reads the same two files, sorts both and compares amounts. Memory is the peak of this process
and of its PostgreSQL backends together, shared buffers included.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter

import psycopg
import time_machine

from bench import _day
from payments.ledger.check import check
from payments.reconciliation import run
from payments.reconciliation.run import Parties
from payments.statements import fetching, wechat_file
from payments.statements.base import Statement
from payments.statements.unpacking import LIMITS
from payments.statements.wechat import FORM
from runtime import crypto, logs, migrate
from runtime.crypto import KeyRing
from runtime.database import Database, libpq_url
from runtime.postgres import PrivateServer

TURNS = 3
MOST_BYTES = 400_000_000
_FORGET = "TRUNCATE difference, statement, procrastinate_jobs CASCADE"


@dataclass(frozen=True)
class Bill:
    """The gateway: it brings the file that lies there; all else is the real way of a statement."""

    path: Path
    name: str = "wechat"

    def fetch(self, day: date, folder: Path) -> Statement:
        read = partial(wechat_file.read, day=day, mchid=_day.MCHID, most=LIMITS.unpacked)
        return fetching.fetch(FORM, day, folder, partial(shutil.copyfile, self.path), read)


@dataclass(frozen=True)
class Core:
    """The core: its file lies there."""

    path: Path

    def settlement(self, day: date, folder: Path) -> Path:
        return Path(shutil.copyfile(self.path, folder / f"core-{day}.csv"))


def main() -> None:
    """Print the result as one JSON line."""
    logs.configure("CRITICAL", process="bench")
    crypto.use_keys(KeyRing({"bench": bytes(range(32))}, bytes(range(32, 64))))
    with tempfile.TemporaryDirectory(prefix="denghuo-bench-") as folder:
        server = PrivateServer(Path(folder) / "var")
        try:
            url = server.start().url
            migrate.upgrade(url)
            print(json.dumps(_measured(url, Path(folder))), flush=True)
        finally:
            server.remove()


def _measured(url: str, folder: Path) -> dict[str, object]:
    bill, core = folder / "bill.csv.gz", folder / "core.csv"
    _day.build_orders(libpq_url(url))
    _day.write_statement(bill)
    _day.write_core(core)
    parties = Parties({"wechat": Bill(bill)}, Core(core), folder / "statements")
    database = Database(url)
    ours, floors, peaks = [], [], []
    for _ in range(TURNS):
        _forget(url)
        with _watched(url) as peak:
            ours.append(_reconciled(database, parties))
        peaks.append(peak[0])
        floors.append(_sorted_and_merged(bill, core))
    started = perf_counter()
    check(database, _day.DAY)
    checked = perf_counter() - started
    database.dispose()
    assert max(peaks) <= MOST_BYTES, peaks
    rows = 2 * _day.ORDERS
    return {
        "name": "reconcile",
        "value": round(rows / median(ours)),
        "floor": round(rows / median(floors)),
        "ratio": round(median(bare / own for bare, own in zip(floors, ours, strict=True)), 3),
        "unit": "rows/s",
        "peak_mb": round(max(peaks) / 1e6),
        "check_seconds": round(checked, 1),
    }


def _reconciled(database: Database, parties: Parties) -> float:
    """Seconds of a whole reconciliation, which finds exactly what was seeded."""
    with time_machine.travel("2026-11-21T04:00:00Z"):
        started = perf_counter()
        outcomes = run.reconcile(database, parties, _day.DAY)
        seconds = perf_counter() - started
    found = {outcome.source: dict(outcome.found) for outcome in outcomes}
    assert found == _day.EXPECTED, found
    return seconds


def _sorted_and_merged(bill: Path, core: Path) -> float:
    """Seconds of the floor, in a process of its own: what it keeps in memory is not ours."""
    program = [sys.executable, "-m", "bench._sort_merge", str(bill), str(core)]
    told = json.loads(subprocess.run(program, check=True, capture_output=True).stdout)
    assert told["differ"] >= 6 * _day.SEEDED
    return float(told["seconds"])


def _forget(url: str) -> None:
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(_FORGET)


@contextmanager
def _watched(url: str) -> Iterator[list[int]]:
    """The peak of resident bytes, of this process and of the backends that serve it."""
    peak, done = [0], Event()
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:

        def watch() -> None:
            while not done.wait(0.1):
                rows = connection.execute(_BACKENDS).fetchall()
                pids = ["self", *(str(pid) for (pid,) in rows)]
                peak[0] = max(peak[0], sum(map(_resident, pids)))

        watcher = Thread(target=watch)
        watcher.start()
        try:
            yield peak
        finally:
            done.set()
            watcher.join()


_BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'denghuo'"


def _resident(pid: str) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


if __name__ == "__main__":
    main()
