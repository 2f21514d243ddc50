"""Estimates, to the Wh."""

from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.metering import days as meter_days
from core.metering.days import Day, blank, letters_of
from core.metering.estimation import Estimate, estimate_month
from core.models import Meter, MeterDay, RegisterReading, ServicePoint
from tests.core.builders import all_changes, create_account, create_meter, create_service_point

ONE_DAY = timedelta(days=1)
FIRST = date(2026, 8, 3)
"""A Monday; no public holiday falls into the weeks that are used here."""
FITTED = FIRST - ONE_DAY
GAP = date(2026, 8, 31)
"""The Monday four weeks later, the last day of August."""


@pytest.fixture
def point(session: Session) -> ServicePoint:
    return create_service_point(session, create_account(session))


@pytest.fixture
def meter(session: Session, point: ServicePoint) -> Meter:
    return create_meter(session, point, installed=FITTED)


def a_day(meter: Meter, day: date, wh: int) -> Day:
    return Day(meter.id, day, np.full(96, wh), None, None, letters_of(None))


def history(meter: Meter, until: date = GAP) -> list[Day]:
    """Equal quarter-hours; Mondays 10, 20, 31 and 40 Wh, other days 100 + the weekday."""
    mondays = {FIRST: 10, FIRST + 7 * ONE_DAY: 20, FIRST + 14 * ONE_DAY: 31}
    dates = [FITTED + n * ONE_DAY for n in range((until - FITTED).days)]
    return [
        a_day(meter, d, mondays.get(d, 40) if d.weekday() == 0 else 100 + d.weekday())
        for d in dates
    ]


def gap_in(day: Day, first: int, last: int) -> Day:
    day.quality[first:last] = b"M"
    day.import_wh[first:last] = 0
    return day


def stored(session: Session, meter: Meter, day: date = GAP) -> MeterDay:
    query = select(MeterDay).where(MeterDay.meter_id == meter.id, MeterDay.day == day)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_missing_day_is_the_average_of_four_such_weekdays(session: Session, meter: Meter) -> None:
    meter_days.save(session, history(meter))
    assert estimate_month(session, "2026-08") == Estimate(days=1)
    assert stored(session, meter).import_wh == [25] * 96  # (10 + 20 + 31 + 40) / 4 = 25.25
    assert stored(session, meter).quality == "E" * 96
    assert all_changes(session)[-1]["data"]["quality"] == "E" * 96


def test_estimating_again_changes_nothing(session: Session, meter: Meter) -> None:
    meter_days.save(session, history(meter))
    estimate_month(session, "2026-08")
    before = len(all_changes(session))
    assert estimate_month(session, "2026-08") == Estimate()
    assert len(all_changes(session)) == before


def test_only_measured_values_are_history(session: Session, meter: Meter) -> None:
    days = history(meter)
    days[1].quality[:48] = b"E"
    meter_days.save(session, days)
    estimate_month(session, "2026-08")
    assert stored(session, meter).import_wh == [30] * 48 + [25] * 48  # (20 + 31 + 40) / 3 = 30.33


def test_a_short_gap_is_a_straight_line(session: Session, meter: Meter) -> None:
    last = gap_in(a_day(meter, GAP, 100), 40, 43)
    last.import_wh[43] = 207
    meter_days.save(session, [*history(meter), last])
    estimate_month(session, "2026-08")
    assert stored(session, meter).import_wh[39:44] == [100, 127, 154, 180, 207]
    assert stored(session, meter).quality == "V" * 40 + "EEE" + "V" * 53


def test_two_hours_are_short_and_a_quarter_more_is_not(session: Session, meter: Meter) -> None:
    days = [*history(meter), gap_in(a_day(meter, GAP, 100), 40, 48)]
    gap_in(days[-8], 40, 49)
    meter_days.save(session, days)
    assert estimate_month(session, "2026-08") == Estimate(days=2)
    assert stored(session, meter).import_wh == [100] * 96
    longer = stored(session, meter, GAP - 7 * ONE_DAY)
    assert longer.import_wh == [40] * 40 + [20] * 9 + [40] * 47  # (10 + 20 + 31) / 3 = 20.33


def test_a_line_may_cross_midnight(session: Session, meter: Meter) -> None:
    days = [*history(meter), a_day(meter, GAP, 80)]
    gap_in(days[-2], 94, 96)
    gap_in(days[-1], 0, 1)
    days[-2].import_wh[93] = 40
    meter_days.save(session, days)
    estimate_month(session, "2026-08")
    assert stored(session, meter, GAP - ONE_DAY).import_wh[93:] == [40, 50, 60]
    assert stored(session, meter).import_wh[:2] == [70, 80]


