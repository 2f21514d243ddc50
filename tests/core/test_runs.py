"""A month is billed once, right to the fen, and goes on from wherever it was stopped."""

import threading
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import ledger, settlement
from core.billing.adjustments import adjust
from core.billing.cases import line_data
from core.billing.postings import Payment, post
from core.billing.runs import RunResult, failures, run_bills
from core.models import Bill, BillFailure, LateCharge, Meter, ServicePoint
from core.settings import BillingSettings
from rating import parse_case, rate
from runtime.database import Database
from runtime.errors import Conflict
from tests.core.builders import (
    all_changes,
    create_account,
    create_bill,
    create_home,
    create_meter,
    create_service_point,
    record_use,
)

AS_OF = date(2026, 10, 2)
RULES = BillingSettings(core_bill_chunk=2)


@pytest.fixture(autouse=True)
def _november() -> Any:
    with time_machine.travel("2026-11-20T00:00:00Z", tick=False):
        yield


def run(database: Database, period: str = "2026-09", as_of: date = AS_OF) -> RunResult:
    return run_bills(database, period, as_of, RULES)


def bills(database: Database, period: str = "2026-09") -> list[Bill]:
    with database.unit_of_work() as session:
        query = select(Bill).where(Bill.period == period).order_by(Bill.service_point_id, Bill.id)
        return list(session.scalars(query))


def the_bill(database: Database, period: str = "2026-09") -> Bill:
    (bill,) = bills(database, period)
    return bill


def test_a_home_on_two_tiers(database: Database) -> None:
    """30 days x 96 x 100 Wh: 240 kWh at 0.4883 and 48 kWh at 0.5383."""
    with database.unit_of_work() as session:
        account, point, meter = create_home(session)
        record_use(session, meter, "2026-09")
    result = run(database)
    assert (result.issued, result.held, result.failed) == (1, 0, 0)
    bill = the_bill(database)
    assert [(line["code"], line["quantity"], line["amount_fen"]) for line in bill.lines] == [
        ("energy.tier1", "240.00", 11_719),
        ("energy.tier2", "48.00", 2_584),
    ]
    assert (bill.total_fen, bill.consumption_fen, bill.wh, bill.used_wh) == (
        14_303,
        14_303,
        288_000,
        288_000,
    )
    assert (bill.status, bill.revision, bill.settled_fen) == ("issued", 0, 0)
    assert (bill.from_day, bill.to_day) == (date(2026, 9, 1), date(2026, 9, 30))
    assert bill.issued_at == datetime(2026, 10, 1, 16, tzinfo=UTC)
    assert bill.due == date(2026, 10, 17)
    assert bill.bill_no == f"202609{point.service_point_no}00"
    with database.unit_of_work() as session:
        assert ledger.balance_fen(session, account.id) == 14_303


def test_the_feed_tells_the_bill_and_the_balance(database: Database) -> None:
    with database.unit_of_work() as session:
        account, point, meter = create_home(session)
        record_use(session, meter, "2026-09")
    run(database)
    with database.unit_of_work() as session:
        told = [change for change in all_changes(session) if change["kind"] != "meter_day"]
    assert [change["kind"] for change in told] == ["bill", "balance"]
    bill, balance = (change["data"] for change in told)
    assert bill["account_no"] == account.account_no
    assert bill["service_point_no"] == point.service_point_no
    assert bill["case"]["kwh"] == {"total": "288.00"}
    assert bill["issued_at"] == "2026-10-01T16:00:00Z"
    assert balance == {
        "account_no": account.account_no,
        "balance_fen": 14_303,
        "at": "2026-10-01T16:00:00Z",
    }


def test_use_is_split_by_the_hours_of_the_tariff(database: Database) -> None:
    """Shanghai: 64 quarter-hours from 06 to 22 are peak, 32 are valley."""
    with database.unit_of_work() as session:
        _, _, meter = create_home(session, "sh-residential-tou")
        record_use(session, meter, "2026-09")
    run(database)
    assert the_bill(database).case["kwh"] == {"peak": "192.00", "valley": "96.00"}


def test_every_bill_is_what_the_scalar_rules_say(database: Database) -> None:
    tariffs = ["bj-residential", "zj-residential-tou", "gd-residential-tou", "sh-residential-tou"]
    tariffs += ["demo-industrial-2part-demand", "demo-commercial-tou"]
    with database.unit_of_work() as session:
        for number, tariff in enumerate(tariffs):
            _, _, meter = create_home(session, tariff, people=6, low_income=number % 2 == 0)
            record_use(session, meter, "2026-09", 101 + number)
    run(database)
    found = bills(database)
    assert [bill.tariff for bill in found] == tariffs
    for bill in found:
        statement = rate(parse_case(bill.case))
        assert bill.lines == [line_data(line) for line in statement.lines]
        assert bill.total_fen == statement.total_fen


