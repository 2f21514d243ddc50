"""The ladder is data: its days, and what it may never become."""

from datetime import date, timedelta
from importlib.resources import files

import msgspec
import pytest

from notifications.arrears.ladder import Ladder, Rung, falling, ladder, read

WORDS = files("notifications.arrears").joinpath("ladder.yaml").read_text(encoding="utf-8")
HIGHER = (("low", "middle"), ("middle", "high"), ("low", "high"))


def _late(known: Ladder, name: str, band: str) -> list[tuple[str, int, tuple[str, ...]]]:
    rungs = known.classes[name].rungs_of(band)
    return [(rung.kind, rung.days, rung.who) for rung in rungs if rung.days >= 0]


@pytest.mark.parametrize(("lower", "higher"), HIGHER)
@pytest.mark.parametrize("name", ["residential", "small", "enterprise"])
def test_a_higher_risk_is_never_told_anything_firmer_or_more(
    name: str, lower: str, higher: str
) -> None:
    known = ladder()
    assert _late(known, name, higher) == _late(known, name, lower)
    first = [min(r.days for r in known.classes[name].rungs_of(b)) for b in (lower, higher)]
    assert first[1] <= first[0]


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("days: 3, working_day: next", "days: 3, bands: [high], working_day: next", "all bands"),
        ("{kind: arrears.due, days: 0, ", "{kind: arrears.due, days: 1, ", "wrong side"),
        ("days: 31", "days: 30", "too early"),
        ("arrears.late_7, days: 7", "arrears.late_7, days: 2", "later and firmer"),
        ("kind: arrears.late_15", "kind: arrears.helper", "no kind of a rung"),
        ("who: [payers, helpers]", "who: [helpers]", "those who pay"),
        ("hour: 10", "hour: 22", "<= 20"),
        ("catch_up_days", "catchup_days", "catch"),
        ("formal_within_days: 365", "formal_within_days: 60", ">= 120"),
    ],
)
def test_a_ladder_that_breaks_a_promise_does_not_load(was: str, becomes: str, why: str) -> None:
    assert was in WORDS
    with pytest.raises(msgspec.ValidationError, match=why):
        read(WORDS.replace(was, becomes).encode())


def _days(day: date, name: str, since: date | None = None) -> list[tuple[str, date]]:
    found = falling(ladder(), day, since)
    return [(step.rung.kind, step.due) for step in found if step.class_name == name]


def test_a_late_rung_waits_for_the_end_of_the_spring_festival() -> None:
    """15 to 23 February 2026 are days off: what falls on them goes on the 24th."""
    rung = Rung(kind="arrears.late_3", days=3, hour=10, least_fen=1, working_day="next")
    assert rung.day(date(2026, 2, 11)) == date(2026, 2, 14)  # a Saturday on which offices work
    assert {rung.day(date(2026, 2, day)) for day in range(12, 22)} == {date(2026, 2, 24)}
    assert [due for kind, due in _days(date(2026, 2, 20), "residential") if "late" in kind] == []
    fell = [due for kind, due in _days(date(2026, 2, 24), "residential") if kind == rung.kind]
    assert fell == [date(2026, 2, day) for day in range(12, 22)]


def test_a_firm_is_reminded_before_the_festival_of_a_bill_that_is_due_after_it() -> None:
    rung = Rung(kind="arrears.before", days=-5, hour=10, least_fen=1, working_day="previous")
    assert rung.day(date(2026, 2, 25)) == date(2026, 2, 14)


@pytest.mark.parametrize(
    ("due", "day"),
    [
        (date(2026, 1, 31), date(2026, 3, 3)),
        (date(2024, 1, 31), date(2024, 3, 4)),  # 2 March of a leap year is a Saturday
        (date(2026, 11, 30), date(2026, 12, 31)),
    ],
)
def test_a_formal_notice_is_counted_in_days_across_the_ends_of_months(due: date, day: date) -> None:
    rung = ladder().classes["residential"].rungs[-1]
    assert (rung.kind, rung.day(due)) == ("arrears.formal", day)
    assert (day - due).days > ladder().formal_after_days


def test_what_was_missed_is_of_use_only_while_it_is_true() -> None:
    """Of five days nothing is told of a due day that is over, and of one to come it is."""
    day = date(2026, 12, 10)
    found = _days(day, "residential", day - timedelta(days=5))
    assert ("arrears.due", day) in found
    assert ("arrears.due", day - timedelta(days=1)) not in found
    assert ("arrears.before", day + timedelta(days=1)) in found
    assert ("arrears.before", day) not in found


@pytest.mark.parametrize(
    ("kind", "tariff", "name"),
    [
        ("residential", "zj-residential", "residential"),
        ("commercial", "demo-commercial-tou", "small"),
        ("agriculture", "demo-agri-flat", "small"),
        ("industrial", "demo-commercial-tou", "enterprise"),
        ("commercial", "demo-industrial-2part-demand", "enterprise"),
        ("something new", "demo-commercial-tou", "small"),
    ],
)
def test_the_class_follows_from_the_account_and_the_tariff(
    kind: str, tariff: str, name: str
) -> None:
    assert ladder().name_of(kind, tariff) == name
