"""The demo utility as a whole, with a small roster: what must hold whatever is drawn."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import numpy as np
import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.billing import ledger, settlement
from core.demo import people
from core.demo import utility as utility_of_demo
from core.demo.roster import Scale, roster
from core.demo.utility import build
from core.models import (
    Account,
    Anomaly,
    Bill,
    Change,
    Meter,
    MeterDay,
    Posting,
    RegisterReading,
    RejectedReading,
    ServicePoint,
)
from runtime import clock, migrate
from runtime.crypto import KeyRing
from runtime.database import Database

TODAY = "2026-11-20T04:00:00Z"
SMALL = Scale(homes=9, shops=1, pumps=1, firm=2, small_firm=1)
TINY = Scale(homes=0, shops=0, pumps=0, firm=0, small_firm=0)


@contextmanager
def _new_database(scratch_database, name: str) -> Iterator[Database]:
    url = scratch_database(name)
    for location in migrate.locations().values():
        migrate.upgrade(url, location)
    database = Database(url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def utility(scratch_database, keys: KeyRing) -> Iterator[Database]:
    """The small utility, built once for the tests that only look at it."""
    with (
        _new_database(scratch_database, "demo") as database,
        time_machine.travel(TODAY, tick=False),
    ):
        build(database, lambda _: None, SMALL)
        yield database


@pytest.fixture
def session(utility: Database) -> Iterator[Session]:
    with Session(utility.engine) as session:
        yield session


@pytest.fixture
def empty(scratch_database, keys: KeyRing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of its own for a test that builds, with a short history."""
    monkeypatch.setattr(utility_of_demo, "MONTHS", 4)
    with _new_database(scratch_database, "demo_tiny") as database:
        yield database


def bills_of(session: Session, account_no: str) -> list[Bill]:
    query = select(Bill).join(Account, Account.id == Bill.account_id)
    return list(
        session.scalars(query.where(Account.account_no == account_no).order_by(Bill.period))
    )


def unpaid(bills: list[Bill]) -> list[str]:
    return [bill.period for bill in bills if bill.settled_fen < bill.total_fen]


def account_with(event: str) -> str:
    return next(supply.account_no for supply in roster(SMALL) if supply.event == event)


def test_everybody_has_thirteen_bills(session: Session) -> None:
    accounts = len(roster(SMALL))
    counts = session.execute(select(Bill.period, func.count()).group_by(Bill.period)).all()
    assert sorted(tuple(row) for row in counts) == [
        (f"{year}-{month:02}", accounts)
        for year, months in ((2025, range(10, 13)), (2026, range(1, 11)))
        for month in months
    ]


def test_a_bill_charges_what_the_meters_counted(session: Session) -> None:
    wh = text("(select sum(x) from unnest(import_wh) x)")
    query = select(Meter.service_point_id, MeterDay.day, wh)
    counted: Counter[tuple[int, str]] = Counter()
    for point, day, total in session.execute(query.join(MeterDay, MeterDay.meter_id == Meter.id)):
        counted[point, f"{day:%Y-%m}"] += total
    interval_points = {point for point, _ in counted}
    bills = [b for b in session.scalars(select(Bill)) if b.service_point_id in interval_points]
    assert len(bills) == 13 * sum(supply.interval for supply in roster(SMALL))
    assert [b.bill_no for b in bills if b.used_wh != counted[b.service_point_id, b.period]] == []


def test_lines_add_up_and_the_ledger_says_what_is_owed(session: Session) -> None:
    for bill in session.scalars(select(Bill)):
        assert sum(line["amount_fen"] for line in bill.lines) == bill.total_fen
    for account_id in session.scalars(select(Account.id)):
        owed = sum(b.total_fen - b.settled_fen for b in settlement.outstanding(session, account_id))
        credit = settlement.credit_fen(session, account_id)
        assert ledger.balance_fen(session, account_id) == owed - credit


def test_the_named_customers_stand_where_their_story_says(session: Session) -> None:
    for person in (people.HOME, people.SECOND_HOME, people.ELDERS, people.ENTERPRISE):
        assert unpaid(bills_of(session, person.account_no)) == ["2026-10"]
    assert unpaid(bills_of(session, people.SHOP.account_no)) == ["2026-08", "2026-09", "2026-10"]
    [prepaid] = session.scalars(
        select(Account).where(Account.account_no == people.PREPAID_HOME.account_no)
    )
    assert prepaid.settlement == "prepaid"
    assert unpaid(bills_of(session, prepaid.account_no)) == []
    assert all(bill.export_wh > 0 for bill in bills_of(session, people.PV_HOME.account_no))


def test_the_newest_bills_can_still_be_paid_in_time(session: Session) -> None:
    newest = bills_of(session, people.HOME.account_no)[-1]
    assert newest.due == date(2026, 11, 29)


def test_some_paid_late_and_were_charged_for_it(session: Session) -> None:
    late = [
        p for p in session.scalars(select(Posting)) if any(a["late_fee_fen"] for a in p.allocations)
    ]
    assert len(late) >= 3
    assert session.scalar(select(func.max(Posting.paid_at))) <= clock.now()


def test_two_bills_wait_for_a_look(session: Session) -> None:
    query = (
        select(Account.account_no, Anomaly.kind)
        .join(Bill, Bill.account_id == Account.id)
        .join(Anomaly, Anomaly.bill_id == Bill.id)
        .where(Anomaly.decision.is_(None))
    )
    assert {tuple(row) for row in session.execute(query)} == {
        (account_with("surge"), "sudden_rise"),
        (account_with("empty"), "zero_use"),
    }


