"""What the page of a customer says is what bills, links and meters say."""

from datetime import UTC, date, datetime

from service.customers.glance import Risk, Running, glance
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_daily_use,
    create_link,
    create_meter,
    create_meter_day,
    create_service_point,
    create_user,
)


def test_use_of_twelve_months_is_what_bills_charged(session):
    account = create_account(session)
    create_bill(session, account, "2026-11", wh=100_000)
    create_bill(session, account, "2026-10", wh=90_000)
    create_bill(session, account, "2026-10", wh=5_000, service_point_no="SP2")
    create_bill(session, account, "2026-09", wh=1, status="cancelled")
    create_bill(session, account, "2025-12", wh=70_000)
    create_bill(session, account, "2025-11", wh=60_000)  # thirteen months ago
    used = glance(session, account).used
    assert [month for month, _wh in used][::11] == ["2025-12", "2026-11"]
    assert {month: wh for month, wh in used if wh} == {
        "2025-12": 70_000,
        "2026-10": 95_000,
        "2026-11": 100_000,
    }


def test_this_month_is_what_was_measured_of_it(session):
    account = create_account(session)
    assert glance(session, account).running is None
    point = create_service_point(session, account)
    quarters = create_meter(session, point)
    daily = create_meter(session, point, interval=False)
    create_meter_day(session, quarters, date(2026, 12, 1), 10)
    create_daily_use(session, daily, date(2026, 12, 9), 2_000)
    create_daily_use(session, daily, date(2026, 11, 30), 5_000)
    assert glance(session, account).running == Running("2026-12", 2_960, date(2026, 12, 9))


def test_risk_counts_what_was_late_and_how_long_something_is(session):
    account = create_account(session)
    due = date(2026, 11, 18)
    in_time = datetime(2026, 11, 18, 15, 59, tzinfo=UTC)  # 23:59 in China
    late = datetime(2026, 11, 18, 16, tzinfo=UTC)  # midnight
    paid = {"total_fen": 100, "settled_fen": 100, "due": due}
    create_bill(session, account, "2026-10", settled_at=in_time, **paid)
    create_bill(session, account, "2026-09", settled_at=late, **paid)
    create_bill(session, account, "2026-08", total_fen=0, due=due)
    create_bill(session, account, "2026-07", total_fen=500, due=date(2026, 12, 1))
    create_bill(session, account, "2026-11", total_fen=500, due=date(2026, 12, 11))
    found = glance(session, account)
    assert found.risk == Risk(times_late=2, days_late=10, credit_fen=None)
    assert [due.bill_no for due in found.owed] == [found.bills[4].bill_no, found.bills[0].bill_no]


def test_a_prepaid_account_has_a_balance(session):
    account = create_account(session, settlement="prepaid", balance_fen=-8_050)
    assert glance(session, account).risk == Risk(0, 0, 8_050)


def test_who_sees_it_and_where_it_is_measured(session):
    owner, account = create_customer(session, phone="13800002046")
    holder = create_user(session, phone="13800002046")
    gone = create_user(session)
    create_link(session, holder, account, "payer")
    create_link(session, gone, account).ended_at = datetime(2026, 1, 1, tzinfo=UTC)
    point = create_service_point(session, account)
    create_meter(session, point, meter_no="M2")
    create_meter(session, point, meter_no="M1", removed=date(2025, 5, 1))
    session.flush()
    found = glance(session, account)
    assert [(each.user.id, each.role, each.holder) for each in found.people] == [
        (owner.id, "owner", False),
        (holder.id, "payer", True),
    ]
    assert [(each.point.service_point_no, each.meters) for each in found.places] == [
        (point.service_point_no, ("M2",))
    ]


def test_nothing_of_another_account_is_seen(session):
    _user, neighbour = create_customer(session)
    create_bill(session, neighbour)
    create_service_point(session, neighbour)
    found = glance(session, create_account(session))
    assert (found.bills, found.owed, found.places, found.people) == ([], [], [], [])
    assert (found.requests, found.talks) == ([], [])
