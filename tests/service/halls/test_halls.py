"""Business halls: where they are, when they are open, and a file of the utility's own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.clock import BEIJING
from runtime.settings import SettingsError
from service.halls.models import Door, Hall
from service.halls.places import halls

HALL = """
- code: one
  name: {zh: 一号厅, en: Hall one}
  address: {zh: 灯火路 1 号, en: 1 Lamp Road}
  serves: [灯火路]
  latitude: 30.0
  longitude: 114.0
  phone: 0270-1234567
  hours:
    working: ["08:30-12:00", "13:30-17:30"]
    days_off: ["09:00-12:00"]
    special: {2027-02-17: []}
  services: [bills, meter]
- code: two
  name: {zh: 二号厅, en: Hall two}
  address: {zh: 远山路 2 号, en: 2 Far Road}
  latitude: 31.0
  longitude: 114.0
  hours: {working: ["08:30-17:30"], days_off: []}
  services: [self_service]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A utility's own file, named by the setting."""
    path = tmp_path / "halls.yaml"
    path.write_text(HALL, encoding="utf-8")
    monkeypatch.setenv("DENGHUO_HALLS_FILE", str(path))
    return path


def test_the_shipped_halls_are_read_and_open_at_their_hours() -> None:
    found = halls()
    assert [hall.code for hall in found] == [
        "wutong",
        "linjiang",
        "liuyin",
        "fangzhi",
        "beijiao",
        "chezhan",
    ]
    assert all(hall.phone is None for hall in found), "the hotline is a setting"
    for hall in found:
        assert hall.name.of("zh")
        assert hall.address.of("en")
        assert hall.services
        assert hall.opening().door in Door


def test_a_utility_brings_its_own(file: Path) -> None:
    one, two = halls()
    assert (one.name.of("en"), one.name.of("zh")) == ("Hall one", "一号厅")
    assert (one.phone, two.phone) == ("0270-1234567", None)
    assert (one.services, two.services) == (("bills", "meter"), ("self_service",))


@pytest.mark.parametrize(
    ("wall", "door", "closes", "opens"),
    [
        ("2026-11-20 08:29", Door.LATER, None, "2026-11-20 08:30"),
        ("2026-11-20 08:30", Door.OPEN, "2026-11-20 12:00", None),
        ("2026-11-20 11:59", Door.OPEN, "2026-11-20 12:00", None),
        ("2026-11-20 12:00", Door.LATER, None, "2026-11-20 13:30"),
        ("2026-11-20 17:30", Door.CLOSED, None, "2026-11-21 09:00"),
        ("2026-11-21 08:30", Door.LATER, None, "2026-11-21 09:00"),  # Saturday
        ("2026-11-21 09:00", Door.OPEN, "2026-11-21 12:00", None),
        ("2026-10-01 08:30", Door.LATER, None, "2026-10-01 09:00"),  # a public holiday
        ("2026-10-10 08:30", Door.OPEN, "2026-10-10 12:00", None),  # a Saturday moved to work
        ("2027-02-17 10:00", Door.CLOSED, None, "2027-02-18"),  # a day of its own
    ],
)
def test_hours_follow_the_civil_calendar(
    file: Path, wall: str, door: Door, closes: str | None, opens: str | None
) -> None:
    found = halls()[0].opening(instant(wall))
    assert found.door is door
    assert found.closes_at == (instant(closes) if closes else None)
    assert on_the_wall(found.opens_at).startswith(opens or "never")


def instant(wall: str) -> datetime:
    """A time on the wall in China, as an instant."""
    return datetime.fromisoformat(f"{wall}+08:00").astimezone(UTC)


def on_the_wall(when: datetime | None) -> str:
    return f"{when.astimezone(BEIJING):%Y-%m-%d %H:%M}" if when else "never"


def test_one_that_never_closes() -> None:
    (always,) = (hall for hall in halls() if hall.code == "chezhan")
    opening = always.opening(instant("2026-11-20 23:59"))
    assert (opening.door, opening.closes_at, opening.opens_at) == (Door.OPEN, None, None)
    assert [span.words for span in opening.today] == ["00:00–24:00"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("灯火路", ["one"]),
        ("我住灯火路 8 号", ["one"]),
        ("远山", ["two"]),
        ("二号厅", ["two"]),
        ("Lamp Road", ["one"]),
        ("别处", []),
        ("路", []),
        ("2", []),
        ("12", []),
    ],
)
def test_words_mean_a_hall_or_none(file: Path, said: str, found: list[str]) -> None:
    assert codes(halls(said)) == found


def codes(found: list[Hall]) -> list[str]:
    return [hall.code for hall in found]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("08:30-12:00", "8:30-12:00", "hours are written as 08:30-17:30"),
        ("08:30-12:00", "12:00-08:30", "hours end after they begin"),
        ("08:30-12:00", "08:30-14:00", "0.hours.working: hours of a day follow one another"),
        ("2027-02-17: []", '2027-02-17: ["09:00-12:00", "11:00-13:00"]', "follow one another"),
        ("code: two", "code: one", "each hall has a code of its own"),
        ("latitude: 31.0", "latitude: 131.0", "1.latitude"),
        ("meter]", "magic]", "0.services.1"),
        ("en: Hall two", "fr: Salle deux", "1.name.en"),
        ("longitude", "longitude_", "longitude"),
        ("- code: one", "code: one", "cannot be read"),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_a_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, fault: str
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(HALL.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setenv("DENGHUO_HALLS_FILE", str(bad))
    with pytest.raises(SettingsError) as refused:
        halls()
    assert str(refused.value).startswith("DENGHUO_HALLS_FILE: ")
    assert fault in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DENGHUO_HALLS_FILE", str(tmp_path / "none.yaml"))
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        halls()
