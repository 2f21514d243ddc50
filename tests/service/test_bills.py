from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from runtime.errors import NotFound
from service import bills
from service.bills import BillSum
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_link,
    create_user,
)

READINGS = [
    {"meter_no": "33017742", "register": "import", "start_wh": 18204000, "end_wh": 18490000}
]


@pytest.fixture(autouse=True)
def _in_december():
    with time_machine.travel(datetime(2026, 12, 11, 2, tzinfo=UTC), tick=False):
        yield


def test_a_bill_shows_its_lines_readings_days_and_tariff(session):
    user, account = create_customer(session)
    created = create_bill(
        session,
        account,
        "2026-11",
        case={"kwh": {"peak": "178", "valley": "108"}, "year_to_date_kwh": "2700"},
        readings=READINGS,
    )
    view = bills.bill(session, user.id, created.bill_no)
    assert [(line.code, line.quantity, line.rate, line.amount_fen) for line in view.lines] == [
        ("energy.peak", Decimal("178"), Decimal("0.568"), 10110),
        ("energy.valley", Decimal("108"), Decimal("0.288"), 3110),
        ("surcharge.tier2", Decimal("226"), Decimal("0.05"), 1130),
    ]
    assert sum(line.amount_fen for line in view.lines) == view.summary.total_fen == 14350
    assert view.lines[0].explain == "explain.energy.peak"
    assert (view.consumption_fen, view.export_fen, view.late_fen) == (14350, 0, 0)
    assert view.readings[0].difference == Decimal("286")
    assert view.summary.days == 30
    assert view.summary.kwh == Decimal("286")
    assert view.tariff_name["zh"] == "浙江居民峰谷阶梯电价"
    assert (view.summary.state, view.summary.outstanding_fen) == ("due", 14350)


def test_a_bill_knows_the_bills_it_is_compared_with(session):
    user, account = create_customer(session)
    last_year = create_bill(session, account, "2025-11")
    create_bill(session, account, "2026-10", status="cancelled")
    october = create_bill(session, account, "2026-10", revision=1)
    create_bill(session, account, "2026-10", service_point_no="SP2")
    november = create_bill(session, account, "2026-11")
    view = bills.bill(session, user.id, november.bill_no)
    assert (view.previous_no, view.last_year_no) == (october.bill_no, last_year.bill_no)
    assert view.replaced_by is None


def test_a_cancelled_bill_is_not_listed_and_names_the_one_in_its_place(session):
    user, account = create_customer(session)
    wrong = create_bill(session, account, "2026-10", status="cancelled")
    right = create_bill(session, account, "2026-10", revision=1)
    view = bills.bill(session, user.id, wrong.bill_no)
    assert (view.summary.state, view.summary.outstanding_fen) == ("cancelled", 0)
    assert view.replaced_by == right.bill_no
    listed = bills.bills_of(session, user.id, account.account_no)
    assert [summary.bill_no for summary in listed] == [right.bill_no]


@pytest.mark.parametrize(
    ("total", "settled", "due", "state", "outstanding"),
    [
        (1000, 0, date(2026, 12, 11), "due", 1000),
        (1000, 400, date(2026, 12, 10), "overdue", 600),
        (1000, 1000, date(2026, 12, 1), "paid", 0),
        (0, 0, date(2026, 12, 1), "paid", 0),
        (-500, -500, date(2026, 12, 1), "paid", 0),
    ],
)
def test_the_state_of_a_bill_is_that_of_its_money(session, total, settled, due, state, outstanding):
    user, account = create_customer(session)
    create_bill(session, account, total_fen=total, settled_fen=settled, due=due)
    (summary,) = bills.bills_of(session, user.id, account.account_no)
    assert (summary.state, summary.outstanding_fen) == (state, outstanding)


def test_bills_are_listed_newest_first_and_in_parts(session):
    user, account = create_customer(session)
    for period in ("2026-09", "2026-11", "2026-10"):
        create_bill(session, account, period)
    newest = bills.bills_of(session, user.id, account.account_no, limit=2)
    assert [summary.period for summary in newest] == ["2026-11", "2026-10"]
    older = bills.list_bills(session, user.id, [account.account_no], limit=2, offset=2)
    assert [summary.period for summary in older] == ["2026-09"]


