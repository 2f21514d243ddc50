"""Promises are watched: a warning before, an escalation after, each said once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from runtime import events
from runtime.database import Database
from service.events import RequestDueSoon, RequestLate
from service.requests import clocks, moving, sweeping
from service.requests.models import Request, RequestEvent
from tests.service.requests.conftest import NOW, Customer, ask

ASKED = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)


@pytest.fixture
def clock_at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def told() -> Iterator[list[tuple[str, str]]]:
    heard: list[tuple[str, str]] = []
    with (
        events.subscribed(
            RequestDueSoon, lambda _s, event: heard.append(("soon", event.request_no))
        ),
        events.subscribed(RequestLate, lambda _s, event: heard.append(("late", event.request_no))),
    ):
        yield heard


def test_a_promise_is_warned_of_and_escalated_once(
    database: Database,
    customer: Customer,
    clock_at: time_machine.Traveller,
    told: list[tuple[str, str]],
) -> None:
    number = ask(database, customer).request_no
    for minutes, count in ((29, 0), (30, 1), (31, 0), (45, 1), (46, 0)):
        clock_at.move_to(ASKED + timedelta(minutes=minutes))
        assert clocks.watch(database) == count
    assert told == [("soon", number), ("late", number)]
    with database.unit_of_work() as session:
        request = session.scalars(select(Request)).one()
        assert (request.urgent, request.late_at) == (True, ASKED + timedelta(minutes=45))
        written = session.execute(
            select(RequestEvent.code, RequestEvent.who).order_by(RequestEvent.id)
        )
        assert [tuple(each) for each in written] == [
            ("opened", "customer"),
            ("warned", "clock"),
            ("late", "clock"),
        ]


def test_each_step_has_its_own_warning(
    database: Database,
    customer: Customer,
    clock_at: time_machine.Traveller,
    told: list[tuple[str, str]],
) -> None:
    number = ask(database, customer).request_no
    clock_at.move_to(ASKED + timedelta(minutes=50))
    clocks.watch(database)
    with database.unit_of_work() as session:
        request = moving.locked(session, number)
        moving.follow_core(session, request, "in_progress", ASKED + timedelta(minutes=50))
    clock_at.move_to(ASKED + timedelta(minutes=50 + 165))
    clocks.watch(database)
    assert told == [("late", number), ("soon", number)]


def test_nothing_is_due_while_the_clock_stands_or_all_is_over(
    database: Database,
    customer: Customer,
    clock_at: time_machine.Traveller,
    told: list[tuple[str, str]],
) -> None:
    ask(database, customer)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, "BX2612110001")
    clock_at.move_to(ASKED + timedelta(days=9))
    assert clocks.watch(database) == 0
    assert told == []


def test_many_are_looked_at_in_parts(
    database: Database,
    customer: Customer,
    clock_at: time_machine.Traveller,
    told: list[tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    for each in range(5):
        ask(database, customer, key=f"form-{each}")
    clock_at.move_to(ASKED + timedelta(hours=1))
    assert clocks.watch(database) == 5
    assert len(told) == 5