def test_what_is_below_a_hundredth_goes_to_the_next_month(database: Database) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session)
        for period in ("2026-08", "2026-09"):
            record_use(session, meter, period, 0)
            record_use(session, meter, period, 1, days=1)
    run(database, "2026-08")
    run(database, "2026-09")
    august, september = the_bill(database, "2026-08"), the_bill(database, "2026-09")
    assert (august.used_wh, august.wh) == (96, 90)
    assert (september.used_wh, september.wh) == (96, 100)


def test_the_years_earlier_bills_count_for_yearly_tiers(database: Database) -> None:
    with database.unit_of_work() as session:
        _, _, meter = create_home(session, "zj-residential")
        for period in ("2025-12", "2026-01", "2026-02"):
            record_use(session, meter, period)
    for period in ("2025-12", "2026-01", "2026-02"):
        run(database, period)
    assert the_bill(database, "2026-01").case["year_to_date_kwh"] == "0.00"
    assert the_bill(database, "2026-02").case["year_to_date_kwh"] == "297.60"


# ---- credit and late charges --------------------------------------------------------------------


def test_a_prepaid_account_pays_at_once(database: Database) -> None:
    with database.unit_of_work() as session:
        account, _, meter = create_home(session, settlement="prepaid")
        record_use(session, meter, "2026-09")
        paid = datetime(2026, 9, 1, tzinfo=UTC)
        post(session, Payment(account.account_no, 20_000, "wechat", "O", paid), "top-up")
    run(database)
    bill = the_bill(database)
    assert (bill.settled_fen, bill.settled_at) == (14_303, bill.issued_at)
    with database.unit_of_work() as session:
        assert ledger.balance_fen(session, account.id) == -5_697


def test_credit_that_does_not_reach_settles_a_part(database: Database) -> None:
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
        record_use(session, meter, "2026-09")
        adjust(session, account.account_no, -4_303, "goodwill", "desk-01", "adjust-1")
    run(database)
    bill = the_bill(database)
    assert (bill.settled_fen, bill.settled_at) == (4_303, None)
    with database.unit_of_work() as session:
        assert ledger.balance_fen(session, account.id) == 10_000


def test_a_roof_that_gives_more_than_the_home_takes_earns_credit(database: Database) -> None:
    """28.80 kWh in at 0.4883 are 14.06 yuan, 288.00 kWh out at 0.3598 are 103.62 yuan."""
    with database.unit_of_work() as session:
        account, _, meter = create_home(session)
        record_use(session, meter, "2026-09", 10, export_wh=100)
    run(database)
    bill = the_bill(database)
    assert (bill.consumption_fen, bill.export_fen, bill.total_fen) == (1_406, -10_362, -8_956)
    assert (bill.settled_fen, bill.settled_at) == (-8_956, bill.issued_at)
    with database.unit_of_work() as session:
        assert ledger.balance_fen(session, account.id) == -8_956
        assert settlement.credit_fen(session, account.id) == 8_956


def test_a_late_charge_that_waits_becomes_a_line_once(database: Database) -> None:
    with database.unit_of_work() as session:
        account, point, meter = create_home(session)
        record_use(session, meter, "2026-08")
        record_use(session, meter, "2026-09")
        create_bill(session, point, 10_000, "2026-07", due=date(2026, 8, 20))
        late = datetime(2026, 8, 30, 4, tzinfo=UTC)
        post(session, Payment(account.account_no, 10_000, "wechat", "O", late), "late")
    run(database, "2026-08", date(2026, 9, 2))
    run(database, "2026-09")
    august, september = the_bill(database, "2026-08"), the_bill(database, "2026-09")
    assert august.case["late"] == {
        "arrears_fen": 10_000,
        "due": "2026-08-20",
        "paid": "2026-08-30",
    }
    assert august.lines[-1] == {
        "code": "late_fee",
        "quantity": "10",
        "unit": "days",
        "rate": "0.001",
        "amount_fen": 100,
        "base_fen": 10_000,
        "explain": "explain.late_fee",
    }
    assert (august.late_fen, september.late_fen) == (100, 0)
    assert "late" not in september.case
    with database.unit_of_work() as session:
        assert session.scalars(select(LateCharge.billed_on_id)).one() == august.id


