"""The shapes the demo carries, and the script that makes them."""

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from core.demo import build_shapes
from core.demo.build_shapes import CALIFORNIA, HOMES, hours_of
from tests.core.metering import feeds

SHIPPED = Path(build_shapes.__file__).with_name("shapes.npz")


def test_the_shipped_shapes_are_four_homes_of_a_year_and_small() -> None:
    homes = np.load(SHIPPED)["homes"]
    assert homes.shape == (4, 365, 24)
    assert homes.sum(axis=(1, 2)).tolist() == [4_425_297, 5_219_781, 12_397_269, 4_800_231]
    assert homes.min() > 0
    assert SHIPPED.stat().st_size < 100_000
    assert "EnergyOS.org" in SHIPPED.with_name("ATTRIBUTION.md").read_text("utf-8")


def hour(day: date, number: int) -> int:
    local = datetime(day.year, day.month, day.day, number, tzinfo=CALIFORNIA)
    return int(local.timestamp())


@pytest.mark.parametrize("folder_has_all", [True, False])
def test_a_build_needs_all_four_files(tmp_path: Path, folder_has_all: bool) -> None:
    for home in HOMES[: 4 if folder_has_all else 3]:
        feeds.write(
            tmp_path, feeds.quarter_hours(7, start=hour(date(2011, 1, 1), 0)), f"{home}_1.xml"
        )
    target = tmp_path / "shapes.npz"
    if not folder_has_all:
        with pytest.raises(SystemExit, match="There is no year file of Inland_Multi_Family"):
            build_shapes.build(tmp_path, target)
        return
    build_shapes.build(tmp_path, target)
    assert np.load(target)["homes"][:, 0, 0].tolist() == [7, 7, 7, 7]


def test_hours_are_local_and_time_changes_are_evened_out(tmp_path: Path) -> None:
    spring, autumn = date(2011, 3, 13), date(2011, 11, 6)
    starts = {hour(spring, 1): 100, hour(spring, 1) + 3600: 300, hour(autumn, 1): 40}
    starts[hour(autumn, 1) + 3600] = 60
    readings = [feeds.reading(start, wh, 3600) for start, wh in starts.items()]
    text = feeds.feed(
        feeds.usage_point(),
        feeds.meter_reading(),
        feeds.reading_type(intervalLength=3600),
        feeds.block(*readings),
    )
    hours = hours_of(feeds.write(tmp_path, text))
    in_spring, in_autumn = (
        hours[(spring - date(2011, 1, 1)).days],
        hours[(autumn - date(2011, 1, 1)).days],
    )
    assert in_spring[1:4].tolist() == [100, 100, 300]
    assert in_autumn[1] == 50