def test_without_such_a_weekday_working_days_count_together(session: Session, meter: Meter) -> None:
    days = [day for day in history(meter) if day.day >= GAP - 6 * ONE_DAY]
    meter_days.save(session, days)
    estimate_month(session, "2026-08")
    # Tuesday to Friday: (101 + 102 + 103 + 104) / 4 = 102.5, half up; the weekend is apart.
    assert stored(session, meter).import_wh == [103] * 96


def test_a_holiday_is_not_taken_for_a_working_day(session: Session, meter: Meter) -> None:
    sunday, monday = date(2026, 2, 15), date(2026, 2, 16)  # the Spring Festival's first days
    meter.installed = date(2026, 1, 20)
    session.flush()
    dates = [meter.installed + n * ONE_DAY for n in range((monday - meter.installed).days)]
    meter_days.save(session, [a_day(meter, d, 7 if d == sunday else 90) for d in dates])
    saturdays_and_sundays = [d for d in dates if d.weekday() >= 5 and d != sunday]
    days_off = [d for d in saturdays_and_sundays if d not in (date(2026, 2, 14),)]
    estimate_month(session, "2026-02", through=monday)
    average = round((90 * len(days_off) + 7) / (len(days_off) + 1))
    assert stored(session, meter, monday).import_wh == [average] * 96


def test_what_has_no_history_stays_missing_and_is_shown(session: Session, meter: Meter) -> None:
    assert estimate_month(session, "2026-08").days == 30
    assert stored(session, meter).quality == "M" * 96
    assert stored(session, meter).import_wh == [0] * 96
    assert estimate_month(session, "2026-08").days == 0


def test_a_new_meter_goes_on_from_the_old_one(
    session: Session, point: ServicePoint, meter: Meter
) -> None:
    swap = GAP - 5 * ONE_DAY
    meter_days.save(session, history(meter, swap))
    meter.removed = swap
    new = create_meter(session, point, installed=swap)
    meter_days.save(session, [a_day(meter, swap, 1), a_day(new, swap, 1)])
    estimate_month(session, "2026-08")
    assert stored(session, new).import_wh == [25] * 96


def test_export_and_reactive_are_filled_as_well(session: Session, meter: Meter) -> None:
    days = history(meter)
    for day in days:
        day.export_wh, day.reactive_varh = day.import_wh * 2, day.import_wh * 3
    reported = blank(meter.id, GAP)
    reported.export_wh = np.zeros(96, np.int64)
    reported.export_wh[50] = 9
    meter_days.save(session, [*days, reported])
    estimate_month(session, "2026-08")
    filled = stored(session, meter)
    assert filled.export_wh == [51] * 50 + [9] + [51] * 45  # 50.5 half up
    assert filled.reactive_varh == [76] * 96  # 75.75


def test_through_leaves_the_days_after_alone(session: Session, meter: Meter) -> None:
    meter_days.save(session, history(meter, GAP - ONE_DAY))
    assert estimate_month(session, "2026-08", through=GAP - ONE_DAY) == Estimate(days=1)
    assert session.scalars(select(MeterDay).where(MeterDay.day == GAP)).all() == []


def test_named_points_alone_are_filled(session: Session, point: ServicePoint, meter: Meter) -> None:
    other = create_service_point(session, create_account(session))
    create_meter(session, other, installed=GAP)
    meter_days.save(session, history(meter))
    assert estimate_month(session, "2026-08", [point.id]) == Estimate(days=1)


def read(session: Session, meter: Meter, day: date, wh: int) -> None:
    session.add(RegisterReading(meter_id=meter.id, day=day, register="import", reading_wh=wh))
    session.flush()


def readings(session: Session, meter: Meter) -> dict[date, tuple[int, str]]:
    query = select(RegisterReading).where(RegisterReading.meter_id == meter.id)
    return {row.day: (row.reading_wh, row.quality) for row in session.scalars(query)}


def test_a_dial_is_carried_on_by_its_average_day(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point, interval=False)
    read(session, meter, date(2026, 8, 18), 999_930_000)
    read(session, meter, date(2026, 8, 28), 999_990_000)
    assert estimate_month(session, "2026-08") == Estimate(dials=3)
    found = readings(session, meter)
    assert found[date(2026, 8, 29)] == (999_996_000, "E")
    assert found[date(2026, 8, 30)] == (2_000, "E")
    assert found[date(2026, 8, 31)] == (8_000, "E")
    assert estimate_month(session, "2026-08") == Estimate()


def test_a_dial_with_less_than_a_week_is_not(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point, interval=False)
    read(session, meter, date(2026, 8, 22), 0)
    read(session, meter, date(2026, 8, 28), 60_000)
    assert estimate_month(session, "2026-08") == Estimate()