def test_bills_of_several_accounts_are_those_of_the_users_own(session):
    user, account = create_customer(session)
    second, strange = create_account(session), create_account(session)
    create_link(session, user, second)
    first = create_bill(session, account, "2026-10", settled_fen=13220)
    other = create_bill(session, second, "2026-10", settled_fen=220)
    create_bill(session, second, "2026-09", total_fen=-500)
    create_bill(session, second, "2026-08", status="cancelled")
    create_bill(session, strange, "2026-11")
    numbers = [account.account_no, second.account_no, strange.account_no]
    listed = bills.list_bills(session, user.id, numbers, period="2026-10", limit=9)
    assert [summary.bill_no for summary in listed] == [first.bill_no, other.bill_no]
    assert bills.months_billed(session, user.id, numbers) == ["2026-10", "2026-09"]
    assert bills.sum_of_bills(session, user.id, numbers, "2026-10") == BillSum(
        2, 26440, 13000, 572_000
    )
    assert bills.sum_of_bills(session, user.id, numbers, "2026-09") == BillSum(1, -500, 0, 286_000)
    assert bills.sum_of_bills(session, user.id, numbers, "2026-11") == BillSum(0, 0, 0, 0)


def test_a_neighbour_finds_no_bill(session):
    _, account = create_customer(session)
    created = create_bill(session, account)
    neighbour, _ = create_customer(session)
    with pytest.raises(NotFound) as refusal:
        bills.bill(session, neighbour.id, created.bill_no)
    assert refusal.value.code == "bill.not_found"
    with pytest.raises(NotFound):
        bills.bills_of(session, neighbour.id, account.account_no)


def test_every_role_sees_bills_and_nobody_without_a_link_does(session):
    energy, account = create_customer(session, "enterprise_energy")
    created = create_bill(session, account)
    assert bills.bill(session, energy.id, created.bill_no).summary.bill_no == created.bill_no


@pytest.mark.parametrize(
    ("period", "months", "before"),
    [("2026-01", 1, "2025-12"), ("2026-11", 12, "2025-11"), ("2026-12", 11, "2026-01")],
)
def test_months_are_counted_back_over_the_new_year(period, months, before):
    assert bills.month_before(period, months) == before


def test_an_unknown_tariff_keeps_its_id_for_a_name():
    assert bills.tariff_name("xx-old", "2026-10") == {"zh": "xx-old", "en": "xx-old"}


def test_bills_of_some_months_and_the_newest_of_each_account(session):
    user, home = create_customer(session)
    flat = create_account(session)
    create_link(session, user, flat, "payer")
    _other, theirs = create_customer(session)
    known = {
        (account.account_no, period): create_bill(session, account, period).bill_no
        for account, periods in (
            (home, ("2026-08", "2026-09", "2026-10")),
            (flat, ("2026-08", "2026-09")),
            (theirs, ("2026-10",)),
        )
        for period in periods
    }
    create_bill(session, flat, "2026-11", status="cancelled")
    numbers = [home.account_no, flat.account_no, theirs.account_no]
    months = ("2026-09", "2026-10")
    listed = bills.list_bills(session, user.id, numbers, period=months, limit=9)
    wanted = [key for key in known if key[1] in months and key[0] != theirs.account_no]
    assert {bill.bill_no for bill in listed} == {known[key] for key in wanted}
    assert bills.billed(session, user.id, numbers, months) == set(wanted)
    assert bills.sum_of_bills(session, user.id, numbers, months).count == 3
    newest = bills.newest_bills(session, user.id, numbers)
    assert [bill.bill_no for bill in newest] == [
        known[home.account_no, "2026-10"],
        known[flat.account_no, "2026-09"],
    ]
    assert bills.newest_bills(session, create_user(session).id, numbers) == []
