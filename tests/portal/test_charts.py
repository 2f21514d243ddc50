"""The geometry of charts, in figures that can be checked by hand."""

import pytest

from portal import charts


def test_an_axis_has_few_round_gridlines_and_always_zero() -> None:
    scale = charts.axis(16_500, height=190, head=25, foot=25)
    assert [tick.value for tick in scale.ticks] == [0, 5000, 10_000, 15_000]
    assert scale.ticks[0].y == 165
    assert scale.y(16_500) == 25
    assert scale.length(16_500) == 140


@pytest.mark.parametrize(
    ("most", "values"),
    [
        (0, [0, 1]),
        (3, [0, 1, 2, 3]),
        (9, [0, 5]),
        (338_000, [0, 100_000, 200_000, 300_000]),
        (400_000, [0, 100_000, 200_000, 300_000, 400_000]),
        (1850, [0, 500, 1000, 1500]),
    ],
)
def test_gridlines_stand_at_round_numbers(most: int, values: list[int]) -> None:
    assert [tick.value for tick in charts.axis(most).ticks] == values


def test_stacked_bars_stand_on_each_other_with_a_pixel_between() -> None:
    scale = charts.axis(10, height=130, head=10, foot=20)  # 100 px for 10
    bars = charts.stacked([(4, 6), (0, 5)], scale, fill=0.5)
    assert bars == [
        charts.Bar(12.5, 25, 70, 40, 0, 0),
        charts.Bar(12.5, 25, 10, 59, 0, 1),
        charts.Bar(62.5, 25, 60, 50, 1, 1),
    ]


def test_compared_bars_keep_the_place_of_what_is_not_known() -> None:
    scale = charts.axis(10, height=130, head=10, foot=20)
    bars = charts.side_by_side([(None, 5), (10, 1)], scale, fill=0.5)
    assert [(bar.x, bar.y, bar.height, bar.series) for bar in bars] == [
        (25.0, 60, 50, 1),
        (62.5, 10, 100, 0),
        (75.0, 100, 10, 1),
    ]


def test_a_curve_breaks_where_nothing_is_known() -> None:
    assert charts.line([0, 10, None, 5, 5], 10) == "M0 100L25 0M75 50L100 50"
    assert (
        charts.area([0, 10, None, 5, 5], 10)
        == "M0 100L25 0L25 100L0 100ZM75 50L100 50L100 100L75 100Z"
    )
    assert charts.line([None, 5, None], 10) == "M25 50L75 50"
    assert charts.line([None, None], 10) == ""
    assert charts.line([5, 10], 10, start=0, end=30) == "M0 50L30 0"


def test_a_band_runs_along_the_upper_and_back_along_the_lower_curve() -> None:
    assert charts.band([0, 4], [0, 8], 8, start=50) == "M50 100L100 0L100 50L50 100Z"
    assert charts.band([], [], 8) == ""


def test_a_heat_map_has_a_row_for_a_month_and_a_place_for_each_day() -> None:
    rows = charts.heat_year([[0, None, 4], [1]])
    assert [[(cell.x, cell.y, cell.level) for cell in row] for row in rows] == [
        [(0, 0, 0), (3.23, 0, None), (6.45, 0, 4)],
        [(0, 21, 1)],
    ]
