"""Places on the earth: read as people give them, refused where nobody can be."""

from collections.abc import Iterator

import pytest

from service.requests import configured
from service.requests.fields import FieldRefused, clean
from service.requests.kinds import kind
from service.requests.points import Point

FIELD = kind("outage_repair").field("point")


@pytest.fixture
def supplied(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The utility supplies one town."""
    monkeypatch.setenv("DENGHUO_SERVICE_AREA", "30.9,112.8,31.3,113.4")
    configured.request_settings.cache_clear()
    yield
    configured.request_settings.cache_clear()


@pytest.mark.parametrize(
    "typed",
    [
        "31.0912,113.0826",
        "31.0912, 113.0826",
        "  31.0912 113.0826 ",
        "113.0826，31.0912",
        "３１.0912，１１３.0826",
        "N31.0912 E113.0826",
        "31.0912°N, 113.0826°E",
        "geo:31.0912,113.0826",
        "31.0912000000001,113.0826",
        "31.0912、113.0826",
    ],
)
def test_a_place_is_read_however_it_is_written(typed: str) -> None:
    assert clean(FIELD, typed) == "31.091200,113.082600"


@pytest.mark.parametrize(
    "typed",
    [
        "here",
        "31.0912",
        "31.0912,113.0826,5",
        "0,0",
        "51.5,0.12",
        "-31.0912,113.0826",
        "131.0912,213.0826",
        "31.0912,31.0912",
        "113.0826,113.0826",
        "nan,nan",
        "1e1,1e2",
        "31.0912113.0826",
        "99999999999,1",
        "31.0912,113.0826; rm -rf",
        "31.0912,113.0826\u202e" * 2,
    ],
)
def test_what_is_no_place_in_china_is_refused(typed: str) -> None:
    with pytest.raises(FieldRefused) as refused:
        clean(FIELD, typed)
    assert refused.value.params["problem"] == "point"


def test_only_where_the_utility_supplies(supplied: None) -> None:
    assert clean(FIELD, "31.0912,113.0826") == "31.091200,113.082600"
    with pytest.raises(FieldRefused) as refused:
        clean(FIELD, "39.9042,116.4074")
    assert refused.value.params["problem"] == "elsewhere"


def test_it_may_be_left_out() -> None:
    assert clean(FIELD, " ") == ""


def test_six_decimals_name_it() -> None:
    assert str(Point(31.09, 113.08260049)) == "31.090000,113.082600"
