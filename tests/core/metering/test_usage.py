"""A month's use of a service point."""

from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy.orm import Session

from core.metering import days as meter_days
from core.metering.days import Day, letters_of
from core.metering.usage import DialSpan, MonthUsage, month_usages
from core.models import Meter, RegisterReading, ServicePoint
from tests.core.builders import create_account, create_meter, create_service_point

OCTOBER = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]


@pytest.fixture
def point(session: Session) -> ServicePoint:
    return create_service_point(session, create_account(session))


def a_day(meter: Meter, day: date, wh: int, **others) -> Day:
    """A day of 96 equal quarter-hours."""
    export, reactive = others.get("export"), others.get("reactive")
    return Day(
        meter.id,
        day,
        np.full(96, wh),
        None if export is None else np.full(96, export),
        None if reactive is None else np.full(96, reactive),
        letters_of(others.get("quality")),
    )


def dial(session: Session, meter: Meter, day: date, wh: int, **given: str) -> None:
    fields = {"register": "import", "quality": "V"} | given
    session.add(RegisterReading(meter_id=meter.id, day=day, reading_wh=wh, **fields))
    session.flush()


def month_usage(session: Session, service_point_id: int, period: str) -> MonthUsage:
    return month_usages(session, [service_point_id], period)[service_point_id]


def test_quarter_hours_are_summed_by_day(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point)
    meter_days.save(session, [a_day(meter, d, d.day, export=1, reactive=2) for d in OCTOBER])
    peak = a_day(meter, OCTOBER[9], 10, export=1, reactive=2)
    peak.import_wh[40] = 700
    meter_days.save(session, [peak])
    used = month_usage(session, point.id, "2026-10")
    assert (used.first, used.last, used.import_wh.shape) == (OCTOBER[0], OCTOBER[-1], (31, 96))
    assert used.import_wh.sum(axis=1).tolist()[:2] == [96, 192]
    assert used.total_wh == 96 * 496 + 690
    assert (used.export_wh, used.reactive_varh) == (31 * 96, 2 * 31 * 96)
    assert used.max_demand_w == 2_800
    assert (used.estimated, used.missing_days, used.register_wh, used.dials) == (False, 0, 0, ())


def test_days_of_other_months_do_not_count(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point)
    edges = [date(2026, 9, 30), date(2026, 11, 1)]
    meter_days.save(session, [a_day(meter, d, 1) for d in [*edges, *OCTOBER]])
    assert month_usage(session, point.id, "2026-10").total_wh == 31 * 96


def test_gaps_and_estimates_are_told(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point)
    stored = [a_day(meter, d, 1) for d in OCTOBER[2:]]
    stored[0].quality[5] = b"M"
    stored[0].import_wh[5] = 0
    stored[1].quality[5] = b"E"
    meter_days.save(session, stored)
    used = month_usage(session, point.id, "2026-10")
    assert (used.missing_days, used.estimated, used.total_wh) == (3, True, 29 * 96 - 1)


def test_both_meters_count_in_the_month_of_an_exchange(
    session: Session, point: ServicePoint
) -> None:
    swap = OCTOBER[14]
    old = create_meter(session, point, meter_no="OLD", removed=swap)
    new = create_meter(session, point, meter_no="NEW", installed=swap)
    morning, evening = a_day(old, swap, 0, reactive=0), a_day(new, swap, 0)
    morning.import_wh[:48], evening.import_wh[48:] = 10, 20
    before = [a_day(old, d, 1, reactive=3) for d in OCTOBER[:14]]
    after = [a_day(new, d, 2) for d in OCTOBER[15:]]
    meter_days.save(session, [*before, morning, evening, *after])
    dial(session, old, date(2026, 9, 30), 5_000)
    dial(session, old, swap, 6_824)
    dial(session, new, OCTOBER[13], 0)
    used = month_usage(session, point.id, "2026-10")
    assert used.import_wh.sum(axis=1).tolist() == [96] * 14 + [480 + 960] + [192] * 16
    assert (used.missing_days, used.reactive_varh) == (0, 14 * 96 * 3)
    assert used.dials == (
        DialSpan("OLD", "import", 5_000, 6_824),
        DialSpan("NEW", "import", 0, 960 + 192 * 16),
    )


def test_a_dial_gives_the_month_without_times_of_day(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point, meter_no="D1", interval=False)
    dial(session, meter, date(2026, 9, 30), 999_900_000)
    dial(session, meter, OCTOBER[-1], 100_000)
    dial(session, meter, date(2026, 9, 30), 5, register="export")
    dial(session, meter, OCTOBER[-1], 25, register="export")
    used = month_usage(session, point.id, "2026-10")
    assert (used.register_wh, used.total_wh, used.export_wh) == (200_000, 200_000, 20)
    assert (used.missing_days, used.estimated, used.max_demand_w) == (0, False, None)
    assert used.dials == (
        DialSpan("D1", "import", 999_900_000, 100_000),
        DialSpan("D1", "export", 5, 25),
    )


def test_an_estimated_dial_makes_the_month_estimated(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point, interval=False)
    dial(session, meter, date(2026, 9, 30), 0)
    dial(session, meter, OCTOBER[-1], 100, quality="E")
    assert month_usage(session, point.id, "2026-10").estimated is True


def test_a_dial_that_was_not_read_is_missing(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point, interval=False, installed=OCTOBER[10])
    dial(session, meter, OCTOBER[9], 0)
    used = month_usage(session, point.id, "2026-10")
    assert (used.missing_days, used.total_wh, used.dials) == (21, 0, ())


def test_many_points_at_once_are_the_same_as_each_alone(session: Session) -> None:
    points = [create_service_point(session, create_account(session)) for _ in range(3)]
    meters = [create_meter(session, point) for point in points[:2]]
    meter_days.save(session, [a_day(m, d, m.id) for m in meters for d in OCTOBER])
    together = month_usages(session, [point.id for point in points], "2026-10")
    for point in points:
        alone = month_usage(session, point.id, "2026-10")
        assert together[point.id].total_wh == alone.total_wh
        assert together[point.id].missing_days == alone.missing_days
    assert [together[p.id].total_wh for p in points] == [m.id * 96 * 31 for m in meters] + [0]


def test_saving_the_same_day_again_changes_nothing(session: Session, point: ServicePoint) -> None:
    meter = create_meter(session, point)
    day = a_day(meter, OCTOBER[0], 5)
    assert meter_days.save(session, [day]) == [day]
    assert meter_days.save(session, [day]) == []
