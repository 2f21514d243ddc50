"""A bill run that is killed goes on from where it was, and bills nobody twice."""

import os
import random
import signal
import subprocess
from collections import Counter
from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from core.models import Bill, BillRun, LedgerEntry
from runtime.database import Database
from tests.core.builders import all_changes, create_home, record_use

ROOT = Path(__file__).parents[2]
HOMES = 60
KILLS = 4
MONTH = "2026-09"

PROGRAM = """
from datetime import date
from core.billing.runs import run_bills
from core.settings import BillingSettings
from runtime import crypto
from runtime.database import Database
import os
crypto.use_keys(crypto.KeyRing({"test": bytes(range(32))}, bytes(range(32, 64))))
print("started", flush=True)
rules = BillingSettings(core_bill_chunk=1)
run_bills(Database(os.environ["DATABASE_URL"]), "2026-09", date(2026, 10, 2), rules)
"""


def test_killed_again_and_again_and_still_right(database: Database, database_url: str) -> None:
    with database.unit_of_work() as session:
        for _ in range(HOMES):
            _, _, meter = create_home(session)
            record_use(session, meter, MONTH)
    chance = random.Random(20260901)  # noqa: S311 - a repeatable choice of moments
    interrupted = 0
    for _ in range(KILLS):
        before = billed(database)
        kill_after(database_url, database, before + chance.randint(1, 10))
        interrupted += before < billed(database) < HOMES
    assert interrupted >= 2
    assert run_to_the_end(database_url) == 0
    check_everything_once(database)


def start(database_url: str) -> subprocess.Popen[str]:
    environment = os.environ | {"DATABASE_URL": database_url}
    command = [".venv/bin/python", "-c", PROGRAM]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def kill_after(database_url: str, database: Database, bills: int) -> None:
    """Kill a run, with no chance to clean up, once so many bills are there."""
    with start(database_url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        while billed(database) < min(bills, HOMES) and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)


def run_to_the_end(database_url: str) -> int:
    with start(database_url) as process:
        return process.wait(120)


def billed(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(Bill)) or 0


def check_everything_once(database: Database) -> None:
    with database.unit_of_work() as session:
        bills = session.scalars(select(Bill)).all()
        assert len(bills) == len({bill.service_point_id for bill in bills}) == HOMES
        assert {bill.total_fen for bill in bills} == {14_303}
        booked = session.scalars(select(LedgerEntry.reference)).all()
        assert Counter(booked) == Counter(bill.bill_no for bill in bills)
        told = [each["key"] for each in all_changes(session) if each["kind"] == "bill"]
        assert Counter(told) == Counter(booked)
        run = session.scalars(select(BillRun)).one()
        assert (run.issued, run.held, run.failed) == (HOMES, 0, 0)
        assert run.finished_at is not None
        assert date(2026, 10, 2) <= run.finished_at.date()
