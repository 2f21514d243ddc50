"""The running month: one reading tells the same as each question by itself."""

from datetime import date, timedelta

import pytest

from runtime.errors import NotFound
from service import usage
from service.forecast import forecasts
from service.running import running_month
from service.tiers import tier_standings
from tests.service.builders import (
    create_bill,
    create_customer,
    create_meter,
    create_meter_day,
    create_service_point,
)


@pytest.fixture
def home(session):
    """Measured from 1 October 2025 to 10 November 2026, billed to September."""
    user, account = create_customer(session)
    point = create_service_point(session, account)
    meter = create_meter(session, point)
    first = date(2025, 10, 1)
    for count in range((date(2026, 11, 10) - first).days + 1):
        create_meter_day(session, meter, first + timedelta(days=count), 40 + count % 7)
    create_bill(session, account, "2026-09", service_point_no=point.service_point_no, wh=130_000)
    return user, account


def test_it_says_what_usage_forecast_and_tiers_say(session, home):
    user, account = home
    found = running_month(session, user.id, account.account_no, date(2026, 11, 11))
    assert found.use == usage.month(session, user.id, account.account_no, "2026-11")
    assert found.forecasts == forecasts(session, user.id, account.account_no)
    assert found.tiers == tier_standings(session, user.id, account.account_no)
    year_ago = usage.month(session, user.id, account.account_no, "2025-11")
    assert [*found.year_ago.values()] == [*year_ago.days]
    october = usage.month(session, user.id, account.account_no, "2026-10")
    assert found.pending_wh == october.import_wh > 0


def test_on_the_first_of_a_month_nothing_is_known_of_it_yet(session, home):
    user, account = home
    found = running_month(session, user.id, account.account_no, date(2026, 12, 1))
    assert (found.use.known_days, found.use.as_of) == (0, date(2026, 11, 10))
    assert {each.period for each in found.forecasts} == {"2026-11"}


def test_an_account_without_a_meter_has_nothing(session):
    user, account = create_customer(session)
    found = running_month(session, user.id, account.account_no, date(2026, 11, 11))
    assert (found.use.as_of, found.forecasts, found.tiers) == (None, [], [])
    assert found.pending_wh == 0


def test_a_neighbour_sees_nothing(session, home):
    neighbour, _ = create_customer(session)
    with pytest.raises(NotFound):
        running_month(session, neighbour.id, home[1].account_no, date(2026, 11, 11))
