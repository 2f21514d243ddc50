"""Promised times: minutes by the clock, working days by the State Council's calendar."""

from datetime import UTC, datetime

import pytest

from service.requests.kinds import Limit, kind
from service.requests.promising import due, promised, promises

FRIDAY = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)


def test_minutes_are_counted_by_the_clock() -> None:
    assert due(Limit(minutes=45), FRIDAY) == datetime(2026, 12, 11, 2, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "days", "last"),
    [
        ((2026, 12, 11, 2, 0), 1, (2026, 12, 14, 16, 0)),  # Friday to the end of Monday
        ((2026, 12, 11, 15, 59), 5, (2026, 12, 18, 16, 0)),
        ((2026, 12, 11, 16, 0), 1, (2026, 12, 14, 16, 0)),  # midnight: Saturday has begun
        ((2025, 9, 30, 2, 0), 1, (2025, 10, 9, 16, 0)),  # over the eight days of the National Day
        ((2025, 9, 26, 2, 0), 2, (2025, 9, 29, 16, 0)),  # Sunday 28 September was worked
    ],
)
def test_working_days_end_with_their_day(
    asked: tuple[int, ...], days: int, last: tuple[int, ...]
) -> None:
    end = due(Limit(working_days=days), datetime(*asked, tzinfo=UTC))  # type: ignore[misc]
    assert end == datetime(*last, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("place", "minute"), [("city", 45), ("rural", 90), ("remote", 120), (None, 45)]
)
def test_a_crew_comes_as_the_place_allows(place: str | None, minute: int) -> None:
    values = {"place": place} if place else {}
    at = promised(kind("outage_repair"), values, FRIDAY)
    assert (at - FRIDAY).total_seconds() == minute * 60


@pytest.mark.parametrize(
    ("supply", "last"),
    [
        ("resident", (2025, 3, 14)),
        ("business_low", (2025, 3, 17)),
        ("high_single", (2025, 4, 9)),
        ("high_double", (2025, 4, 23)),
    ],
)
def test_a_connection_takes_as_long_as_its_kind(supply: str, last: tuple[int, int, int]) -> None:
    asked = datetime(2025, 3, 7, 2, 0, tzinfo=UTC)  # Qingming, Friday 4 April, lies between
    at = promised(kind("new_connection"), {"supply": supply}, asked)
    assert at == datetime(*last, 16, 0, tzinfo=UTC)


def test_a_complaint_has_a_time_for_the_call_and_one_for_the_answer() -> None:
    assert promises(kind("complaint"), {}, FRIDAY) == {
        "contacted": datetime(2026, 12, 12, 2, 0, tzinfo=UTC),
        "answered": datetime(2026, 12, 18, 16, 0, tzinfo=UTC),
    }
