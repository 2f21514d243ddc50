"""People are told at decent hours, and not in those that they keep for themselves."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.hours import DECENT_FROM, DECENT_UNTIL, next_decent, tomorrow
from runtime.clock import BEIJING

DAY = datetime(2026, 12, 8, tzinfo=BEIJING)
NONE = time(0)


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    return (DAY + timedelta(days=day, hours=hour, minutes=minute)).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "then"),
    [
        (at(12), (NONE, NONE), at(12)),
        (at(7, 59), (NONE, NONE), at(8)),
        (at(21), (NONE, NONE), at(8, day=1)),
        (at(20, 59), (NONE, NONE), at(20, 59)),
        (at(12, 30), (time(12), time(14)), at(14)),
        (at(20), (time(19), time(9)), at(9, day=1)),
        (at(8), (time(22), time(9, 30)), at(9, 30)),
        (at(19), (time(18), time(21)), at(8, day=1)),
        (at(12), (time(6), time(23)), at(12)),
        (at(22), (time(6), time(23)), at(8, day=1)),
    ],
)
def test_the_next_instant_is(now: datetime, quiet: tuple[time, time], then: datetime) -> None:
    assert next_decent(now, *quiet) == then


@given(
    st.integers(0, 2 * 24 * 60).map(lambda minutes: at(0, minutes)),
    st.times(),
    st.times(),
)
def test_it_is_never_earlier_nor_indecent(now: datetime, start: time, end: time) -> None:
    then = next_decent(now, start, end)
    assert now <= then <= now + timedelta(days=2)
    assert DECENT_FROM <= then.astimezone(BEIJING).time() < DECENT_UNTIL
    assert next_decent(then, start, end) == then


def test_tomorrow_begins_in_the_morning() -> None:
    assert tomorrow(at(20)) == tomorrow(at(0)) == at(8, day=1)
