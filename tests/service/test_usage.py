"""Usage by day, month and year, with its gaps, estimates and comparisons."""

from datetime import UTC, date, datetime, timedelta

import pytest

from runtime.errors import Forbidden, NotFound
from service import usage
from service.compared import Compared
from service.models import MeterDay
from tests.service.builders import (
    create_account,
    create_customer,
    create_daily_use,
    create_link,
    create_meter,
    create_meter_day,
    create_service_point,
)


@pytest.fixture
def home(session):
    """A home on Zhejiang's time-of-use tariff (peak 8 to 22) with an interval meter."""
    user, account = create_customer(session)
    point = create_service_point(session, account)
    return user, account, create_meter(session, point)


def test_a_day_has_96_quarters_with_their_periods(session, home):
    user, account, meter = home
    values = [10] * 96
    values[77] = 462
    create_meter_day(
        session,
        meter,
        date(2026, 11, 10),
        values,
        export_wh=[1] * 96,
        quality="V" * 40 + "E" + "M" + "V" * 54,
    )
    found = usage.day(session, user.id, account.account_no, date(2026, 11, 10))
    assert (found.total.import_wh, found.total.export_wh) == (1412, 96)
    assert found.total.quality == "M"
    assert (found.quarters[40], found.quarters[41], found.quarters[77]) == (10, None, 462)
    assert found.export_quarters == (1,) * 96
    assert found.quality[39:43] == "VEMV"
    assert (found.labels[31], found.labels[32]) == ("valley", "peak")
    assert (found.labels[87], found.labels[88]) == ("peak", "valley")
    assert found.periods == {"valley": 400, "peak": 1012}
    assert (found.peak_w, found.peak_at) == (1848, datetime(2026, 11, 10, 11, 15, tzinfo=UTC))
    assert found.as_of == date(2026, 11, 10)


def test_a_day_of_a_register_meter_has_a_total_only(session):
    user, account = create_customer(session)
    meter = create_meter(session, create_service_point(session, account), interval=False)
    create_daily_use(session, meter, date(2026, 11, 10), 8200, export_wh=30, quality="E")
    found = usage.day(session, user.id, account.account_no, date(2026, 11, 10))
    assert (found.total.import_wh, found.total.export_wh, found.total.quality) == (8200, 30, "E")
    assert (found.quarters, found.labels, found.peak_w) == ((), (), None)


def test_a_day_without_data_is_a_gap_or_not_there_yet(session, home):
    user, account, meter = home
    create_meter_day(session, meter, date(2026, 11, 10), 10)
    gap = usage.day(session, user.id, account.account_no, date(2026, 11, 9))
    assert (gap.total.import_wh, gap.total.quality) == (None, "M")
    ahead = usage.day(session, user.id, account.account_no, date(2026, 11, 11))
    assert (ahead.total.import_wh, ahead.total.quality) == (None, "")
    before = usage.day(session, user.id, account.account_no, date(2019, 3, 31))
    assert (before.total.import_wh, before.total.quality) == (None, "")


def test_a_month_names_every_day_and_splits_it_by_period(session, home):
    user, account, meter = home
    create_meter_day(session, meter, date(2026, 11, 1), 10)
    create_meter_day(session, meter, date(2026, 11, 3), 20, quality="E" * 96)
    for day in (1, 2, 3, 4):
        create_meter_day(session, meter, date(2026, 10, day), 5)
    create_meter_day(session, meter, date(2025, 11, 2), 7)
    found = usage.month(session, user.id, account.account_no, "2026-11")
    assert [(day.import_wh, day.quality) for day in found.days[:4]] == [
        (960, "V"),
        (None, "M"),
        (1920, "E"),
        (None, ""),
    ]
    assert len(found.days) == 30
    assert found.periods[date(2026, 11, 3)] == {"peak": 1120, "valley": 800}
    assert found.by_period == {"peak": 1680, "valley": 1200}
    assert (found.import_wh, found.known_days, found.as_of) == (2880, 2, date(2026, 11, 3))
    # The 1st and the 3rd are known of both months; no day of last November beside them.
    assert found.last_month == Compared(date(2026, 10, 1), date(2026, 10, 3), 2, 2880, 960)
    assert found.last_year == Compared(date(2025, 11, 1), date(2025, 11, 1), 0, 0, None)


