"""Findings in an account's own figures, each with the figure that says why."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from runtime.errors import NotFound
from service.advice.between import between
from service.advice.saving import (
    DearHours,
    HigherTier,
    MoreThanLastYear,
    Season,
    Standby,
    dear_hours,
    findings,
    higher_tier,
    more_than_last_year,
    season,
    standby,
)
from service.bills import BillSummary
from service.meter_data import DayTotal, month_days
from tests.service import builders
from tests.service.advice.days import day_of, days

FIRST = date(2026, 11, 1)
TOU, FLAT = "zj-residential-tou", "zj-residential"


def test_what_is_never_off() -> None:
    """20 Wh a quarter-hour are 80 W: 1.92 of 7.48 kWh a day."""
    values = day_of({range(18, 22): 367}, 20)
    found = standby([days(FIRST, 28, values, FLAT)])
    assert sum(values) == 7472
    assert found == Standby(watts=80, year_wh=700_800, percent=26)


@pytest.mark.parametrize(
    ("count", "values"),
    [
        (6, day_of({}, 20)),  # too few days
        (28, day_of({}, 14)),  # 56 W are little
        (28, day_of({range(8, 22): 400}, 20)),  # and so is 80 W of much
        (28, day_of({})),  # nothing is used
    ],
)
def test_where_standby_is_no_matter(count: int, values: list[int]) -> None:
    assert standby([days(FIRST, count, values, FLAT)]) is None


def test_nights_that_were_not_measured_wholly_do_not_count() -> None:
    found = days(FIRST, 8, day_of({}, 50), FLAT)
    found.marks[0, 95] = found.marks[1, 0] = 1
    assert standby([found]) is None
    assert standby([found, days(FIRST, 28, day_of({}, 50), FLAT)]) is not None


def test_several_places_are_one_house() -> None:
    """Two meters with 40 W each are 80 W."""
    points = [days(FIRST, 28, day_of({range(18, 22): 184}, 10), FLAT) for _ in range(2)]
    found = standby(points)
    assert found is not None
    assert found.watts == 80


def test_dear_hours() -> None:
    """28 days of 4 kWh by day and 1 by night: a fifth of 112 kWh, 0.28 yuan cheaper by night."""
    values = day_of({range(10, 14): 250, range(2, 6): 62})
    found = dear_hours([days(FIRST, 28, values, TOU)])
    assert found == DearHours(percent=80, saved_fen=627)  # 112 x 0.2 x 0.28 = 6.272


def test_most_by_night_is_cheap_already() -> None:
    assert dear_hours([days(FIRST, 28, day_of({range(6): 300}, 10), TOU)]) is None


def test_hours_do_not_matter_in_one_price() -> None:
    assert dear_hours([days(FIRST, 28, day_of({}, 100), FLAT)]) is None
    assert dear_hours([]) is None


def bill(period: str, kwh: int) -> BillSummary:
    first, last = month_days(period)
    issued = datetime(2026, 1, 3, tzinfo=UTC)
    return BillSummary(
        f"B{period}",
        "420000000000",
        "SP1",
        period,
        0,
        first,
        last,
        Decimal(kwh),
        0,
        0,
        last,
        issued,
        None,
        estimated=False,
        state="paid",
    )


def test_a_summer_of_cooling() -> None:
    """620 kWh in 62 days against 183 in 61."""
    bills = [bill("2026-07", 310), bill("2026-08", 310), bill("2026-04", 90), bill("2026-05", 93)]
    assert season(bills) == Season(hot=True, day_wh=10_000, mild_day_wh=3_000)
    assert season([*bills, bill("2026-01", 620)]) == Season(False, 20_000, 3_000)


def test_seasons_that_are_alike() -> None:
    assert season([bill("2026-07", 130), bill("2026-05", 93)]) is None
    assert season([bill("2026-07", 310)]) is None
    assert season([bill("2026-05", 93)]) is None
    assert season([]) is None


def known(first: date, wh: int) -> dict[date, DayTotal]:
    return {
        day: DayTotal(day, wh, 0, "V") for day in (first + timedelta(days=n) for n in range(28))
    }


@pytest.mark.parametrize(("now", "then", "percent"), [(1100, 1000, 10), (1094, 1000, None)])
def test_more_than_last_year(now: int, then: int, percent: int | None) -> None:
    last = FIRST + timedelta(days=27)
    use = between(FIRST, last, known(FIRST, now), known(date(2025, 11, 1), then), {}, as_of=last)
    found = more_than_last_year(use)
    assert found == (MoreThanLastYear(use, percent) if percent else None)


def test_nothing_to_compare_with() -> None:
    last = FIRST + timedelta(days=27)
    assert more_than_last_year(between(FIRST, last, known(FIRST, 9), {}, {}, last)) is None


def test_from_the_rows(session: Session) -> None:
    """A home in tier 2 that uses 480 W all day; the most costly comes first."""
    user, account = builders.create_customer(session)
    point = builders.create_service_point(session, account, TOU)
    meter = builders.create_meter(session, point)
    builders.create_bill(
        session,
        account,
        "2026-10",
        case={"kwh": {"peak": "2000", "valley": "1000"}},
        service_point_no=point.service_point_no,
    )
    for count in range(10):
        builders.create_meter_day(session, meter, FIRST + timedelta(days=count), 120)
    found = findings(session, user.id, account.account_no)
    assert [type(each) for each in found] == [HigherTier, Standby, DearHours]
    assert isinstance(found[0], HigherTier)
    assert found[0].standing.position.tier == 2
    assert found[1] == Standby(480, 4_204_800, 100)
    with pytest.raises(NotFound):
        findings(session, builders.create_user(session).id, account.account_no)


def test_without_data_nothing_is_found(session: Session) -> None:
    user, account = builders.create_customer(session)
    assert findings(session, user.id, account.account_no) == []
    assert higher_tier([]) is None
