"""A bill run that is killed goes on from where it was, and bills nobody twice."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from core.billing.runs import run_bills
from core.models import Bill, BillRun, LedgerEntry
from core.settings import BillingSettings
from runtime.database import Database, libpq_url
from tests.core.builders import all_changes, create_home, record_use
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
HOMES = 12
HELD = 20_260_901
MONTH = "2026-09"

PROGRAM = """
from datetime import date
from core.billing.runs import run_bills
from core.settings import BillingSettings
from runtime import crypto
from runtime.database import Database
import os
crypto.use_keys(crypto.KeyRing({"test": bytes(range(32))}, bytes(range(32, 64))))
rules = BillingSettings(core_bill_chunk=1)
run_bills(Database(os.environ["DATABASE_URL"]), "2026-09", date(2026, 10, 2), rules)
"""

STOP = """
CREATE FUNCTION core.stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM core.bill) >= {bills} THEN
        PERFORM pg_advisory_xact_lock({held});
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stop BEFORE {moment} FOR EACH ROW EXECUTE FUNCTION core.stop()
"""


@pytest.mark.parametrize(
    ("moment", "bills", "stand"),
    [
        ("INSERT ON core.bill", 0, 0),
        ("INSERT ON core.bill", 5, 5),
        ("INSERT ON core.ledger_entry", 7, 6),
        ("INSERT ON core.change", HOMES - 1, HOMES - 2),
        ("UPDATE ON core.bill_run", HOMES, HOMES),
    ],
)
def test_a_run_that_was_killed_is_finished_by_the_next(
    database: Database, database_url: str, moment: str, bills: int, stand: int
) -> None:
    enter_homes(database)
    kill_at(database_url, moment, bills)
    assert billed(database) == stand
    run_to_the_end(database)
    check_everything_once(database)


def test_killed_again_and_again_and_still_right(database: Database, database_url: str) -> None:
    enter_homes(database)
    for bills in (3, 4, 9):
        kill_at(database_url, "INSERT ON core.change", bills)
        assert billed(database) == bills - 1
    run_to_the_end(database)
    check_everything_once(database)


def enter_homes(database: Database) -> None:
    with database.unit_of_work() as session:
        for _ in range(HOMES):
            _, _, meter = create_home(session)
            record_use(session, meter, MONTH)


def start(database_url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        stderr=subprocess.DEVNULL,
    )


def kill_at(database_url: str, moment: str, bills: int) -> None:
    """Kill a run, with no chance to clean up, where it comes to `moment` with so many bills.

    There it waits for a lock that the test holds, so that it is certain where it dies.
    """
    with psycopg.connect(libpq_url(database_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [HELD])
        connection.execute(STOP.format(moment=moment, bills=bills, held=HELD))
        with start(database_url) as process:
            eventually(lambda: bool(waiting(connection)) or process.poll() is not None, 120)
            process.kill()
        (pid,) = waiting(connection)
        connection.execute("SELECT pg_terminate_backend(%s, 30000)", [pid])
        connection.execute("DROP FUNCTION core.stop CASCADE")


def waiting(connection: psycopg.Connection) -> list[int]:
    """The database's process that waits for the held lock."""
    found = connection.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        [HELD],
    )
    return [pid for (pid,) in found]


def run_to_the_end(database: Database) -> None:
    run_bills(database, MONTH, date(2026, 10, 2), BillingSettings(core_bill_chunk=1))


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