def test_an_exchanged_meter_goes_on_where_the_old_one_ended(session: Session) -> None:
    query = (
        select(Meter)
        .join(ServicePoint, ServicePoint.id == Meter.service_point_id)
        .where(ServicePoint.service_point_no == f"SP{account_with('exchange')}")
        .order_by(Meter.installed)
    )
    old, new = session.scalars(query)
    swap = new.installed
    assert (old.removed, swap) == (swap, date(2026, 5, 14))
    both = [
        np.array(day.import_wh)
        for meter in (old, new)
        for day in session.scalars(
            select(MeterDay).where(MeterDay.meter_id == meter.id, MeterDay.day == swap)
        )
    ]
    assert len(both) == 2
    assert (np.minimum(*both) == 0).all()
    assert (np.maximum(*both) > 0).all()
    may = next(b for b in bills_of(session, account_with("exchange")) if b.period == "2026-05")
    assert [r["meter_no"] for r in may.readings] == [old.meter_no, new.meter_no]
    assert sum(r["end_wh"] - r["start_wh"] for r in may.readings) == may.used_wh


def test_a_dial_turned_over_and_its_bill_did_not_notice(session: Session) -> None:
    bills = bills_of(session, account_with("rollover"))
    turned = [b for b in bills if b.readings[0]["end_wh"] < b.readings[0]["start_wh"]]
    assert len(turned) == 1
    [reading] = turned[0].readings
    assert turned[0].used_wh == reading["end_wh"] + 10**8 - reading["start_wh"]


def test_readings_on_bills_follow_each_other(session: Session) -> None:
    bills = bills_of(session, people.HOME.account_no)
    spans = [bill.readings[0] for bill in bills]
    assert [a["end_wh"] for a in spans[:-1]] == [b["start_wh"] for b in spans[1:]]
    assert [s["end_wh"] - s["start_wh"] for s in spans] == [bill.used_wh for bill in bills]


def test_the_spike_was_refused_and_estimated(session: Session) -> None:
    [refused] = session.scalars(select(RejectedReading))
    assert refused.reason == (
        "The import from 2026-04-17 19:15 is a spike, more than the connection can carry."
    )
    bill = next(b for b in bills_of(session, account_with("spike")) if b.period == "2026-04")
    assert bill.estimated is True


def test_this_month_reaches_to_yesterday_with_two_estimated_hours(session: Session) -> None:
    assert session.scalar(select(func.max(MeterDay.day))) == date(2026, 11, 19)
    query = (
        select(MeterDay.quality)
        .join(Meter, Meter.id == MeterDay.meter_id)
        .where(Meter.meter_no.startswith(people.HOME.account_no), MeterDay.day == date(2026, 11, 3))
    )
    assert session.scalars(query).all() == ["V" * 72 + "E" * 8 + "V" * 16]


def test_building_again_changes_nothing(utility: Database) -> None:
    with utility.unit_of_work() as session:
        before = session.scalar(select(func.max(Change.seq)))
    build(utility, lambda _: None, SMALL)
    with utility.unit_of_work() as session:
        assert session.scalar(select(func.max(Change.seq))) == before


def figures(database: Database) -> dict[str, object]:
    """What a utility comes to, whatever way it was built."""
    with database.unit_of_work() as session:
        days = select(func.count(), func.sum(text("import_wh[50]"))).select_from(MeterDay)
        dials = select(func.count(), func.sum(RegisterReading.reading_wh))
        money = select(func.count(), func.sum(Bill.total_fen), func.sum(Bill.settled_fen))
        paid = select(func.count(), func.sum(Posting.amount_fen), func.max(Posting.paid_at))
        return {
            name: tuple(session.execute(query).one())
            for name, query in {"days": days, "dials": dials, "bills": money, "paid": paid}.items()
        }


class _Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The build is stopped from outside."""


def test_a_build_that_was_stopped_goes_on(scratch_database, keys: KeyRing, empty: Database) -> None:
    told: list[str] = []

    def stop_after_the_fifth(line: str) -> None:
        told.append(line)
        if len(told) == 5:
            raise _Stopped

    with time_machine.travel(TODAY, tick=False):
        with pytest.raises(_Stopped):
            build(empty, stop_after_the_fifth, TINY)
        build(empty, lambda _: None, TINY)
        with _new_database(scratch_database, "demo_whole") as whole:
            build(whole, lambda _: None, TINY)
            assert figures(empty) == figures(whole)


def test_months_later_it_is_brought_up_to_date(empty: Database) -> None:
    with time_machine.travel(TODAY, tick=False):
        build(empty, lambda _: None, TINY)
    with time_machine.travel("2027-01-20T04:00:00Z", tick=False):
        build(empty, lambda _: None, TINY)
    with Session(empty.engine) as session:
        home = bills_of(session, people.HOME.account_no)
        assert [bill.period for bill in home[-3:]] == ["2026-10", "2026-11", "2026-12"]
        assert unpaid(home) == ["2026-12"]
        assert unpaid(bills_of(session, people.SHOP.account_no)) == [
            "2026-10",
            "2026-11",
            "2026-12",
        ]
        newest = session.scalar(select(func.max(MeterDay.day)))
        assert newest == date(2027, 1, 20) - timedelta(days=1)
        october = session.scalars(
            select(MeterDay.day).where(MeterDay.day.between(date(2026, 11, 1), date(2026, 11, 30)))
        )
        assert len(set(october)) == 30
