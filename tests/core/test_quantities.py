"""Wh become hundredths of a kWh, and none is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.billing.quantities import hundredths, kwh, thousandth_half_up

use = st.dictionaries(
    st.sampled_from(["sharp", "peak", "flat", "valley", "deep"]), st.integers(0, 10**9), min_size=1
)


@pytest.mark.parametrize(
    ("use_wh", "carried_wh", "billed"),
    [
        ({"total": 288_000}, 0, {"total": 28_800}),
        ({"total": 19}, 0, {"total": 1}),
        ({"total": 1}, 9, {"total": 1}),
        ({"peak": 15, "valley": 15}, 0, {"peak": 1, "valley": 2}),
        ({"peak": 0, "valley": 5}, 5, {"peak": 0, "valley": 1}),
        ({"peak": 4, "valley": 30}, -14, {"peak": 0, "valley": 2}),
    ],
)
def test_examples(use_wh: dict[str, int], carried_wh: int, billed: dict[str, int]) -> None:
    assert hundredths(use_wh, carried_wh) == billed


@given(st.lists(use, min_size=1, max_size=14))
def test_over_the_months_all_use_is_billed_but_less_than_a_hundredth(
    months: list[dict[str, int]],
) -> None:
    used = billed = 0
    for month in months:
        counts = hundredths(month, used - billed)
        used += sum(month.values())
        billed += sum(counts.values()) * 10
        assert 0 <= used - billed < 10


@given(use, st.integers(0, 9))
def test_each_period_is_billed_within_a_hundredth_of_its_use(
    use_wh: dict[str, int], carried_wh: int
) -> None:
    for period, count in hundredths(use_wh, carried_wh).items():
        assert -10 < count * 10 - use_wh[period] < 10 + carried_wh


@pytest.mark.parametrize(("count", "text"), [(0, "0.00"), (5, "0.05"), (12_345, "123.45")])
def test_a_count_as_kwh(count: int, text: str) -> None:
    assert kwh(count) == text


@pytest.mark.parametrize(
    ("units", "text"), [(0, "0.00"), (1234, "1.23"), (1235, "1.24"), (5, "0.01"), (4, "0.00")]
)
def test_watts_as_kilowatts(units: int, text: str) -> None:
    assert thousandth_half_up(units) == text
