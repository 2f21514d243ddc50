from datetime import date
from decimal import Decimal

import pytest

from runtime.errors import NotFound
from service.tiers import tier_standings
from tests.service.builders import (
    create_account,
    create_bill,
    create_customer,
    create_daily_use,
    create_meter,
    create_service_point,
)


def _home(session, tariff="zj-residential-tou", **fields):
    user, account = create_customer(session, **fields)
    point = create_service_point(session, account, tariff)
    return user, account, point, create_meter(session, point, interval=False)


def _use(session, meter, first, days, wh):
    for count in range(days):
        day = date.fromordinal(first.toordinal() + count)
        create_daily_use(session, meter, day, wh)


def _billed(session, account, point, period, wh, **fields):
    number = point.service_point_no
    return create_bill(session, account, period, service_point_no=number, wh=wh, **fields)


def test_the_count_is_the_bills_of_the_year_and_what_was_used_since(session):
    user, account, point, meter = _home(session)
    _billed(session, account, point, "2025-12", 900_000)
    _billed(session, account, point, "2026-09", 2_500_000, status="cancelled")
    _billed(session, account, point, "2026-09", 2_000_000, revision=1)
    _billed(session, account, point, "2026-10", 286_000)
    _use(session, meter, date(2026, 10, 25), 17, 10_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert found.position.used_kwh == Decimal("2386.00")
    assert (found.position.tier, found.position.left_kwh) == (1, Decimal("374.00"))
    assert found.as_of == date(2026, 11, 10)
    assert found.resets_on == date(2027, 1, 1)
    # 374 kWh at 10 kWh a day last 37 days and a bit: the 38th day is 18 December.
    assert found.reached_on == date(2026, 12, 18)
    assert found.extra_prices == {"total": (Decimal(0), Decimal("0.05"), Decimal("0.30"))}


def test_a_month_that_is_not_billed_yet_counts_by_its_readings(session):
    user, account, point, meter = _home(session)
    _billed(session, account, point, "2026-09", 2_000_000)
    _use(session, meter, date(2026, 10, 1), 33, 10_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert found.position.used_kwh == Decimal("2330.00")


def test_in_january_the_count_begins_again(session):
    user, account, point, meter = _home(session)
    _billed(session, account, point, "2026-11", 4_000_000)
    _use(session, meter, date(2026, 12, 1), 33, 10_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert found.position.used_kwh == Decimal("20.00")
    assert found.resets_on == date(2028, 1, 1)


def test_a_monthly_cycle_counts_the_month_alone(session):
    user, account, point, meter = _home(session, "gd-residential")
    _billed(session, account, point, "2026-10", 900_000)
    _use(session, meter, date(2026, 11, 1), 10, 30_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert (found.position.tier, found.position.used_kwh) == (2, Decimal("300.00"))
    assert found.position.left_kwh == Decimal("100.00")
    assert (found.resets_on, found.reached_on) == (date(2026, 12, 1), date(2026, 11, 14))


def test_after_the_last_bill_of_the_data_the_next_month_begins_empty(session):
    user, account, point, meter = _home(session, "gd-residential")
    _use(session, meter, date(2026, 10, 1), 31, 10_000)
    _billed(session, account, point, "2026-10", 310_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert (found.position.used_kwh, found.position.left_kwh) == (0, Decimal("200"))


def test_a_large_household_has_more_of_each_tier(session):
    user, account, _, meter = _home(session, people=5)
    _use(session, meter, date(2026, 1, 1), 10, 10_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert found.position.limits_kwh == (Decimal("3960.00"), Decimal("6000.00"))


def test_a_tier_that_is_not_left_before_the_reset_is_not_announced(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 11, 1), 10, 1_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert found.reached_on is None


def test_the_last_tier_has_nothing_left_to_reach(session):
    user, account, point, meter = _home(session, "sh-residential-tou")
    _billed(session, account, point, "2026-10", 5_000_000)
    _use(session, meter, date(2026, 11, 1), 3, 1_000)
    (found,) = tier_standings(session, user.id, account.account_no)
    assert (found.position.tier, found.position.left_kwh, found.reached_on) == (3, None, None)
    assert found.extra_prices["valley"] == (Decimal(0), Decimal("0.030"), Decimal("0.180"))


def test_without_tiers_or_data_there_is_no_standing(session):
    user, account, _, meter = _home(session, "demo-commercial-tou")
    _use(session, meter, date(2026, 11, 1), 3, 1_000)
    assert tier_standings(session, user.id, account.account_no) == []
    other, silent, _, _ = _home(session)
    assert tier_standings(session, other.id, silent.account_no) == []


def test_a_neighbour_sees_no_standing(session):
    _, account, _, _ = _home(session)
    neighbour, _ = create_customer(session)
    create_account(session)
    with pytest.raises(NotFound):
        tier_standings(session, neighbour.id, account.account_no)
