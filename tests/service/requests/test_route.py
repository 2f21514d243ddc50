"""The order of a day's jobs: what presses, the shortest way on, and who has no place."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.requests.route import EARTH_METRES, Place, Stop, distance, order, presses

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
DEPOT = Place(30.5, 114.3)
LATER = NOW + timedelta(days=2)


def stop(name: str, east: float | None, **more: object) -> Stop:
    """A stop so many thousandths of a degree east of the depot (95.8 m each)."""
    place = None if east is None else Place(30.5, 114.3 + east / 1000)
    return Stop(name, place, **{"due_at": LATER, **more})  # type: ignore[arg-type]


def names(stops: list[Stop], start: Place | None = DEPOT) -> str:
    return " ".join(leg.stop.request_no for leg in order(stops, start, NOW))


def test_a_degree_of_the_meridian() -> None:
    assert distance(Place(30, 114), Place(31, 114)) == pytest.approx(111_195.08, abs=0.01)
    assert distance(DEPOT, DEPOT) == 0
    assert distance(Place(0, 0), Place(0, 180)) == pytest.approx(EARTH_METRES * 3.141592653589793)


def test_always_the_nearest_next() -> None:
    assert names([stop("far", 9), stop("near", 1), stop("behind", -2), stop("on", 3)]) == (
        "near on behind far"
    )


def test_the_way_to_each() -> None:
    legs = order([stop("b", 3), stop("a", 1), stop("nowhere", None)], DEPOT, NOW)
    assert [leg.metres and round(leg.metres) for leg in legs] == [96, 192, None]


def test_who_has_no_place_comes_last_by_the_clock() -> None:
    late = NOW + timedelta(days=9)
    jobs = [stop("x", None, due_at=late), stop("y", None), stop("far", 50)]
    assert names(jobs) == "far y x"
    assert names(jobs, None) == "far y x"


def test_without_a_beginning_the_first_is_the_most_pressing() -> None:
    jobs = [stop("b", 1), stop("a", 5, due_at=NOW + timedelta(hours=5)), stop("c", 4)]
    assert names(jobs, None) == "a c b"


def test_what_presses_goes_first_however_far() -> None:
    jobs = [
        stop("near", 1),
        stop("urgent", 40, urgent=True),
        stop("late", 80, due_at=NOW - timedelta(minutes=1)),
        stop("waits", 60, visit=(NOW, NOW + timedelta(hours=2))),
    ]
    assert names(jobs) == "urgent waits late near"


def test_what_is_begun_is_finished_first() -> None:
    assert names([stop("urgent", 1, urgent=True), stop("begun", 9, begun=True)]) == "begun urgent"


def test_an_arranged_window_is_kept_for_its_time() -> None:
    afternoon = (NOW + timedelta(hours=4), NOW + timedelta(hours=7))
    tomorrow = (NOW + timedelta(days=1), NOW + timedelta(days=1, hours=3))
    jobs = [stop("tomorrow", 1, visit=tomorrow), stop("pm", 2, visit=afternoon), stop("free", 30)]
    assert names(jobs) == "free pm tomorrow"
    assert not presses(jobs[1], NOW)


def test_two_hours_before_its_deadline_a_job_presses() -> None:
    assert presses(stop("a", 1, due_at=NOW + timedelta(hours=2)), NOW)
    assert not presses(stop("a", 1, due_at=NOW + timedelta(hours=2, seconds=1)), NOW)
    assert not presses(stop("a", 1, due_at=None), NOW)


@pytest.mark.parametrize("text", ["", None, "30", "30,x", "30,114,5", "91,0", "0,181", "nan,0"])
def test_what_is_no_place(text: str | None) -> None:
    assert Place.read(text) is None


def test_a_place_is_written_as_it_is_read() -> None:
    assert str(Place.read("30.5928,114.3055")) == "30.592800,114.305500"


places = st.none() | st.builds(
    Place, st.floats(18, 53, allow_nan=False), st.floats(74, 134, allow_nan=False)
)


@given(st.lists(places, max_size=12), places)
def test_everybody_is_visited_once(spots: list[Place | None], start: Place | None) -> None:
    jobs = [Stop(str(at), spot, LATER) for at, spot in enumerate(spots)]
    legs = order(jobs, start, NOW)
    assert sorted(leg.stop.request_no for leg in legs) == sorted(each.request_no for each in jobs)
    known = [leg.stop.place is not None for leg in legs]
    assert known == sorted(known, reverse=True)
