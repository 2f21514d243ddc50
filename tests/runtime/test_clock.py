"""Instants in UTC, dates in China."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from runtime import clock


@time_machine.travel(datetime(2025, 12, 31, 16, 0, tzinfo=UTC), tick=False)
def test_the_year_begins_in_china_first() -> None:
    assert clock.now() == datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    assert clock.today() == date(2026, 1, 1)


def test_a_civil_day_begins_at_sixteen_hundred_utc() -> None:
    assert clock.civil_midnight(date(2026, 3, 1)) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert clock.civil_midnight(date(2026, 3, 1)).tzinfo is UTC
    assert clock.civil_date(clock.civil_midnight(date(2026, 3, 1))) == date(2026, 3, 1)


def test_a_naive_instant_has_no_civil_date() -> None:
    with pytest.raises(ValueError, match="time zone"):
        clock.civil_date(datetime(2026, 3, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2025, 10, 1), False),  # National Day
        (date(2025, 9, 28), True),  # a Sunday moved to work
        (date(2025, 10, 9), True),
        (date(2025, 10, 11), True),  # a Saturday moved to work
        (date(2025, 10, 12), False),
        (date(1990, 1, 1), True),  # no notice carried: a Monday
        (date(2090, 1, 1), False),  # no notice carried: a Sunday
    ],
)
def test_working_days(day: date, works: bool) -> None:
    assert clock.is_working_day(day) is works
    assert clock.is_holiday(day) is not works


@pytest.mark.parametrize(
    ("day", "ordinary"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), True),  # a plain Saturday
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), False),  # a Saturday that is worked for the holiday
        (date(2099, 10, 1), True),  # its notice is not known
    ],
)
def test_days_that_are_like_others_of_their_weekday(day: date, ordinary: bool) -> None:
    assert clock.is_ordinary(day) is ordinary


def test_working_days_are_counted_over_a_holiday() -> None:
    assert clock.add_working_days(date(2025, 9, 30), 1) == date(2025, 10, 9)
    assert clock.add_working_days(date(2025, 9, 30), 3) == date(2025, 10, 11)
    assert clock.add_working_days(date(2025, 10, 9), -1) == date(2025, 9, 30)
    assert clock.add_working_days(date(2025, 10, 4), 0) == date(2025, 10, 4)
