"""Visits: booked, moved, called off; a seat is never given twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.events import AppointmentChanged, RequestMoved
from service.requests import appointments, moving, reading, visits
from service.requests.models import Request
from service.requests.talk_models import Appointment
from tests.service import builders
from tests.service.requests.conftest import Customer, ask, move_in

pytestmark = pytest.mark.usefixtures("december")

MONDAY = datetime(2026, 12, 14, 9, tzinfo=clock.BEIJING)
AFTERNOON = datetime(2026, 12, 14, 14, tzinfo=clock.BEIJING)
PLAN = {"plan": "从东墙走线", "capacity": "8"}
SEATS = 4
"""Of the team that makes connections."""


@pytest.fixture
def worker(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, name="陈志远", staff_role="field").id


@pytest.fixture
def connection(database: Database, customer: Customer) -> Request:
    return ask(database, customer, "new_connection")


@pytest.fixture
def told() -> Iterator[list[AppointmentChanged]]:
    found: list[AppointmentChanged] = []
    with events.subscribed(AppointmentChanged, lambda _session, event: found.append(event)):
        yield found


@pytest.fixture
def listening() -> Iterator[None]:
    with events.subscribed(RequestMoved, appointments.on_moved):
        yield


def book(database: Database, customer: Customer, number: str, when: datetime = MONDAY) -> int:
    with database.unit_of_work() as session:
        return appointments.book(session, customer.asker, number, when).id


def all_of(database: Database) -> list[Appointment]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.id)))


def test_the_windows_are_those_of_the_coming_working_days(
    database: Database, connection: Request
) -> None:
    with database.unit_of_work() as session:
        slots = appointments.offered(session, connection)
        assert len(slots) == 20
        assert (slots[0].starts_at, slots[0].ends_at, slots[0].left) == (
            MONDAY,
            datetime(2026, 12, 14, 12, tzinfo=clock.BEIJING),
            SEATS,
        )
        assert slots[-1].starts_at == datetime(2026, 12, 25, 14, tzinfo=clock.BEIJING)
        assert all(clock.is_working_day(clock.civil_date(each.starts_at)) for each in slots)
        of_staff = appointments.offered(session, connection, staff=True)
        assert of_staff[0].starts_at == datetime(2026, 12, 11, 14, tzinfo=clock.BEIJING)


def test_holidays_are_none() -> None:
    with time_machine.travel("2026-09-30T00:00:00Z", tick=False):
        days = [clock.civil_date(each.starts_at) for each in visits.windows(clock.now())]
    assert days[:3] == [date(2026, 9, 30), date(2026, 9, 30), date(2026, 10, 8)]


def test_booked_moved_and_called_off(
    database: Database, customer: Customer, connection: Request, told: list[AppointmentChanged]
) -> None:
    number = connection.request_no
    first = book(database, customer, number)
    assert book(database, customer, number) == first
    second = book(database, customer, number, AFTERNOON)
    with database.unit_of_work() as session:
        found = appointments.current(session, connection)
        assert found is not None
        assert (found.id, found.step, found.team, found.seat) == (second, "agreed", "connection", 1)
        assert (found.made_by, found.by_id) == ("customer", None)
        assert appointments.of_request(session, connection) == {"agreed": found}
        assert appointments.of_requests(session, [connection.id]) == {connection.id: found}
        assert appointments.of_day(session, date(2026, 12, 14)) == [found]
        assert appointments.of_day(session, date(2026, 12, 14), "repair") == []
        appointments.call_off(session, customer.asker, number)
    with database.unit_of_work() as session:
        assert appointments.current(session, connection) is None
        with pytest.raises(NotFound, match=r"visit\.not_found"):
            appointments.call_off(session, customer.asker, number)
    assert [(each.released_by, each.released_at) for each in all_of(database)] == [
        ("customer", clock.now()),
        ("customer", clock.now()),
    ]
    assert [(each.by, each.was, each.starts_at) for each in told] == [
        ("customer", None, MONDAY),
        ("customer", MONDAY, AFTERNOON),
        ("customer", AFTERNOON, None),
    ]


def test_a_full_window_is_not_offered_and_not_given(
    database: Database, customer: Customer, connection: Request
) -> None:
    for count in range(SEATS):
        other = move_in(database)
        book(database, other, ask(database, other, "new_connection", f"k{count}").request_no)
    assert [each.seat for each in all_of(database)] == [1, 2, 3, 4]
    book(database, customer, connection.request_no, AFTERNOON)
    with database.unit_of_work() as session:
        with pytest.raises(Conflict, match=r"visit\.full"):
            appointments.book(session, customer.asker, connection.request_no, MONDAY)
        kept = appointments.current(session, connection)
        assert kept is not None
        assert kept.starts_at == AFTERNOON
        assert MONDAY not in [each.starts_at for each in appointments.offered(session, connection)]


def test_who_books_at_the_same_moment_gets_another_seat(database: Database) -> None:
    homes = [move_in(database) for _ in range(SEATS + 2)]
    numbers = [ask(database, each, "new_connection").request_no for each in homes]

    def take(place: int) -> bool:
        try:
            book(database, homes[place], numbers[place])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(len(homes)) as threads:
        assert sorted(threads.map(take, range(len(homes)))) == [False] * 2 + [True] * SEATS
    assert sorted(each.seat for each in all_of(database)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "when",
    [
        datetime(2026, 12, 12, 9, tzinfo=clock.BEIJING),  # a Saturday
        datetime(2026, 12, 11, 14, tzinfo=clock.BEIJING),  # in four hours
        datetime(2026, 12, 28, 9, tzinfo=clock.BEIJING),  # too far
        datetime(2026, 12, 14, 10, tzinfo=clock.BEIJING),
    ],
)
def test_what_is_not_offered_cannot_be_booked(
    database: Database, customer: Customer, connection: Request, when: datetime
) -> None:
    with pytest.raises(Refused, match=r"visit\.not_offered"):
        book(database, customer, connection.request_no, when)
    assert all_of(database) == []


def test_nobody_comes_where_nobody_has_to(database: Database, customer: Customer) -> None:
    made = ask(database, customer, "suggestion")
    with database.unit_of_work() as session:
        assert appointments.offered(session, made) == []
        with pytest.raises(Conflict, match=r"visit\.not_needed"):
            appointments.book(session, customer.asker, made.request_no, MONDAY)


def test_a_neighbour_books_nothing(database: Database, connection: Request) -> None:
    other = move_in(database)
    with database.unit_of_work() as session:
        with pytest.raises(NotFound):
            appointments.book(session, other.asker, connection.request_no, MONDAY)
        with pytest.raises(NotFound):
            appointments.call_off(session, other.asker, connection.request_no)


def test_shortly_before_only_the_desk_may_change_it(
    database: Database, customer: Customer, connection: Request, worker: int
) -> None:
    number = connection.request_no
    book(database, customer, number)
    with (
        time_machine.travel(MONDAY - timedelta(hours=4), tick=False),
        database.unit_of_work() as session,
    ):
        with pytest.raises(Conflict, match=r"visit\.too_late"):
            appointments.book(session, customer.asker, number, AFTERNOON + timedelta(days=1))
        with pytest.raises(Conflict, match=r"visit\.too_late"):
            appointments.call_off(session, customer.asker, number)
        moved = appointments.book_for(session, number, AFTERNOON, by=worker)
        assert (moved.made_by, moved.by_id) == ("staff", worker)
        appointments.call_off_for(session, number, by=worker)
    assert [each.released_by for each in all_of(database)] == ["staff", "staff"]


def test_one_that_was_missed_can_be_moved(
    database: Database, customer: Customer, connection: Request
) -> None:
    book(database, customer, connection.request_no)
    with time_machine.travel(MONDAY + timedelta(hours=4), tick=False):
        book(database, customer, connection.request_no, AFTERNOON + timedelta(days=1))
    assert [each.released_by for each in all_of(database)] == ["customer", None]


def test_the_seat_is_given_back_when_nobody_has_to_come(
    database: Database,
    customer: Customer,
    connection: Request,
    listening: None,
    told: list[AppointmentChanged],
) -> None:
    book(database, customer, connection.request_no)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, connection.request_no)
    assert [each.released_by for each in all_of(database)] == ["house"]
    assert [(each.by, each.starts_at) for each in told] == [("customer", MONDAY), ("house", None)]


def test_a_visit_that_took_place_stays_with_its_step(
    database: Database, customer: Customer, connection: Request, worker: int, listening: None
) -> None:
    number = connection.request_no
    book(database, customer, number)
    with (
        time_machine.travel(MONDAY + timedelta(hours=1), tick=False),
        database.unit_of_work() as session,
    ):
        done = moving.complete(session, number, "agreed", by=worker, values=PLAN)
        visit = appointments.visit_step(done)
        assert visit is not None
        assert visit.name == "building"
        assert list(appointments.of_request(session, done)) == ["agreed"]
        assert appointments.current(session, done) is None
        assert appointments.of_requests(session, [done.id]) == {}
        appointments.book(session, customer.asker, number, MONDAY + timedelta(days=1))
        assert list(appointments.of_request(session, done)) == ["agreed", "building"]


def test_opened_again_it_is_booked_again(
    database: Database, customer: Customer, connection: Request, worker: int
) -> None:
    number = connection.request_no
    book(database, customer, number)
    with time_machine.travel(MONDAY + timedelta(days=2), tick=False):
        with database.unit_of_work() as session:
            moving.reject(session, number, "地址不在供电范围", by=worker)
            moving.reopen(session, customer.asker, number, "地址写错了")
            assert appointments.of_requests(session, [connection.id]) == {}
        again = book(database, customer, number, MONDAY + timedelta(days=3))
    with database.unit_of_work() as session:
        found = appointments.current(session, reading.any_request(session, number))
        assert found is not None
        assert (found.id, found.round) == (again, 1)


def test_the_plan_is_checked_as_it_is_read(tmp_path: Path) -> None:
    assert visits.plan().seats["connection"] == SEATS
    good = visits.FILE.read_text()
    for bad, match in (
        (good.replace("repair: 6, ", ""), "every team"),
        (good.replace('to: "12:00:00"', 'to: "08:00:00"'), "begins before it ends"),
        (good.replace("days: 10", "days: 0"), "days"),
    ):
        file = tmp_path / "visits.yaml"
        file.write_text(bad)
        with pytest.raises(ValueError, match=match):
            visits.read(file)
