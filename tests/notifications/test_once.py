"""Whoever dies on the way and whatever answer is lost: a message is sent once, or says why not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from notifications import dispatching, outbox, resolving, sweeping
from notifications.channels.base import Busy, Found, Parcel, Refused, Unclear
from notifications.models import Message
from runtime.database import Database
from tests.notifications.senders import Sender, sending_by

NOON = datetime(2026, 12, 8, 4, tzinfo=UTC)
PHONE = "13800002046"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


def put(database: Database, count: int = 1, **more: object) -> list[int]:
    with database.unit_of_work() as session:
        params = {"code": "482016", "minutes": "5"}
        return [
            outbox.put(session, "sms", PHONE, "code_sign_in_zh", params, **more)  # type: ignore[arg-type]
            for _ in range(count)
        ]


def state(database: Database) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(select(Message.state, Message.failure).order_by(Message.id))
        return [(row.state, row.failure) for row in rows]


def die_after_sending(database: Database) -> None:
    """What a worker leaves that is killed between the answer and its writing down."""
    with database.unit_of_work() as session:
        session.execute(update(Message).values(state="sending", sent_at=None, provider_no=None))


def later(clock: time_machine.Traveller, **much: float) -> None:
    clock.shift(timedelta(**much))
    sweeping.sweep(0)
    resolving.resolve()


def test_a_worker_that_dies_after_sending_sends_no_second(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    put(database)
    dispatching.dispatch("sms", 0)
    die_after_sending(database)
    dispatching.dispatch("sms", 0)
    later(clock, seconds=170)
    assert state(database) == [("sending", None)]
    later(clock, seconds=11)
    dispatching.dispatch("sms", 0)
    assert state(database) == [("sent", None)]
    assert len(sender.taken) == 1


def test_a_worker_that_dies_before_sending_has_sent_nothing(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    [number] = put(database)
    with database.unit_of_work() as session:
        claimed = {"state": "sending", "claimed_at": NOON, "provider": "one"}
        session.execute(update(Message).values(**claimed))
    later(clock, seconds=181)
    assert state(database) == [("waiting", None)]
    dispatching.send(number)
    assert state(database) == [("sent", None)]
    assert len(sender.taken) == 1


def test_a_lost_answer_is_asked_after_and_not_sent_again(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    put(database)
    sender.lost = Unclear("no_answer")
    dispatching.dispatch("sms", 0)
    assert state(database) == [("unclear", "no_answer")]
    later(clock, seconds=59)
    assert sender.asked == []
    later(clock, seconds=1)
    assert state(database) == [("sent", None)]
    assert len(sender.taken) == len(sender.asked) == 1


def test_what_was_not_taken_is_sent_again(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    put(database)
    sender.fault = Unclear("no_answer")
    dispatching.dispatch("sms", 0)
    sender.fault = None
    later(clock, seconds=60)
    assert state(database) == [("waiting", "no_answer")]
    dispatching.dispatch("sms", 0)
    assert state(database) == [("sent", None)]
    assert len(sender.taken) == 1


def test_a_provider_that_knows_our_reference_is_given_it_again(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    sender.is_idempotent = True  # type: ignore[misc]
    put(database)
    sender.lost = Unclear("no_answer")
    dispatching.dispatch("sms", 0)
    sender.lost = None
    later(clock, seconds=2)
    assert state(database) == [("sent", None)]
    assert sender.asked == []
    assert len(sender.taken) == 1


def test_one_that_forgets_in_time_is_not_given_it_again(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    sender.is_idempotent, sender.remembers = True, timedelta(minutes=10)  # type: ignore[misc]
    put(database)
    sender.lost = Unclear("no_answer")
    dispatching.dispatch("sms", 0)
    later(clock, minutes=5)
    assert len(sender.asked) == 1
    assert len(sender.taken) == 1


def test_what_nobody_can_say_is_a_dead_letter_after_hours(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    def cannot_say(_parcel: Parcel) -> Found | None:
        raise Busy("too_early")

    put(database)
    sender.lost, sender.says = Unclear("no_answer"), cannot_say
    dispatching.dispatch("sms", 0)
    for _hour in range(4):
        later(clock, hours=1)
        assert state(database) == [("unclear", "no_answer")]
    later(clock, hours=1)
    assert state(database) == [("failed", "unclear")]
    assert len(sender.taken) == 1


def test_an_answer_that_comes_late_is_heard(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    """The sweep gave it up for unclear while its worker still lived."""
    put(database)

    def swept(_parcel: Parcel) -> str:
        with database.unit_of_work() as session:
            session.execute(update(Message).values(state="unclear"))
        return "no-1"

    sender.send = swept  # type: ignore[method-assign]
    dispatching.dispatch("sms", 0)
    assert state(database) == [("sent", None)]


def test_one_that_is_busy_takes_nothing_and_another_does_at_once(
    database: Database, clock: time_machine.Traveller
) -> None:
    one, two = Sender("one"), Sender("two")
    one.fault = two.fault = Busy("throttled")
    with sending_by(one, two):
        put(database)
        dispatching.dispatch("sms", 0)
        with database.reading() as session:
            [first] = session.scalars(select(Message))
        one.fault = two.fault = None
        dispatching.dispatch("sms", 0)
    assert (first.state, first.not_before) == ("waiting", NOON)
    taken_by = {each.name for each in (one, two) if each.taken}
    assert taken_by == {"one", "two"} - {first.provider}


def test_an_hour_without_a_provider_loses_nothing(
    database: Database, sender: Sender, clock: time_machine.Traveller
) -> None:
    """What somebody waits for goes first then, then the oldest; what is of no more use, never."""
    sender.fault = Busy("not_reached")
    old = put(database, 3)
    [brief] = put(database, expires_at=NOON + timedelta(minutes=30))
    for _minute in range(60):
        clock.shift(timedelta(minutes=1))
        dispatching.dispatch("sms", 0)
    [urgent] = put(database, priority=0)
    sender.fault = None
    for _minute in range(10):
        clock.shift(timedelta(minutes=1))
        dispatching.dispatch("sms", 0)
    with database.reading() as session:
        by_reference = {each.reference: each for each in session.scalars(select(Message))}
    order = [by_reference[each.reference].id for each in sender.taken]
    assert order[0] == urgent
    assert sorted(order[1:]) == old
    assert {each.id: each.state for each in by_reference.values()}[brief] == "expired"


def test_a_refusal_is_final_and_says_why(database: Database, sender: Sender) -> None:
    put(database)
    sender.fault = Refused("isv.MOBILE_NUMBER_ILLEGAL")
    dispatching.dispatch("sms", 0)
    assert state(database) == [("failed", "isv.MOBILE_NUMBER_ILLEGAL")]


def test_a_provider_that_breaks_in_an_unknown_way_may_have_taken_it(
    database: Database, sender: Sender
) -> None:
    put(database)

    def break_(_parcel: Parcel) -> str:
        raise KeyError("message_id")

    sender.send = break_  # type: ignore[method-assign]
    dispatching.dispatch("sms", 0)
    assert state(database) == [("unclear", "KeyError")]