def test_whole_months_are_compared_whole_and_partial_ones_by_their_days(session, home):
    user, account, meter = home
    for count in range(31 + 30 + 10):
        create_meter_day(session, meter, date(2026, 9, 1) + timedelta(days=count), 10)
    october = usage.month(session, user.id, account.account_no, "2026-10").last_month
    september = (date(2026, 9, 1), date(2026, 9, 30))
    assert october == Compared(*september, 30, 31 * 960, 30 * 960, whole=True)
    november = usage.month(session, user.id, account.account_no, "2026-11").last_month
    assert november == Compared(date(2026, 10, 1), date(2026, 10, 10), 10, 9600, 9600)


def test_a_day_that_is_not_read_in_full_is_left_out_on_both_sides(session, home):
    user, account, meter = home
    for day in range(1, 11):
        create_meter_day(session, meter, date(2026, 10, day), 10)
        create_meter_day(session, meter, date(2026, 11, day), 20)
    meter_day = session.get(MeterDay, (meter.meter_no, date(2026, 11, 4)))
    meter_day.quality = "M" * 48 + "V" * 48
    session.flush()
    found = usage.month(session, user.id, account.account_no, "2026-11")
    assert found.import_wh == 19200
    assert found.last_month == Compared(date(2026, 10, 1), date(2026, 10, 10), 9, 9 * 1920, 9 * 960)


def test_a_month_without_data_compares_with_nothing(session, home):
    user, account, _ = home
    found = usage.month(session, user.id, account.account_no, "2026-11")
    assert (found.import_wh, found.known_days, found.as_of) == (0, 0, None)
    assert found.last_month.import_wh is None
    assert {day.quality for day in found.days} == {""}


def test_a_flat_tariff_is_not_split(session):
    user, account = create_customer(session)
    point = create_service_point(session, account, "bj-residential-year")
    meter = create_meter(session, point)
    create_meter_day(session, meter, date(2026, 11, 1), 10)
    found = usage.month(session, user.id, account.account_no, "2026-11")
    assert (found.periods, found.by_period) == ({}, {})
    assert usage.day(session, user.id, account.account_no, date(2026, 11, 1)).labels == ()


def test_the_hours_of_an_industrial_tariff_change_with_the_season(session):
    user, account = create_customer(session, "enterprise_admin", kind="industrial")
    point = create_service_point(session, account, "demo-industrial-2part-demand")
    meter = create_meter(session, point)
    create_meter_day(session, meter, date(2026, 7, 1), 1000)
    create_meter_day(session, meter, date(2026, 6, 1), 1000)
    july = usage.month(session, user.id, account.account_no, "2026-07").by_period
    june = usage.month(session, user.id, account.account_no, "2026-06").by_period
    assert (july["sharp"], june.get("sharp", 0)) == (8000, 0)
    assert sum(july.values()) == sum(june.values()) == 96000


def test_meters_of_a_point_add_up_and_one_that_is_silent_is_missed(session):
    user, account = create_customer(session)
    point = create_service_point(session, account)
    old = create_meter(session, point, removed=date(2026, 11, 2))
    new = create_meter(session, point, installed=date(2026, 11, 2))
    create_meter_day(session, old, date(2026, 11, 1), 10)
    create_meter_day(session, old, date(2026, 11, 2), 4)
    create_meter_day(session, new, date(2026, 11, 2), 6)
    second = create_meter(session, create_service_point(session, account), interval=False)
    create_daily_use(session, second, date(2026, 11, 2), 100)
    found = usage.month(session, user.id, account.account_no, "2026-11")
    assert [(day.import_wh, day.quality) for day in found.days[:2]] == [(960, "M"), (1060, "V")]
    alone = usage.month(
        session, user.id, account.account_no, "2026-11", service_point_no=point.service_point_no
    )
    assert [(day.import_wh, day.quality) for day in alone.days[:2]] == [(960, "V"), (960, "V")]


