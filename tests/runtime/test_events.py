"""Listeners run in the publisher's transaction."""

from dataclasses import dataclass

import pytest
from sqlalchemy.orm import Session

from runtime.database import Database
from runtime.events import publish, subscribe, subscribed, unsubscribe
from runtime.jobs import count_jobs, defer, jobs


@dataclass(frozen=True)
class Happened:
    number: int


@dataclass(frozen=True)
class HappenedElsewhere(Happened):
    pass


@jobs.task(name="test.heard", queue="test")
def heard(number: int) -> None:
    """Nothing."""


def test_listeners_hear_their_type_in_order_and_once() -> None:
    calls: list[tuple[str, int]] = []

    def first(session: Session, event: Happened) -> None:
        calls.append(("first", event.number))

    def second(session: Session, event: Happened) -> None:
        calls.append(("second", event.number))

    subscribe(Happened, first)
    with subscribed(Happened, second):
        subscribe(Happened, first)
        publish(Session(), Happened(1))
        publish(Session(), HappenedElsewhere(2))
    publish(Session(), Happened(3))
    unsubscribe(Happened, first)
    unsubscribe(Happened, first)
    publish(Session(), Happened(4))
    assert calls == [("first", 1), ("second", 1), ("first", 3)]


def test_what_a_listener_defers_stands_or_falls_with_the_change(database: Database) -> None:
    def listener(session: Session, event: Happened) -> None:
        defer(session, heard, number=event.number)
        if event.number == 2:
            raise ZeroDivisionError

    def change(number: int) -> None:
        with database.unit_of_work() as session:
            publish(session, Happened(number))

    with subscribed(Happened, listener):
        change(1)
        with pytest.raises(ZeroDivisionError):
            change(2)
    with database.unit_of_work() as session:
        assert count_jobs(session) == {"todo": 1}
