"""The sync over real HTTP and a real database, with what may go wrong on the way."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, text

from runtime import events
from runtime.errors import Unavailable
from service import bills
from service.core_client import CoreClient
from service.events import BillIssued, PaymentPosted
from service.models import (
    Account,
    Bill,
    DailyUse,
    Meter,
    MeterDay,
    PoisonedChange,
    Posting,
    ServicePoint,
    SyncCursor,
)
from service.sync import run
from service.sync.reading import read
from service.sync.sources import Batch, CoreFeed
from service.sync.status import sync_status
from tests.service import changes
from tests.service.builders import create_link, create_user
from tests.service.core_double import TOKEN

ROOT = Path(__file__).parents[2]


def _rows(database, model, *columns):
    with database.unit_of_work() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def _set_aside(database):
    with database.unit_of_work() as session:
        return [
            (change.position, change.kind, change.reason)
            for change in session.scalars(select(PoisonedChange).order_by(PoisonedChange.id))
        ]


def test_every_kind_of_object_arrives_whole(database, core, feed):
    core.add("account", changes.account())
    core.add("balance", changes.balance())
    core.add("service_point", changes.service_point(contract_kva=315))
    core.add("meter", changes.meter())
    core.add("meter_day", changes.meter_day(export_wh=[0] * 96, quality="V" * 95 + "E"))
    core.add("daily_use", changes.daily_use())
    core.add("bill", changes.bill())
    core.add("posting", changes.posting())
    core.add("crew", {"crew_no": "C1"})
    outcome = run.run(database, feed)
    assert (outcome.rows, outcome.poisoned, outcome.skipped) == (8, 0, 1)
    assert outcome.caught_up
    with database.unit_of_work() as session:
        account = session.scalars(select(Account)).one()
        assert (account.holder_name, account.phone) == ("王建华", "13800138000")
        assert (account.balance_fen, account.seq, account.balance_seq) == (14951, 1, 2)
        assert session.scalars(select(ServicePoint)).one().contract_kva == 315
        assert session.scalars(select(Meter)).one().installed == date(2019, 4, 1)
        day = session.scalars(select(MeterDay)).one()
        assert (day.import_wh, day.export_wh, day.reactive_varh) == ([10] * 96, [0] * 96, None)
        assert (day.day, day.quality) == (date(2026, 11, 1), "V" * 95 + "E")
        assert session.scalars(select(DailyUse)).one().import_wh == 8200
        bill = session.scalars(select(Bill)).one()
        assert bill.case["kwh"] == {"peak": "100"}
        assert bill.issued_at == datetime(2026, 11, 3, 1, tzinfo=UTC)
        posting = session.scalars(select(Posting)).one()
        assert posting.allocations[0]["principal_fen"] == 5680
        user = create_user(session)
        create_link(session, user, account)
        view = bills.bill(session, user.id, "B1")
        assert view.readings[0].end == Decimal("100")
        assert view.lines[0].amount_fen == view.summary.total_fen == 5680


def test_names_and_phones_are_sealed_in_the_database(database, core, feed):
    core.add("account", changes.account())
    run.run(database, feed)
    with database.unit_of_work() as session:
        name, phone = session.execute(text("SELECT holder_name, phone FROM account")).one()
    assert "王建华".encode() not in bytes(name)
    assert b"13800138000" not in bytes(phone)


def test_text_comes_through_with_every_sign_that_copy_takes_for_its_own(database, core, feed):
    address = "a\tb\nc\\N\\.\r\"'\u2028 {1,2}"
    core.add("account", changes.account(address=address, holder_name="\\N"))
    core.add("bill", changes.bill(readings=[], case={**changes.bill()["case"], "tariff": address}))
    run.run(database, feed)
    assert _rows(database, Account, Account.address) == [(address,)]
    with database.unit_of_work() as session:
        assert session.scalars(select(Account.holder_name)).one() == "\\N"
        assert session.scalars(select(Bill.case)).one()["tariff"] == address


def test_what_comes_twice_changes_nothing(database, core, feed):
    core.add("account", changes.account())
    core.add("bill", changes.bill())
    run.run(database, feed)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE sync_cursor SET position = ''"))
        session.execute(text("UPDATE bill SET settled_fen = 7"))
    run.run(database, feed)
    assert _rows(database, Bill, Bill.settled_fen, Bill.seq) == [(7, 2)]


def test_the_newest_of_an_object_wins_and_an_old_one_never_comes_back(database, core, feed):
    core.add("bill", changes.bill(settled_fen=1))
    core.add("bill", changes.bill(settled_fen=2))
    core.add("balance", changes.balance("unknown"))
    core.add("bill", changes.bill(settled_fen=3))
    run.run(database, feed)
    assert _rows(database, Bill, Bill.settled_fen, Bill.seq) == [(3, 4)]
    with database.unit_of_work() as session:
        run.apply(session, "feed", read(core.changes[0] + b"\n" + core.changes[1]))
    assert _rows(database, Bill, Bill.settled_fen, Bill.seq) == [(3, 4)]


def test_an_account_keeps_its_balance_when_it_changes(database, core, feed):
    core.add("account", changes.account())
    core.add("balance", changes.balance(balance_fen=-500))
    run.run(database, feed)
    core.add("account", changes.account(address="柳荫路 8 号"))
    run.run(database, feed)
    assert _rows(database, Account, Account.address, Account.balance_fen) == [("柳荫路 8 号", -500)]


def test_the_cursor_moves_with_the_rows(database, core, feed):
    for number in range(7):
        core.add("account", changes.account(f"{number:012d}"))
    outcome = run.run(database, feed, batches=2)
    assert (outcome.rows, outcome.caught_up) == (6, False)
    assert _rows(database, SyncCursor, SyncCursor.position, SyncCursor.waiting) == [("6", 1)]
    assert run.run(database, feed).rows == 1
    asked = [request[1] for request in core.requests]
    assert asked == ["/v1/changes"] * 3
    assert run.run(database, feed).rows == 0


def test_a_core_that_is_down_leaves_what_was_stored(database, core, feed):
    core.add("account", changes.account())
    run.run(database, feed)
    core.broken = 99
    with pytest.raises(Unavailable):
        run.run(database, feed)
    assert len(_rows(database, Account, Account.account_no)) == 1


POISON = {
    "text for a number": ("bill", changes.bill(total_fen="12"), "$.total_fen"),
    "a missing field": ("meter", {"meter_no": "M"}, "service_point_no"),
    "a broken date": ("daily_use", changes.daily_use("2026-02-30"), "$.day"),
    "a date far off": ("meter_day", changes.meter_day("0026-11-01"), "between 2000 and 2100"),
    "95 values": ("meter_day", changes.meter_day(import_wh=[1] * 95), "96 whole numbers"),
    "97 values": ("meter_day", changes.meter_day(import_wh=[1] * 97), "96 whole numbers"),
    "a negative value": ("meter_day", changes.meter_day(import_wh=[1] * 95 + [-1]), "96 whole"),
    "a half": ("meter_day", changes.meter_day(import_wh=[1] * 95 + [0.5]), "96 whole numbers"),
    "a gap": ("meter_day", changes.meter_day(import_wh=[1] * 95 + [None]), "96 whole numbers"),
    "arrays in an array": ("meter_day", changes.meter_day(import_wh=[[1]] * 96), "96 whole"),
    "no array": ("meter_day", changes.meter_day(import_wh=7), "96 whole numbers"),
    "none at all": ("meter_day", changes.meter_day(import_wh=None), "import_wh"),
    "a value too large": ("meter_day", changes.meter_day(import_wh=[2**31] * 96), "import_wh"),
    "odd quality": ("meter_day", changes.meter_day(quality="V" * 97), "$.quality"),
    "a name too long": ("account", changes.account("9" * 13), "account_no"),
    "a zero byte": ("account", changes.account(address="a\0b"), "zero character"),
    "a zero byte in JSON": (
        "bill",
        changes.bill(
            readings=[{"meter_no": "\0", "register": "import", "start_wh": 0, "end_wh": 1}]
        ),
        "readings",
    ),
    "no such status": ("bill", changes.bill(status="draft"), "$.status"),
    "lines that do not add up": ("bill", changes.bill(total_fen=1), "do not add up"),
    "a line without amount": ("bill", changes.bill(lines=[{"code": "energy"}]), "quantity"),
    "a rate that is no number": (
        "bill",
        changes.bill(lines=[changes.bill()["lines"][0] | {"rate": "NaN"}]),
        "no number",
    ),
    "days turned round": ("bill", changes.bill(to_day="2026-09-30"), "before from_day"),
    "time without zone": ("posting", changes.posting(paid_at="2026-11-05T02:00:00"), "$.paid_at"),
    "balance of nobody": ("balance", changes.balance("000000000000"), "has not arrived"),
}


@pytest.mark.parametrize("name", POISON)
def test_one_bad_change_is_set_aside_and_the_rest_goes_on(database, core, client, name):
    kind, data, reason = POISON[name]
    core.add("account", changes.account())
    core.add("bill", changes.bill("B7"))
    core.add("meter_day", changes.meter_day("2026-10-31"))
    bad = core.add(kind, data)
    core.add("meter_day", changes.meter_day("2026-10-30"))
    core.add("bill", changes.bill("B8"))
    core.add("balance", changes.balance())
    outcome = run.run(database, CoreFeed(client))
    assert (outcome.rows, outcome.poisoned) == (6, 1)
    ((position, set_aside, why),) = _set_aside(database)
    assert (position, set_aside) == (str(bad), kind)
    assert reason in why
    assert "王建华" not in why
    assert _rows(database, SyncCursor, SyncCursor.position) == [("7",)]
    assert _rows(database, Bill, Bill.bill_no) == [("B7",), ("B8",)]
    assert len(_rows(database, MeterDay, MeterDay.day)) == 2


@pytest.mark.parametrize(
    "line", [b"{", b'"x"', b"[]", b'{"seq":0,"kind":"bill","at":"x","data":1}', b'{"kind":"\xff"}']
)
def test_a_line_that_is_no_change_is_set_aside_under_its_fingerprint(database, core, feed, line):
    core.changes.append(line)
    core.add("account", changes.account())
    assert (run.run(database, feed).poisoned, len(_set_aside(database))) == (1, 1)
    assert len(_rows(database, Account, Account.account_no)) == 1
    assert run.run(database, feed).poisoned == 0


def test_many_changes_that_only_the_database_refuses_are_all_found(database, core, client):
    for number in range(200):
        largest = 2**31 - 1 if number % 7 else 2**31
        core.add("meter_day", changes.meter_day(meter_no=f"M{number}", import_wh=[largest] * 96))
    outcome = run.run(database, CoreFeed(client))
    assert (outcome.rows, outcome.poisoned) == (171, 29)
    assert len(_rows(database, MeterDay, MeterDay.meter_no)) == 171


def test_a_bad_change_does_not_take_an_older_good_one_with_it(database, core, client):
    core.add("account", changes.account())
    core.add("account", changes.account(address="柳荫路 8 号"))
    core.add("account", changes.account(kind="x" * 17))
    core.add("account", changes.account(address="a\0b"))
    outcome = run.run(database, CoreFeed(client))
    assert (outcome.rows, outcome.poisoned) == (1, 2)
    assert _rows(database, Account, Account.address, Account.seq) == [("柳荫路 8 号", 2)]


def test_what_was_set_aside_can_be_tried_again(database, core, feed):
    core.add("balance", changes.balance())
    core.add("bill", changes.bill(total_fen=1))
    run.run(database, feed)
    assert run.retry(database, "feed") == (0, 2)
    core.add("account", changes.account())
    run.run(database, feed)
    assert run.retry(database, "feed") == (1, 1)
    assert _rows(database, Account, Account.balance_fen) == [(14951,)]
    with database.unit_of_work() as session:
        assert sync_status(session).poisoned == 1
    assert run.retry(database, "feed") == (0, 1)


def test_what_is_set_aside_is_sealed(database, core, feed):
    core.add("account", changes.account("9" * 13))
    run.run(database, feed)
    with database.unit_of_work() as session:
        payload = bytes(session.execute(text("SELECT payload FROM poisoned_change")).scalar_one())
        change = session.scalars(select(PoisonedChange)).one()
    assert "王建华".encode() not in payload
    assert "王建华" in change.payload


def test_a_bill_and_a_posting_are_told_once(database, core, feed):
    told = []
    core.add("bill", changes.bill("B1"))
    core.add("bill", changes.bill("B2", status="cancelled"))
    core.add("posting", changes.posting())
    core.add("bill", changes.bill("B1", settled_fen=5680))

    def note(_session, event):
        told.append(event)

    with events.subscribed(BillIssued, note), events.subscribed(PaymentPosted, note):
        run.run(database, feed)
        with database.unit_of_work() as session:
            session.execute(text("UPDATE sync_cursor SET position = ''"))
        run.run(database, feed)
    assert told == [
        BillIssued(
            bill_no="B1",
            account_no="420011875603",
            period="2026-10",
            total_fen=5680,
            due=date(2026, 11, 18),
            issued_at=datetime(2026, 11, 3, 1, tzinfo=UTC),
        ),
        PaymentPosted(
            posting_no="P1",
            account_no="420011875603",
            order_no="O1",
            amount_fen=5680,
            posted_at=datetime(2026, 11, 5, 2, 0, 3, tzinfo=UTC),
        ),
    ]


def test_an_event_that_fails_takes_its_bill_back_with_the_cursor(database, core, feed):
    core.add("bill", changes.bill())

    def fail(_session, _event):
        raise RuntimeError("no")

    with events.subscribed(BillIssued, fail), pytest.raises(RuntimeError):
        run.run(database, feed)
    assert _rows(database, Bill, Bill.bill_no) == []
    assert _rows(database, SyncCursor, SyncCursor.position) == []
    assert run.run(database, feed).rows == 1


def test_two_runs_never_work_at_once(database, core, feed, monkeypatch):
    monkeypatch.setattr(run, "LOCK_SECONDS", 0.05)
    core.add("account", changes.account())
    with run._alone(database, "feed"):
        with pytest.raises(Unavailable) as refusal:
            run.run(database, feed)
        with run._alone(database, "files"):
            pass
    assert refusal.value.code == "sync.busy"
    assert run.run(database, feed).rows == 1


def test_a_batch_from_a_place_the_cursor_has_left_is_not_stored(database, core):
    core.add("account", changes.account())
    batch = Batch(core.changes[0], "2", 0)
    fetched = run.Fetched("1", datetime(2026, 11, 5, tzinfo=UTC), batch, read(batch.lines))
    with pytest.raises(Unavailable), database.unit_of_work() as session:
        run.advance(session, "feed", fetched)
    assert _rows(database, Account, Account.account_no) == []


def test_the_age_of_the_data_is_known(database, core, feed):
    with database.unit_of_work() as session:
        assert sync_status(session).as_of is None
    for number in range(4):
        core.add("account", changes.account(f"{number:012d}"), at="2026-11-03T01:00:00Z")
    with time_machine.travel(datetime(2026, 11, 3, 2, tzinfo=UTC), tick=False):
        run.run(database, feed, batches=1)
        with database.unit_of_work() as session:
            status = sync_status(session)
        assert (status.behind_seconds, status.waiting) == (3600, 1)
        assert status.as_of == datetime(2026, 11, 3, 1, tzinfo=UTC)
        run.run(database, feed)
    with time_machine.travel(datetime(2026, 11, 3, 2, 0, 30, tzinfo=UTC), tick=False):
        with database.unit_of_work() as session:
            status = sync_status(session)
        assert (status.behind_seconds, status.waiting, status.poisoned) == (30, 0, 0)
        assert status.as_of == status.checked_at == datetime(2026, 11, 3, 2, tzinfo=UTC)


VICTIM = """
    import sys
    from runtime import crypto
    from runtime.database import Database
    from service.core_client import CoreClient
    from service.sync import run
    from service.sync.sources import CoreFeed

    crypto.use_keys(crypto.KeyRing({"test": bytes(range(32))}, bytes(range(32, 64))))
    database = Database(sys.argv[1])
    print("ready", flush=True)
    run.run(database, CoreFeed(CoreClient(sys.argv[2], "core-token"), batch=50))
    print("done", flush=True)
"""


@pytest.mark.drill
def test_a_run_that_is_killed_loses_and_doubles_nothing(database, database_url, core):
    total = 6000
    for number in range(total):
        core.add("bill", changes.bill(f"B{number:06d}", settled_fen=number))
    command = [sys.executable, "-c", textwrap.dedent(VICTIM), database_url, core.url]
    kills = 0
    for pages in (1, 2, 3, 5, 8):
        seen = len(core.requests)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        while process.poll() is None and len(core.requests) < seen + pages:
            time.sleep(0.0005)
        os.kill(process.pid, signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
        process.stdout.close()
        with database.unit_of_work() as session:
            position = session.scalar(select(SyncCursor.position)) or "0"
            stored = session.scalar(select(func.count()).select_from(Bill))
        assert stored == int(position)
    assert kills == 5
    assert 0 < int(position) < total
    client = CoreClient(core.url, TOKEN)
    outcome = run.run(database, CoreFeed(client))
    client.close()
    assert outcome.rows == total - int(position)
    settled = _rows(database, Bill, Bill.settled_fen)
    assert settled == [(number,) for number in range(total)]
