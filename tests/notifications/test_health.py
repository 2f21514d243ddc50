"""How much a provider may take, and when it is left alone; all workers know the same."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from notifications import health
from notifications.models import Provider
from tests.notifications.senders import Sender, sending_by

NOON = datetime(2026, 12, 8, 4, 0, 10, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def _both(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DENGHUO_PROVIDER_RATE", "10")
    with sending_by(Sender("one"), Sender("two")):
        yield


def taken(session: Session, count: int = 50, *, urgent: bool = False) -> dict[str, int]:
    return dict(health.take(session, "sms", count, urgent=urgent).of)


def test_a_second_s_worth_is_shared_and_then_grows_again(
    session: Session, clock: time_machine.Traveller
) -> None:
    assert taken(session) == {"one": 10, "two": 10}
    assert taken(session) == {}
    clock.shift(timedelta(milliseconds=300))
    assert taken(session) == {"one": 3, "two": 3}
    clock.shift(timedelta(hours=1))
    assert taken(session) == {"one": 10, "two": 10}


def test_what_is_not_needed_is_given_back(session: Session, clock: time_machine.Traveller) -> None:
    taken(session)
    health.give_back(session, {"one": 4, "two": 0})
    assert taken(session) == {"one": 4}


def test_somebody_who_waits_takes_of_the_next_seconds(
    session: Session, clock: time_machine.Traveller
) -> None:
    taken(session)
    assert sum(taken(session, 1, urgent=True).values()) == 1
    clock.shift(timedelta(milliseconds=100))
    assert sum(taken(session).values()) == 1


def test_after_failures_in_a_row_a_provider_is_left_alone(
    session: Session, clock: time_machine.Traveller
) -> None:
    health.note_handed(session, "one", [True, *[False] * 4])
    assert "one" in taken(session, 2)
    health.note_handed(session, "one", [False])
    clock.shift(timedelta(seconds=29))
    assert taken(session) == {"two": 10}


def test_then_one_message_is_tried_by_one_worker(
    session: Session, clock: time_machine.Traveller
) -> None:
    health.note_handed(session, "one", [False] * 5)
    clock.shift(timedelta(seconds=30))
    assert taken(session)["one"] == 1
    clock.shift(timedelta(seconds=10))
    assert "one" not in taken(session)
    health.note_handed(session, "one", [False])
    clock.shift(timedelta(seconds=29))
    assert "one" not in taken(session)
    clock.shift(timedelta(seconds=1))
    assert taken(session)["one"] == 1
    health.note_handed(session, "one", [True])
    clock.shift(timedelta(seconds=1))
    assert taken(session)["one"] > 1


def test_a_probe_whose_worker_died_is_tried_again(
    session: Session, clock: time_machine.Traveller
) -> None:
    health.note_handed(session, "one", [False] * 5)
    clock.shift(timedelta(seconds=30))
    assert taken(session)["one"] == 1
    clock.shift(timedelta(seconds=61))
    assert taken(session)["one"] == 1


def test_most_of_a_minute_failing_opens_it_too(
    session: Session, clock: time_machine.Traveller
) -> None:
    health.note_handed(session, "one", [False, False, True] * 7)
    assert session.get_one(Provider, "one").open_until == NOON + timedelta(seconds=30)


def test_what_is_switched_off_takes_nothing(
    session: Session, clock: time_machine.Traveller
) -> None:
    taken(session, 1)
    health.switch(session, "one", off=True)
    assert taken(session, 1, urgent=True) == {"two": 1}
    health.switch(session, "one", off=False)
    clock.shift(timedelta(seconds=1))
    assert taken(session) == {"one": 10, "two": 10}


def test_with_nobody_left_it_says_when_to_ask_again(
    session: Session, clock: time_machine.Traveller
) -> None:
    for name in ("one", "two"):
        health.note_handed(session, name, [False] * 5)
    clock.shift(timedelta(seconds=12))
    room = health.take(session, "sms", 50)
    assert (room.total, room.again_in) == (0, timedelta(seconds=18))


def test_the_one_that_fails_more_gets_less(session: Session, clock: time_machine.Traveller) -> None:
    health.note_handed(session, "one", [*[False, True] * 8, True, True, True])
    health.note_handed(session, "two", [True] * 19)
    told = taken(session, 10)
    assert told["one"] < told["two"]


def test_what_was_long_ago_counts_no_more(session: Session, clock: time_machine.Traveller) -> None:
    health.note_handed(session, "one", [*[False] * 4, True])
    clock.shift(timedelta(minutes=11))
    assert taken(session, 10) == {"one": 5, "two": 5}
