from datetime import date, timedelta
from decimal import Decimal

import pytest

from rating import parse_case, rate
from runtime import clock
from runtime.errors import NotFound
from service.forecast import forecasts
from tests.service.builders import (
    create_bill,
    create_customer,
    create_daily_use,
    create_meter,
    create_meter_day,
    create_service_point,
)


def _home(session, tariff="zj-residential", *, interval=False, **fields):
    user, account = create_customer(session, **fields)
    point = create_service_point(session, account, tariff)
    return user, account, point, create_meter(session, point, interval=interval)


def _use(session, meter, first, days, wh):
    for count in range(days):
        day = first + timedelta(days=count)
        create_daily_use(session, meter, day, wh(day) if callable(wh) else wh)


def test_an_even_use_goes_on_and_may_only_drift(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 10, 1), 41, 10_000)
    create_bill(session, account, "2026-10", service_point_no=meter.service_point_no, wh=310_000)
    (found,) = forecasts(session, user.id, account.account_no)
    assert (found.period, found.as_of) == ("2026-11", date(2026, 11, 10))
    assert (found.days_so_far, found.days) == (10, 30)
    assert (found.kwh_so_far, found.kwh) == (Decimal("100.00"), Decimal("300.00"))
    # 200 kWh to come may be off by 1.28 x 0.6 % x 20 days of them.
    assert (found.low_kwh, found.high_kwh) == (Decimal("269.28"), Decimal("330.72"))
    assert (found.low_fen, found.high_fen) == (14487, 17793)
    assert (found.fen_so_far, found.fen) == (5380, 16140)


def test_a_use_that_varies_has_a_band_around_the_mean(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 10, 14), 28, lambda day: 8_000 + 4_000 * (day.day % 2))
    (found,) = forecasts(session, user.id, account.account_no)
    assert found.low_kwh < found.kwh < found.high_kwh
    assert found.kwh - found.low_kwh == found.high_kwh - found.kwh
    # 1.28 x 2 kWh x sqrt(20 x (1 + 0.25 x 19)) and the drift of 30.72 are 41.2 kWh together;
    # working days and days of rest explain a little of it.
    assert Decimal(38) < found.high_kwh - found.kwh < Decimal("41.3")
    assert found.low_kwh >= found.kwh_so_far
    assert found.low_fen < found.fen < found.high_fen


def test_days_of_rest_have_a_mean_of_their_own(session):
    user, account, _, meter = _home(session)

    def wh(day):
        return 5_000 if clock.is_working_day(day) else 20_000

    _use(session, meter, date(2026, 10, 12), 28, wh)
    (found,) = forecasts(session, user.id, account.account_no)
    rest = [date(2026, 11, day) for day in range(9, 31)]
    expected = sum(map(wh, rest)) + sum(wh(date(2026, 11, day)) for day in range(1, 9))
    assert found.kwh * 1000 == expected


def test_the_season_of_last_year_bends_the_forecast_within_limits(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 10, 14), 28, 10_000)
    border = date(2026, 11, 10) - timedelta(days=364)
    _use(session, meter, border - timedelta(days=27), 28, 10_000)
    _use(session, meter, border + timedelta(days=1), 20, 12_000)
    (found,) = forecasts(session, user.id, account.account_no)
    assert found.kwh == Decimal("340.00")
    other, cold, _, second = _home(session)
    _use(session, second, date(2026, 10, 14), 28, 10_000)
    _use(session, second, border - timedelta(days=27), 28, 10_000)
    _use(session, second, border + timedelta(days=1), 20, 90_000)
    (found,) = forecasts(session, other.id, cold.account_no)
    assert found.kwh == Decimal("380.00")


def test_the_cost_follows_the_mix_of_the_day_and_the_tiers_of_the_year(session):
    user, account, point, meter = _home(session, "zj-residential-tou", interval=True)
    number = point.service_point_no
    create_bill(session, account, "2026-10", service_point_no=number, wh=2_700_000)
    quarters = [0] * 32 + [100] * 56 + [300] * 8
    for count in range(28):
        create_meter_day(session, meter, date(2026, 10, 14) + timedelta(days=count), quarters)
    (found,) = forecasts(session, user.id, account.account_no)
    case = {
        "tariff": "zj-residential-tou",
        "period": "2026-11",
        "kwh": {"peak": "168", "valley": "72"},
        "year_to_date_kwh": "2700",
    }
    assert found.kwh == Decimal("240.00")
    assert found.fen == rate(parse_case(case)).total_fen == 9542 + 2074 + 900


def test_a_factory_pays_for_its_demand_and_power_factor(session):
    tariff = "demo-industrial-2part-demand"
    user, account, _, meter = _home(session, tariff, interval=True, kind="industrial")
    for count in range(28):
        day = date(2026, 10, 14) + timedelta(days=count)
        create_meter_day(session, meter, day, 1000, reactive_varh=[750] * 96)
    (found,) = forecasts(session, user.id, account.account_no)
    kwh = {"peak": "960", "flat": "480", "valley": "960", "deep": "480"}
    case = {"tariff": tariff, "period": "2026-11", "kwh": kwh}
    case |= {"max_demand_kw": "4", "kvarh": "2160"}
    assert found.kwh == Decimal("2880.00")
    assert found.fen == rate(parse_case(case)).total_fen


def test_hours_that_the_meter_does_not_give_leave_the_cost_open(session):
    user, account, _, meter = _home(session, "zj-residential-tou")
    _use(session, meter, date(2026, 10, 14), 28, 10_000)
    (found,) = forecasts(session, user.id, account.account_no)
    assert (found.kwh, found.fen, found.low_fen) == (Decimal("300.00"), None, None)


def test_at_the_end_of_the_month_nothing_is_left_to_guess(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 11, 1), 30, lambda day: 1000 * day.day)
    (found,) = forecasts(session, user.id, account.account_no)
    assert found.kwh == found.low_kwh == found.high_kwh == found.kwh_so_far == Decimal("465.00")


def test_with_less_than_a_week_there_is_no_forecast(session):
    user, account, _, meter = _home(session)
    _use(session, meter, date(2026, 11, 1), 6, 1000)
    assert forecasts(session, user.id, account.account_no) == []


def test_a_neighbour_gets_no_forecast(session):
    _, account, _, _ = _home(session)
    neighbour, _ = create_customer(session)
    with pytest.raises(NotFound):
        forecasts(session, neighbour.id, account.account_no)
