"""A request is brought on at the desk, in the field and by its customer; its clock goes with it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.events import RequestMoved
from service.models import User
from service.requests import moving, reading
from service.requests.fields import FieldRefused
from service.requests.models import Request, RequestEvent
from tests.service import builders
from tests.service.requests.conftest import NOW, Customer, ask, move_in

ASKED = datetime(2026, 12, 11, 2, 0, tzinfo=UTC)
"""Friday, ten in the morning in China."""

WORKS = {"plan": "从 2 号变接，42 米。", "capacity": "800"}


@pytest.fixture
def clock_at() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(database: Database) -> int:
    with database.unit_of_work() as session:
        person = builders.create_user(session)
        person.staff_role = "agent"
        session.flush()
        return person.id


@pytest.fixture
def told() -> Iterator[list[RequestMoved]]:
    heard: list[RequestMoved] = []
    with events.subscribed(RequestMoved, lambda _session, event: heard.append(event)):
        yield heard


def do(database: Database, deed: Callable[[Session], Request]) -> Request:
    with database.unit_of_work() as session:
        return deed(session)


def complete(database: Database, number: str, step: str, by: int, **how: object) -> Request:
    return do(
        database,
        lambda session: moving.complete(session, number, step, by=by, **how),  # type: ignore[arg-type]
    )


def jobs_of(session: Session) -> int:
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'requests.carry'"
    return int(session.connection().exec_driver_sql(jobs).scalar_one())


def test_step_by_step_to_the_end(
    database: Database,
    customer: Customer,
    staff: int,
    clock_at: time_machine.Traveller,
    told: list[RequestMoved],
) -> None:
    number = ask(database, customer).request_no
    opened = reload(database, number)
    assert (opened.step, opened.team) == ("received", "repair")
    assert opened.due_at == ASKED + timedelta(minutes=45)
    assert opened.warn_at == ASKED + timedelta(minutes=30)

    complete(database, number, "crew_sent", staff, note="三班去，张师傅")
    clock_at.move_to(ASKED + timedelta(minutes=30))
    arrived = complete(database, number, "arrived", staff)
    assert (arrived.state, arrived.due_at) == ("in_progress", ASKED + timedelta(minutes=210))

    clock_at.move_to(ASKED + timedelta(minutes=90))
    form = {"cause": "meter", "done": "换了表前开关"}
    done = complete(database, number, "restored", staff, values=form)
    assert (done.state, done.closed_at) == ("done", ASKED + timedelta(minutes=90))
    assert (done.due_at, done.warn_at) == (None, None)
    assert [(each.was, each.state, each.step, each.note) for each in told] == [
        ("received", "accepted", "crew_sent", "三班去，张师傅"),
        ("accepted", "in_progress", "arrived", None),
        ("in_progress", "done", "restored", None),
    ]
    with database.unit_of_work() as session:
        steps = reading.timeline(reading.any_request(session, number))
        assert [each.kept for each in steps] == [None, None, True, True]
        last = steps[-1].event
        assert last is not None
        assert (last.by_id, last.filled) == (staff, '{"cause": "meter", "done": "换了表前开关"}')
        assert jobs_of(session) == 4


def test_a_step_is_done_by_one_of_two(
    database: Database, customer: Customer, staff: int, clock_at: object
) -> None:
    number = ask(database, customer).request_no
    complete(database, number, "crew_sent", staff)
    with pytest.raises(Conflict) as refused:
        complete(database, number, "crew_sent", staff)
    assert refused.value.code == "request.moved_on"
    with pytest.raises(Conflict):
        complete(database, number, "restored", staff)


def test_a_deed_that_is_sent_twice_was_done_once(
    database: Database, customer: Customer, staff: int, clock_at: object
) -> None:
    number = ask(database, customer).request_no
    for _ in range(2):
        complete(database, number, "crew_sent", staff, key="phone-7-1")
    with database.unit_of_work() as session:
        assert session.scalars(select(func.count(RequestEvent.id))).one() == 2


def test_what_was_done_without_signal_keeps_its_time(
    database: Database, customer: Customer, staff: int, clock_at: time_machine.Traveller
) -> None:
    number = ask(database, customer).request_no
    clock_at.move_to(ASKED + timedelta(hours=2))
    early = ASKED + timedelta(minutes=10)
    complete(database, number, "crew_sent", staff, at=early)
    complete(database, number, "arrived", staff, at=ASKED - timedelta(days=1))
    done = complete(
        database,
        number,
        "restored",
        staff,
        at=ASKED + timedelta(days=9),
        values={"cause": "line", "done": "接好了"},
    )
    assert done.closed_at == ASKED + timedelta(hours=2)
    with database.unit_of_work() as session:
        reached = reading.reached(reading.any_request(session, number))
    assert (reached["crew_sent"], reached["arrived"]) == (early, early)


def test_the_form_of_a_step_is_checked(
    database: Database, customer: Customer, staff: int, clock_at: object
) -> None:
    number = ask(database, customer, "call_back").request_no
    for values, problem in (
        ({}, "missing"),
        ({"outcome": "lost"}, "choice"),
        ({"x": "1"}, "unknown"),
    ):
        with pytest.raises(FieldRefused) as refused:
            complete(database, number, "called", staff, values=values)
        assert refused.value.params["problem"] == problem
    assert reload(database, number).state == "received"


def test_the_clock_stands_while_the_customer_owes_an_answer(
    database: Database, customer: Customer, staff: int, clock_at: time_machine.Traveller
) -> None:
    number = ask(database, customer, "transfer").request_no
    paused = do(
        database, lambda session: moving.pause(session, number, "房产证的照片看不清", by=staff)
    )
    assert (paused.paused_at, paused.due_at) == (ASKED, None)
    with pytest.raises(Conflict) as refused:
        complete(database, number, "checked", staff)
    assert refused.value.code == "request.paused"
    with pytest.raises(Conflict):
        do(database, lambda session: moving.pause(session, number, "再一张", by=staff))

    clock_at.move_to(datetime(2026, 12, 15, 2, 0, tzinfo=UTC))  # Tuesday: two working days stood
    resumed = do(database, lambda session: moving.resume(session, number))
    assert resumed.paused_at is None
    assert resumed.due_at == datetime(2026, 12, 22, 16, 0, tzinfo=UTC)
    assert resumed.promised_at == resumed.due_at
    with database.unit_of_work() as session:
        (pause,) = reading.any_request(session, number).pauses
        assert (pause.needs, pause.since) == ("房产证的照片看不清", ASKED)
        assert pause.until == datetime(2026, 12, 15, 2, 0, tzinfo=UTC)


def test_a_step_of_the_customer_stops_the_clock_by_itself(
    database: Database, customer: Customer, staff: int, clock_at: time_machine.Traveller
) -> None:
    friday = datetime(2025, 3, 7, 2, 0, tzinfo=UTC)
    clock_at.move_to(friday)
    number = ask(database, customer, "high_voltage_connection", important="no").request_no
    route = [each.name for each in moving.steps(reload(database, number))]
    assert route == ["received", "plan", "own_works", "inspected", "energised"]
    waiting = complete(database, number, "plan", staff, values=WORKS)
    assert (waiting.paused_at, waiting.due_at) == (friday, None)
    assert "complete" not in moving.deeds(waiting)
    assert do(database, lambda session: moving.resume(session, number, by=staff)).paused_at

    clock_at.move_to(friday + timedelta(days=7))
    for _ in range(2):
        ready = do(
            database,
            lambda session: moving.complete_own(session, customer.asker, number, "own_works"),
        )
    assert (ready.step, ready.state, ready.paused_at) == ("own_works", "in_progress", None)
    # 22 working days over Qingming, and the five that were the customer's own.
    assert ready.due_at == datetime(2025, 4, 16, 16, 0, tzinfo=UTC)
    with pytest.raises(NotFound):
        do(
            database,
            lambda session: moving.complete_own(
                session, move_in(database).asker, number, "inspected"
            ),
        )


def test_a_refusal_has_its_reason_and_may_be_opened_again(
    database: Database, customer: Customer, staff: int, clock_at: time_machine.Traveller
) -> None:
    number = ask(database, customer, "transfer").request_no
    with pytest.raises(Refused) as refused:
        do(database, lambda session: moving.reject(session, number, " \u202e ", by=staff))
    assert refused.value.code == "request.reason_missing"
    no = do(database, lambda session: moving.reject(session, number, "不是户主本人", by=staff))
    assert (no.state, moving.deeds(no)) == ("rejected", frozenset({"reopen"}))

    clock_at.move_to(ASKED + timedelta(days=3))
    again = do(database, lambda session: moving.reopen(session, customer.asker, number, "户主来了"))
    assert (again.state, again.step, again.reopened) == ("received", "received", 1)
    assert (again.closed_at, again.core_order_no) == (None, None)
    assert again.due_at == datetime(2026, 12, 21, 16, 0, tzinfo=UTC)
    with database.unit_of_work() as session:
        states = [each.state for each in reading.timeline(reading.any_request(session, number))]
    assert states == ["done", "now", "ahead"]


def test_what_is_long_done_is_not_opened_again(
    database: Database, customer: Customer, staff: int, clock_at: time_machine.Traveller
) -> None:
    number = ask(database, customer, "call_back").request_no
    complete(database, number, "called", staff, values={"outcome": "answered"})
    clock_at.move_to(ASKED + timedelta(days=15))
    assert moving.deeds(reload(database, number)) == {"reopen"}
    clock_at.move_to(ASKED + timedelta(days=15, seconds=1))
    assert moving.deeds(reload(database, number)) == frozenset()
    with pytest.raises(Conflict) as refused:
        do(database, lambda session: moving.reopen(session, customer.asker, number, "还不行"))
    assert refused.value.code == "request.too_late"


def test_work_is_given_to_the_utilitys_own_people(
    database: Database, customer: Customer, staff: int, clock_at: object
) -> None:
    numbers = [ask(database, customer, key=f"form-{each}").request_no for each in range(3)]
    with database.unit_of_work() as session:
        assert moving.assign(session, numbers, staff, by=staff) == 3
        assert moving.assign(session, numbers[:2], staff, by=staff) == 0
        assert moving.assign(session, numbers[:1], None, by=staff) == 1
    for other in (customer.user_id, 999):
        with database.unit_of_work() as session, pytest.raises(NotFound):
            moving.assign(session, numbers, other, by=staff)
    with database.unit_of_work() as session:
        session.get_one(User, staff).disabled_at = ASKED
        with pytest.raises(NotFound):
            moving.assign(session, numbers, staff, by=staff)


def reload(database: Database, number: str) -> Request:
    with database.unit_of_work() as session:
        return reading.any_request(session, number)
