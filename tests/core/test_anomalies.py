"""Odd bills wait for someone to look at them, and owe nothing until then."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import anomalies, ledger
from core.billing.anomalies import decide
from core.billing.rebills import rebill
from core.billing.runs import run_bills
from core.models import Account, Anomaly, Bill, Meter
from core.settings import BillingSettings
from runtime.database import Database
from runtime.errors import Conflict, NotFound
from tests.core.builders import all_changes, create_home, record_use

RULES = BillingSettings()
MONTHS = ("2026-06", "2026-07", "2026-08")


@pytest.fixture(autouse=True)
def _november() -> Iterator[None]:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        yield


def home_with_use(database: Database, *quarter_wh: int, month: str = "2026-09") -> Account:
    """Three months of the first value (or as many as are given), then the month in question."""
    *before, last = quarter_wh
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
        for period, wh in zip(MONTHS, before, strict=True):
            record_use(session, meter, period, wh)
        record_use(session, meter, month, last)
    for period in (*MONTHS, month):
        run_bills(database, period, date(2026, 10, 2), RULES)
    return account


def held(session: Session) -> list[tuple[str, str]]:
    return [
        (each.anomaly.kind, each.bill.period) for each in anomalies.held_bills(session, False, 9)
    ]


@pytest.mark.parametrize(
    ("quarter_wh", "kind"),
    [
        ((100, 100, 100, 251), "sudden_rise"),
        ((100, 100, 100, 29), "sudden_fall"),
        ((100, 100, 100, 0), "zero_use"),
        ((40, 100, 160, 253), "sudden_rise"),
    ],
)
def test_a_month_off_the_three_before_is_held(
    database: Database, quarter_wh: tuple[int, ...], kind: str
) -> None:
    home_with_use(database, *quarter_wh)
    with database.unit_of_work() as session:
        assert held(session) == [(kind, "2026-09")]


@pytest.mark.parametrize("quarter_wh", [(100, 100, 100, 250), (100, 100, 100, 30), (5, 5, 5, 36)])
def test_what_is_within_bounds_or_small_goes_out(
    database: Database, quarter_wh: tuple[int, ...]
) -> None:
    """36 against 5 Wh a quarter-hour is seven times as much, and less than 3 kWh a day."""
    home_with_use(database, *quarter_wh)
    with database.unit_of_work() as session:
        assert held(session) == []


@pytest.mark.parametrize(("last_year", "kinds"), [(32, ["off_last_year"]), (34, [])])
def test_a_month_off_the_same_month_last_year_is_held(
    database: Database, last_year: int, kinds: list[str]
) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session)
        record_use(session, meter, "2025-09", last_year)
        record_use(session, meter, "2026-09", 100)
    for period in ("2025-09", "2026-09"):
        run_bills(database, period, date(2026, 10, 2), RULES)
    with database.unit_of_work() as session:
        assert [kind for kind, _ in held(session)] == kinds


def test_a_held_bill_is_not_owed_and_not_told(database: Database) -> None:
    account = home_with_use(database, 100, 100, 100, 0)
    with database.unit_of_work() as session:
        owed = ledger.balance_fen(session, account.id)
        issued = session.scalars(select(Bill).where(Bill.status == "issued")).all()
        assert owed == sum(bill.total_fen for bill in issued)
        told = {each["key"] for each in all_changes(session) if each["kind"] == "bill"}
        assert told == {bill.bill_no for bill in issued}


def the_anomaly(session: Session) -> Anomaly:
    return session.scalars(select(Anomaly)).one()


def test_a_released_bill_goes_out_with_the_day_of_its_release(database: Database) -> None:
    account = home_with_use(database, 100, 100, 100, 300)
    with database.unit_of_work() as session:
        before = ledger.balance_fen(session, account.id)
        decide(session, the_anomaly(session).id, "released", "desk-07", RULES)
    with database.unit_of_work() as session:
        bill = session.get_one(Bill, the_anomaly(session).bill_id)
        assert (bill.status, bill.due) == ("issued", date(2026, 12, 5))
        assert bill.issued_at == datetime.fromisoformat("2026-11-20T00:00:00Z")
        assert ledger.balance_fen(session, account.id) == before + bill.total_fen
        *_, told, balance = all_changes(session)
        assert (told["key"], told["data"]["status"]) == (bill.bill_no, "issued")
        assert balance["data"]["balance_fen"] == before + bill.total_fen


def test_a_rejected_bill_is_dropped_and_no_run_makes_it_again(database: Database) -> None:
    account = home_with_use(database, 100, 100, 100, 0)
    with database.unit_of_work() as session:
        before = ledger.balance_fen(session, account.id)
        decide(session, the_anomaly(session).id, "rejected", "desk-07", RULES)
    run_bills(database, "2026-09", date(2026, 10, 2), RULES)
    with database.unit_of_work() as session:
        bill = session.scalars(select(Bill).where(Bill.period == "2026-09")).one()
        assert bill.status == "cancelled"
        assert ledger.balance_fen(session, account.id) == before


def test_after_a_rejection_the_month_is_billed_from_corrected_readings(
    database: Database,
) -> None:
    account = home_with_use(database, 100, 100, 100, 0)
    with database.unit_of_work() as session:
        before = ledger.balance_fen(session, account.id)
        decide(session, the_anomaly(session).id, "rejected", "desk-07", RULES)
        record_use(session, session.scalars(select(Meter)).one(), "2026-09", 100)
        dropped = session.scalars(select(Bill.bill_no).where(Bill.period == "2026-09")).one()
        (new,) = rebill(session, dropped, RULES)
        assert (new.status, new.revision, new.total_fen) == ("issued", 1, 14_303)
        assert ledger.balance_fen(session, account.id) == before + 14_303


def test_the_same_decision_again_changes_nothing(database: Database) -> None:
    home_with_use(database, 100, 100, 100, 300)
    with database.unit_of_work() as session:
        decide(session, the_anomaly(session).id, "released", "desk-07", RULES)
        before = len(all_changes(session))
        again = decide(session, the_anomaly(session).id, "released", "desk-08", RULES)
        assert (again.anomaly.decided_by, len(all_changes(session))) == ("desk-07", before)


def test_the_other_decision_is_a_conflict(database: Database) -> None:
    home_with_use(database, 100, 100, 100, 300)
    with database.unit_of_work() as session:
        decide(session, the_anomaly(session).id, "released", "desk-07", RULES)
        with pytest.raises(Conflict):
            decide(session, the_anomaly(session).id, "rejected", "desk-07", RULES)


def test_an_unknown_anomaly_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        decide(session, 7, "released", "desk-07", RULES)