def test_a_year_stands_beside_the_year_before(session, home):
    user, account, meter = home
    create_meter_day(session, meter, date(2026, 1, 31), 10, export_wh=[2] * 96)
    create_meter_day(session, meter, date(2026, 3, 1), 20, quality="E" + "V" * 95)
    create_meter_day(session, meter, date(2026, 3, 2), 20, quality="M" + "V" * 95)
    create_meter_day(session, meter, date(2025, 1, 31), 5)
    create_meter_day(session, meter, date(2025, 3, 1), 2)
    create_meter_day(session, meter, date(2025, 3, 2), 3)
    create_meter_day(session, meter, date(2025, 3, 3), 4)
    found = usage.year(session, user.id, account.account_no, 2026)
    assert [month.import_wh for month in found.months[:4]] == [960, None, 3840, None]
    march = found.months[2]
    assert (march.known_days, march.estimated_days, march.missing_days) == (2, 1, 1)
    assert found.last_year[2].import_wh == 864
    assert (found.import_wh, found.export_wh) == (4800, 192)
    # 2 March is not read in full; 31 January and 1 March are known of both years.
    assert found.compared == Compared(date(2025, 1, 1), date(2025, 3, 1), 2, 2880, 672)


def test_a_year_is_not_compared_with_one_that_is_half_known(session, home):
    user, account, meter = home
    create_meter_day(session, meter, date(2026, 1, 31), 10)
    create_meter_day(session, meter, date(2026, 3, 2), 20)
    create_meter_day(session, meter, date(2025, 3, 2), 3)
    found = usage.year(session, user.id, account.account_no, 2026)
    assert found.compared == Compared(date(2025, 1, 1), date(2025, 3, 2), 1, 1920, None)


def test_the_calendar_darkens_with_use(session, home):
    user, account, meter = home
    for day, wh in enumerate((10, 20, 30, 40, 50), start=1):
        create_meter_day(session, meter, date(2026, 11, day), wh)
    found = usage.calendar(session, user.id, account.account_no, 2026)
    assert len(found.days) == 365
    november = [level for total, level in found.days if total.day.month == 11]
    assert november[:6] == [0, 1, 2, 3, 4, None]
    assert found.bounds_wh == (1728, 2496, 3264, 4032)


def test_demand_and_power_factor_of_a_month(session):
    user, account = create_customer(session, "enterprise_energy", kind="industrial")
    point = create_service_point(session, account, "demo-industrial-2part-demand")
    meter = create_meter(session, point)
    values = [1000] * 96
    values[40] = 1750
    create_meter_day(session, meter, date(2026, 11, 1), 1000, reactive_varh=[500] * 96)
    create_meter_day(session, meter, date(2026, 11, 2), values, reactive_varh=[500] * 96)
    (found,) = usage.power(session, user.id, account.account_no, "2026-11")
    assert (found.max_w, found.max_at) == (7000, datetime(2026, 11, 2, 2, tzinfo=UTC))
    assert (found.import_wh, found.reactive_varh) == (192750, 96000)
    assert found.power_factor_hundredths == 90


def test_without_reactive_energy_there_is_no_power_factor(session, home):
    user, account, meter = home
    create_meter_day(session, meter, date(2026, 11, 1), 10)
    (found,) = usage.power(session, user.id, account.account_no, "2026-11")
    assert (found.max_w, found.power_factor_hundredths) == (40, None)


LOOKS = {
    "day": lambda session, user, account: usage.day(session, user, account, date(2026, 11, 1)),
    "month": lambda session, user, account: usage.month(session, user, account, "2026-11"),
    "year": lambda session, user, account: usage.year(session, user, account, 2026),
    "calendar": lambda session, user, account: usage.calendar(session, user, account, 2026),
    "power": lambda session, user, account: usage.power(session, user, account, "2026-11"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_usage_is_for_those_who_may_see_it(session, home, look):
    _, account, meter = home
    create_meter_day(session, meter, date(2026, 11, 1), 10)
    neighbour, _ = create_customer(session)
    with pytest.raises(NotFound):
        LOOKS[look](session, neighbour.id, account.account_no)
    payer, _ = create_customer(session)
    create_link(session, payer, account, "payer")
    with pytest.raises(Forbidden):
        LOOKS[look](session, payer.id, account.account_no)


def test_a_service_point_of_another_account_brings_nothing(session, home):
    user, account, _ = home
    other = create_service_point(session, create_account(session))
    create_meter_day(session, create_meter(session, other), date(2026, 11, 1), 10)
    found = usage.month(
        session, user.id, account.account_no, "2026-11", service_point_no=other.service_point_no
    )
    assert (found.import_wh, found.known_days) == (0, 0)
