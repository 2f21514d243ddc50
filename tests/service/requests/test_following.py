"""How a request moves: by its customer, by the core's feed; and what its timeline says of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, NotFound
from service.events import RequestMoved
from service.requests import moving, reading
from service.requests.models import Request
from service.sync import run
from service.sync.files import NightlyFiles
from service.sync.sources import CoreFeed
from tests.service.core_double import CoreDouble
from tests.service.requests.conftest import Customer, ask, move_in
from tests.service.test_sync_files import drop

pytestmark = pytest.mark.usefixtures("december")

ASKED = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)
NUMBER = "BX2612110001"


@pytest.fixture
def moved() -> Iterator[list[tuple[str, str, str | None, str]]]:
    told: list[tuple[str, str, str | None, str]] = []

    def note(_session: object, event: RequestMoved) -> None:
        told.append((event.was, event.state, event.step, event.who))

    with events.subscribed(RequestMoved, note):
        yield told


def tell(core: CoreDouble, status: str, minutes: int = 0, **order: object) -> None:
    """A change of the order of `NUMBER`, so many minutes after it was asked for."""
    at = (ASKED + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    data = {
        "service_order_no": "S000000000001",
        "account_no": None,
        "kind": "outage_report",
        "status": status,
        "details": {"request_no": NUMBER, "phone": "13800138000"},
        "created_at": "2026-12-11T02:00:00Z",
        "updated_at": at,
    }
    core.add("service_order", data | order)


def state_of(database: Database) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        request = session.scalars(select(Request)).one()
        return request.state, request.core_order_no


def steps_of(database: Database) -> list[tuple[str, str, bool | None]]:
    with database.unit_of_work() as session:
        request = session.scalars(select(Request)).one()
        return [(each.step.name, each.state, each.kept) for each in reading.timeline(request)]


def test_the_feed_brings_a_request_to_its_end(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed, moved: list[object]
) -> None:
    ask(database, customer)
    for status, minutes in (("received", 0), ("accepted", 5)):
        tell(core, status, minutes)
        run.run(database, feed)
    assert state_of(database) == ("accepted", "S000000000001")
    assert steps_of(database) == [
        ("received", "done", None),
        ("crew_sent", "done", None),
        ("arrived", "now", None),
        ("restored", "ahead", None),
    ]
    for status, minutes in (("in_progress", 50), ("done", 100)):
        tell(core, status, minutes)
        run.run(database, feed)
    assert state_of(database)[0] == "done"
    assert steps_of(database)[2:] == [("arrived", "done", False), ("restored", "done", True)]
    assert moved == [
        ("received", "accepted", "crew_sent", "core"),
        ("accepted", "in_progress", "arrived", "core"),
        ("in_progress", "done", "restored", "core"),
    ]


def test_steps_that_came_in_one_batch_were_reached_with_the_last(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed, moved: list[object]
) -> None:
    ask(database, customer)
    for status, minutes in (("received", 0), ("accepted", 5), ("in_progress", 30)):
        tell(core, status, minutes)
    run.run(database, feed)
    assert moved == [("received", "in_progress", "arrived", "core")]
    with database.unit_of_work() as session:
        request = session.scalars(select(Request)).one()
        reached = [each.at for each in reading.timeline(request)]
    half_past = ASKED + timedelta(minutes=30)
    assert reached == [ASKED, half_past, half_past, None]


def test_what_comes_twice_or_late_changes_nothing(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed, moved: list[object]
) -> None:
    ask(database, customer)
    tell(core, "accepted", 5)
    tell(core, "in_progress", 30)
    run.run(database, feed)
    core.changes.reverse()
    with database.unit_of_work() as session:
        session.execute(text("UPDATE sync_cursor SET position = ''"))
    for source in (feed, feed):
        run.run(database, source)
    assert state_of(database)[0] == "in_progress"
    assert len(moved) == 1


def test_orders_of_others_are_passed_over(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed
) -> None:
    ask(database, customer)
    tell(core, "done", service_order_no="S000000000002", details={})
    tell(core, "done", service_order_no="S000000000003", details={"request_no": "BX2612119999"})
    outcome = run.run(database, feed)
    assert (outcome.poisoned, outcome.rows) == (0, 2)
    assert state_of(database) == ("received", None)


def test_an_order_that_cannot_be_read_is_set_aside(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed
) -> None:
    ask(database, customer)
    tell(core, "vanished")
    tell(core, "accepted", details=["x"])
    tell(core, "accepted", 5)
    outcome = run.run(database, feed)
    assert (outcome.poisoned, state_of(database)[0]) == (2, "accepted")


def test_taken_back_by_the_customer(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed, moved: list[object]
) -> None:
    ask(database, customer)
    for _ in range(2):
        with database.unit_of_work() as session:
            taken_back = moving.cancel(session, customer.asker, NUMBER)
    assert (taken_back.state, taken_back.closed_at) == ("cancelled", ASKED)
    assert moved == [("received", "cancelled", "received", "customer")]
    assert steps_of(database) == [
        ("received", "done", None),
        ("crew_sent", "off", None),
        ("arrived", "off", None),
        ("restored", "off", None),
    ]
    tell(core, "accepted", 5)
    tell(core, "cancelled", 6)
    for _ in range(2):
        run.run(database, feed)
    assert state_of(database)[0] == "cancelled"
    assert len(moved) == 1
    with database.unit_of_work() as session:
        jobs = session.scalars(text("SELECT count(*) FROM procrastinate_jobs")).one()
    assert jobs == 2


def test_an_order_that_was_done_before_it_could_be_taken_back_is_done(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed
) -> None:
    ask(database, customer)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, NUMBER)
    tell(core, "in_progress", 3)
    run.run(database, feed)
    assert state_of(database)[0] == "cancelled"
    tell(core, "done", 4)
    run.run(database, feed)
    assert state_of(database)[0] == "done"


@pytest.mark.parametrize("status", ["in_progress", "done", "rejected"])
def test_too_late_to_take_back(
    database: Database, customer: Customer, core: CoreDouble, feed: CoreFeed, status: str
) -> None:
    ask(database, customer)
    tell(core, status, 5)
    run.run(database, feed)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refused:
        moving.cancel(session, customer.asker, NUMBER)
    assert refused.value.code == "request.cannot_cancel"
    assert state_of(database)[0] == status


def test_a_neighbour_sees_and_takes_back_nothing(database: Database, customer: Customer) -> None:
    ask(database, customer)
    neighbour = move_in(database)
    with database.unit_of_work() as session:
        assert reading.list_requests(session, neighbour.asker) == []
        for act in (reading.request, moving.cancel):
            with pytest.raises(NotFound):
                act(session, neighbour.asker, NUMBER)
    assert state_of(database)[0] == "received"


def test_what_happened_is_never_changed(database: Database, customer: Customer) -> None:
    ask(database, customer)
    for statement in ("UPDATE request_event SET who = 'core'", "DELETE FROM request_event"):
        with database.unit_of_work() as session, pytest.raises(DBAPIError):
            session.execute(text(statement))


def test_nightly_files_bring_it_too(database: Database, customer: Customer, tmp_path: Path) -> None:
    ask(database, customer)
    order = {
        "service_order_no": "S000000000001",
        "status": "accepted",
        "details": json.dumps({"request_no": NUMBER}),
        "updated_at": "2026-12-11T02:05:00Z",
    }
    drop(tmp_path, "2026-12-11", {"service_order": [order]})
    assert run.run(database, NightlyFiles(tmp_path)).poisoned == 0
    assert state_of(database) == ("accepted", "S000000000001")
