"""Quarter-hours and periods: which is which, and meter-days summed."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rating import load_tariffs, period_index
from rating.intervals import period_wh
from tests.rating.test_tariff_files import TARIFF, folder


def hours(tariff: str, day: date) -> list[tuple[str, str]]:
    """Where a period begins, as ("08:00", "peak")."""
    labels = period_index(load_tariffs().find(tariff, day), day, "working")
    assert len(labels) == 96
    changes = [n for n in range(96) if n == 0 or labels[n] != labels[n - 1]]
    return [(f"{n // 4:02}:{n % 4 * 15:02}", labels[n]) for n in changes]


@pytest.mark.parametrize(
    ("tariff", "expected"),
    [
        ("sh-residential-tou", "00:00 valley 06:00 peak 22:00 valley"),
        ("zj-residential-tou", "00:00 valley 08:00 peak 22:00 valley"),
        (
            "gd-residential-tou",
            "00:00 valley 08:00 flat 10:00 peak 12:00 flat 14:00 peak 19:00 flat",
        ),
        (
            "demo-commercial-tou",
            "00:00 valley 07:00 flat 08:00 peak 11:00 flat 17:00 peak 22:00 flat 23:00 valley",
        ),
        ("zj-residential", "00:00 total"),
    ],
)
def test_hours(tariff: str, expected: str) -> None:
    words = expected.split()
    assert hours(tariff, date(2025, 7, 1)) == list(zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize("charge", ["demand", "capacity"])
@pytest.mark.parametrize("month", range(1, 13))
def test_sharp_hours_in_the_hardest_months_only(charge: str, month: int) -> None:
    evening = [("17:00", "peak"), ("22:00", "flat"), ("23:00", "valley")]
    if month in (1, 7, 8, 12):
        evening[1:1] = [("18:00", "sharp"), ("20:00", "peak")]
    morning = [("00:00", "valley"), ("07:00", "flat"), ("08:00", "peak"), ("11:00", "deep")]
    tariff = f"demo-industrial-2part-{charge}"
    assert hours(tariff, date(2025, month, 9)) == [*morning, ("15:00", "flat"), *evening]


def test_rest_days_may_have_hours_of_their_own(tmp_path: Path) -> None:
    working = '- {peak: ["08:00-22:00"], valley: ["22:00-08:00"]}'
    rest = '- {days: rest, valley: ["00:00-24:00"]}'
    text = TARIFF.replace(working, f"{working.replace('{', '{days: working, ')}\n      {rest}")
    version = load_tariffs(folder(tmp_path, text)).find("village-tou", "2024-05")
    day = date(2024, 5, 1)
    assert set(period_index(version, day, "rest")) == {"valley"}
    assert set(period_index(version, day, "working")) == {"peak", "valley"}
    wh = np.full((2, 96), 10, np.int32)
    assert period_wh(version, [(day, "rest"), (day, "working")], wh) == {
        "peak": 560,
        "flat": 0,
        "valley": 1360,
    }


def test_meter_days_are_summed_by_period() -> None:
    version = load_tariffs().find("demo-industrial-2part-demand", "2025-06")
    wh = np.arange(2 * 96, dtype=np.int32).reshape(2, 96)
    days = [(date(2025, 6, 30), "working"), (date(2025, 7, 1), "rest")]
    sums = period_wh(version, days, wh)  # type: ignore[arg-type]
    assert sums["sharp"] == sum(range(96 + 72, 96 + 80))  # 18:00-20:00 on 1 July only
    assert sums["deep"] == sum(range(44, 60)) + sum(range(140, 156))
    assert sum(sums.values()) == sum(range(192))


def test_one_register_takes_all_and_does_not_overflow() -> None:
    version = load_tariffs().find("zj-residential", "2025-06")
    wh = np.full((30, 96), 2**31 - 1, np.int32)
    days = [(date(2025, 6, day), "working") for day in range(1, 31)]
    assert period_wh(version, days, wh) == {"total": 30 * 96 * (2**31 - 1)}  # type: ignore[arg-type]


def test_no_days_no_energy() -> None:
    version = load_tariffs().find("zj-residential-tou", "2025-06")
    assert period_wh(version, [], np.zeros((0, 96), np.int32)) == {"peak": 0, "valley": 0}


@pytest.mark.parametrize("wh", [np.zeros((1, 24), np.int32), np.zeros((1, 96)), np.zeros(96, int)])
def test_arrays_that_do_not_fit_are_refused(wh: np.ndarray) -> None:
    version = load_tariffs().find("zj-residential", "2025-06")
    with pytest.raises(ValueError, match="1 days need an integer array of 1 x 96"):
        period_wh(version, [(date(2025, 6, 1), "working")], wh)
