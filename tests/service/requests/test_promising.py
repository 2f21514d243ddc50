"""Promised times: minutes by the clock, working days by the State Council's calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from service.requests.kinds import Limit, kind
from service.requests.promising import Stop, due, promised, promises, warning

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
    ("name", "values", "last"),
    [
        ("new_connection", {}, (2025, 3, 14)),
        ("business_connection", {}, (2025, 3, 17)),
        ("high_voltage_connection", {"sources": "single"}, (2025, 4, 9)),
        ("high_voltage_connection", {"sources": "double"}, (2025, 4, 23)),
        ("increase_capacity", {"supply": "business_low"}, (2025, 3, 17)),
    ],
)
def test_a_connection_takes_as_long_as_its_kind(
    name: str, values: dict[str, str], last: tuple[int, int, int]
) -> None:
    asked = datetime(2025, 3, 7, 2, 0, tzinfo=UTC)  # Qingming, Friday 4 April, lies between
    at = promised(kind(name), values, asked)
    assert at == datetime(*last, 16, 0, tzinfo=UTC)


def test_power_is_back_so_many_hours_after_the_crew_came() -> None:
    repair = kind("outage_repair")
    assert promises(repair, {}, FRIDAY) == {
        "arrived": FRIDAY + timedelta(minutes=45),
        "restored": FRIDAY + timedelta(minutes=225),
    }
    early = {"arrived": FRIDAY + timedelta(minutes=20)}
    assert promises(repair, {"place": "rural"}, FRIDAY, early) == {
        "arrived": FRIDAY + timedelta(minutes=90),
        "restored": FRIDAY + timedelta(minutes=260),
    }


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("since", "until", "end"),
    [
        (FRIDAY + HOUR / 2, FRIDAY + 3 * HOUR / 2, FRIDAY + 2 * HOUR),  # sixty minutes stood
        (FRIDAY - 2 * HOUR, FRIDAY - HOUR, FRIDAY + HOUR),  # over before it began to count
        (FRIDAY - HOUR, FRIDAY + HOUR, FRIDAY + 2 * HOUR),  # only what lies in it counts
        (FRIDAY + 3 * HOUR, FRIDAY + 4 * HOUR, FRIDAY + HOUR),  # after the promise was over
    ],
)
def test_minutes_in_which_the_clock_stood_do_not_count(
    since: datetime, until: datetime, end: datetime
) -> None:
    assert due(Limit(minutes=60), FRIDAY, [Stop(since, until)]) == end


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ((2026, 12, 11, 9, 0), (2026, 12, 16, 16, 0)),  # the same Friday: nothing was lost
        ((2026, 12, 13, 9, 0), (2026, 12, 16, 16, 0)),  # Sunday: no working day was lost
        ((2026, 12, 14, 9, 0), (2026, 12, 17, 16, 0)),  # Monday had begun
        ((2026, 12, 18, 9, 0), (2026, 12, 23, 16, 0)),  # five days, over a weekend
    ],
)
def test_working_days_on_which_the_clock_stood_do_not_count(
    until: tuple[int, ...], last: tuple[int, ...]
) -> None:
    stop = Stop(FRIDAY + HOUR, datetime(*until, tzinfo=UTC))  # type: ignore[misc]
    end = due(Limit(working_days=3), FRIDAY, [stop])
    assert end == datetime(*last, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("limit", "at"),
    [
        (Limit(minutes=15), (2026, 12, 16, 15, 45)),
        (Limit(working_days=1), (2026, 12, 15, 16, 0)),  # as the last day begins
        (Limit(working_days=4), (2026, 12, 10, 16, 0)),  # over the weekend
    ],
)
def test_the_desk_is_warned_before(limit: Limit, at: tuple[int, ...]) -> None:
    end = datetime(2026, 12, 16, 16, 0, tzinfo=UTC)
    assert warning(limit, end) == datetime(*at, tzinfo=UTC)  # type: ignore[misc]


def test_a_complaint_has_a_time_for_the_call_and_one_for_the_answer() -> None:
    assert promises(kind("complaint"), {}, FRIDAY) == {
        "contacted": datetime(2026, 12, 12, 2, 0, tzinfo=UTC),
        "answered": datetime(2026, 12, 18, 16, 0, tzinfo=UTC),
    }
