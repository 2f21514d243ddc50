"""A sudden fall, and all that is none."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import clock
from service.insight.falling import Fall, fall_of, is_quiet, spans
from service.insight.rules import rules

RULES = rules().falling
YESTERDAY = date(2026, 11, 20)
"""A Friday; the weeks before it begin after the holidays of October, but for one."""

WORKDAY, SUNDAY = 1_000_000, 200_000


def usual(day: date) -> int:
    return SUNDAY if day.weekday() == 6 else WORKDAY


def use(
    of: Callable[[date], float] = usual, *, days: int = 70, year: bool = False
) -> dict[date, int]:
    """The days up to yesterday, and those of a year before."""
    ends = [YESTERDAY, *([YESTERDAY - timedelta(days=364)] if year else [])]
    return {
        (day := end - timedelta(days=back)): round(of(day)) for end in ends for back in range(days)
    }


def since(start: date, share: float) -> Callable[[date], float]:
    """Usual, and from a day on only a share of it."""
    return lambda day: usual(day) * (share if day >= start else 1)


def test_a_fall_of_sixty_percent() -> None:
    found = fall_of(use(since(YESTERDAY - timedelta(days=6), 0.4)), YESTERDAY, RULES)
    mean = (6 * WORKDAY + SUNDAY) / 7
    assert found == Fall(YESTERDAY, 7, round(mean), round(0.4 * mean), None)


@pytest.mark.parametrize(("share", "falls"), [(0.5, True), (0.51, False), (0.0, True), (1, False)])
def test_half_of_what_is_usual_is_the_edge(share: float, falls: bool) -> None:
    found = fall_of(use(since(YESTERDAY - timedelta(days=6), share)), YESTERDAY, RULES)
    assert (found is not None) == falls


def test_three_days_are_too_few() -> None:
    assert fall_of(use(since(YESTERDAY - timedelta(days=2), 0.1)), YESTERDAY, RULES) is None


def test_a_slow_decline_is_none() -> None:
    """Eight percent a week, to a third of what it was in September."""
    weeks = 70 / 7
    of = lambda day: usual(day) * 0.92 ** (weeks - (YESTERDAY - day).days / 7)  # noqa: E731
    assert fall_of(use(of), YESTERDAY, RULES) is None


def test_an_end_of_the_season_as_a_year_ago_is_none() -> None:
    def pump(day: date) -> float:
        return usual(day) * (0.1 if f"{day:%m-%d}" >= "11-12" else 1)

    assert fall_of(use(pump), YESTERDAY, RULES) is not None
    assert fall_of(use(pump, year=True), YESTERDAY, RULES) is None


def test_a_year_ago_that_was_as_usual_is_told_with_the_fall() -> None:
    found = fall_of(use(since(date(2026, 11, 14), 0.4), year=True), YESTERDAY, RULES)
    assert found is not None
    assert found.year_ago_percent == 40


def test_whoever_uses_as_it_comes_does_not_fall() -> None:
    """A week of rest after weeks that were each half or double of the last."""
    of = lambda day: WORKDAY * (1 if day.toordinal() // 7 % 2 else 0.2)  # noqa: E731
    assert fall_of(use(of), YESTERDAY, RULES) is None


def test_days_that_are_not_known_say_nothing() -> None:
    fallen = use(since(YESTERDAY - timedelta(days=6), 0.4))
    gone = {day: wh for day, wh in fallen.items() if day <= YESTERDAY - timedelta(days=4)}
    assert fall_of(gone, YESTERDAY, RULES) is None
    few = {day: wh for day, wh in fallen.items() if day.weekday() in (0, 1, 2, 4)}
    assert fall_of(few, YESTERDAY, RULES) is None
    short = {day: wh for day, wh in fallen.items() if day > YESTERDAY - timedelta(days=7 + 3 * 7)}
    assert fall_of(short, YESTERDAY, RULES) is None
    assert fall_of({}, YESTERDAY, RULES) is None


def test_small_users_are_left_alone() -> None:
    of = lambda day: 19_999 * (0 if day > YESTERDAY - timedelta(days=7) else 1)  # noqa: E731
    assert fall_of(use(of), YESTERDAY, RULES) is None


@pytest.mark.parametrize(
    ("first", "last", "share"),
    [
        (date(2026, 2, 7), date(2026, 3, 4), 0.05),  # a works that rests around the lunar new year
        (date(2026, 10, 1), date(2026, 10, 8), 0.1),
        (date(2026, 5, 1), date(2026, 5, 5), 0.1),
        (date(2027, 2, 1), date(2027, 2, 20), 0.05),  # a year whose notice is not known
    ],
)
def test_holidays_set_nothing_off(first: date, last: date, share: float) -> None:
    def of(day: date) -> float:
        return usual(day) * (share if first <= day <= last else 1)

    for back in range(-5, 40):
        end = last + timedelta(days=back)
        known = {(day := end - timedelta(days=each)): round(of(day)) for each in range(120)}
        assert fall_of(known, end, RULES) is None, end


def test_what_is_quiet() -> None:
    assert is_quiet(date(2026, 2, 17), RULES)
    assert is_quiet(date(2026, 10, 10), RULES)  # a Saturday that is worked for the holiday
    assert is_quiet(date(2033, 10, 3), RULES)
    assert not is_quiet(YESTERDAY, RULES)
    assert clock.is_ordinary(YESTERDAY)
    assert not clock.is_ordinary(date(2026, 10, 1))


@given(
    st.dictionaries(
        st.integers(0, 75).map(lambda back: YESTERDAY - timedelta(days=back)),
        st.integers(0, 5_000_000),
    )
)
def test_days_outside_the_spans_are_not_needed(days: Mapping[date, int]) -> None:
    (first, last), _year = spans(YESTERDAY, RULES)
    inside = {day: wh for day, wh in days.items() if first <= day <= last}
    assert fall_of(days, YESTERDAY, RULES) == fall_of(inside, YESTERDAY, RULES)