# ---- what cannot be billed ----------------------------------------------------------------------


def test_a_month_that_is_not_over_is_refused(database: Database) -> None:
    with pytest.raises(Conflict):
        run_bills(database, "2026-11", rules=RULES)


def test_a_service_point_without_readings_is_noted_and_tried_again(database: Database) -> None:
    with database.unit_of_work() as session:
        _, point, meter = create_home(session)
        _, _, other = create_home(session)
        record_use(session, other, "2026-09")
    assert (run(database).issued, run(database).failed) == (1, 1)
    with database.unit_of_work() as session:
        assert failures(session, "2026-09") == [
            (
                point.service_point_no,
                "Readings are missing on 30 days, with no history to estimate them by.",
            )
        ]
        record_use(session, session.get_one(Meter, meter.id), "2026-09")
    result = run(database)
    assert (result.issued, result.failed) == (2, 0)
    with database.unit_of_work() as session:
        assert session.scalars(select(BillFailure)).all() == []


@pytest.mark.parametrize(
    ("tariff", "interval", "reason"),
    [
        ("no-such-tariff", True, 'The tariff cannot be used: there is no tariff "no-such-tariff".'),
        (
            "sh-residential-tou",
            False,
            "The tariff prices times of day, but a meter counts only whole days.",
        ),
    ],
)
def test_reasons_are_sentences(
    database: Database, tariff: str, interval: bool, reason: str
) -> None:
    with database.unit_of_work() as session:
        point = create_service_point(session, create_account(session), tariff)
        meter = create_meter(session, point, interval=interval)
        if interval:
            record_use(session, meter, "2026-09")
        else:
            read_dial(session, meter)
    run(database)
    with database.unit_of_work() as session:
        assert failures(session, "2026-09") == [(point.service_point_no, reason)]


def read_dial(session: Session, meter: Meter) -> None:
    from core.models import RegisterReading

    for day, reading_wh in ((date(2026, 8, 31), 1_000_000), (date(2026, 9, 30), 1_288_000)):
        session.add(
            RegisterReading(meter_id=meter.id, day=day, register="import", reading_wh=reading_wh)
        )
    session.flush()


def test_a_dial_reading_is_billed_and_shown(database: Database) -> None:
    with database.unit_of_work() as session:
        point = create_service_point(session, create_account(session))
        meter = create_meter(session, point, interval=False)
        read_dial(session, meter)
    run(database)
    bill = the_bill(database)
    assert bill.total_fen == 14_303
    assert bill.readings == [
        {
            "meter_no": meter.meter_no,
            "register": "import",
            "start_wh": 1_000_000,
            "end_wh": 1_288_000,
        }
    ]


def test_a_closed_account_is_billed_to_its_last_day_and_no_further(database: Database) -> None:
    with database.unit_of_work() as session:
        account = create_account(session, closed=date(2026, 9, 10))
        point = create_service_point(session, account)
        meter = create_meter(session, point, removed=date(2026, 9, 10))
        record_use(session, meter, "2026-09", days=10)
    run(database)
    run(database, "2026-10", date(2026, 11, 2))
    assert the_bill(database).to_day == date(2026, 9, 10)
    assert bills(database, "2026-10") == []


# ---- once and only once -------------------------------------------------------------------------


def many_homes(database: Database, count: int, period: str = "2026-09") -> None:
    with database.unit_of_work() as session:
        for _ in range(count):
            _, _, meter = create_home(session)
            record_use(session, meter, period)


def test_a_second_run_changes_nothing(database: Database) -> None:
    many_homes(database, 5)
    first = run(database)
    with database.unit_of_work() as session:
        before = len(all_changes(session))
    assert (run(database).issued, first.issued) == (5, 5)
    with database.unit_of_work() as session:
        assert len(all_changes(session)) == before


def test_two_runs_at_once_bill_everyone_once(database: Database) -> None:
    many_homes(database, 9)
    errors: list[BaseException] = []

    def run_safely() -> None:
        try:
            run(database)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    threads = [threading.Thread(target=run_safely) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    found = bills(database)
    assert Counter(bill.service_point_id for bill in found).most_common(1)[0][1] == 1
    assert len(found) == 9
    with database.unit_of_work() as session:
        points = session.scalars(select(ServicePoint)).all()
        owed = [ledger.balance_fen(session, point.account_id) for point in points]
    assert owed == [14_303] * 9
