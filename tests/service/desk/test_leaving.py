"""What somebody had in hand waits for others as soon as they have no role for it any more."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from runtime import events
from runtime.database import Database
from service.conversations import Handoff, ask_for_person, calling, desk, open_for_browser
from service.desk import leaving
from service.people import staff
from service.people.events import RoleChanged
from service.requests import moving, reading
from tests.service.desk.conftest import worker
from tests.service.requests.conftest import Customer, ask


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    """As `denghuo.wiring` connects them."""
    with events.subscribed(RoleChanged, leaving.give_back):
        yield


@pytest.fixture
def people(database: Database) -> tuple[int, int]:
    """Who leaves, and the administrator."""
    with database.unit_of_work() as session:
        return worker(session).id, worker(session, "admin", "程牧之").id


@pytest.fixture
def request_no(database: Database, customer: Customer, people: tuple[int, int]) -> str:
    """A repair in the hands of who leaves."""
    number = ask(database, customer).request_no
    with database.unit_of_work() as session:
        moving.assign(session, [number], people[0], by=people[1])
    return number


def holder(session: Session, request_no: str) -> int | None:
    return reading.any_request(session, request_no).assignee_id


def talk(session: Session, staff_id: int) -> int:
    number = ask_for_person(session, open_for_browser(session, "b"), "asked", "问电费").handoff_id
    desk.take(session, number, staff_id)
    return number


@pytest.mark.parametrize("how", [staff.take, staff.close])
def test_whoever_leaves_holds_nothing(  # type: ignore[no-untyped-def]
    database: Database, people: tuple[int, int], request_no: str, how
) -> None:
    with database.unit_of_work() as session:
        number = talk(session, people[0])
        how(session, people[0], "调走了", by=people[1])
    with database.unit_of_work() as session:
        assert holder(session, request_no) is None
        handoff = session.get_one(Handoff, number)
        assert (handoff.state, handoff.staff_id) == ("waiting", None)


@pytest.mark.parametrize(
    ("role", "request_kept", "talk_kept"),
    [("lead", True, True), ("field", True, False), ("inspector", False, False)],
)
def test_another_role_keeps_what_it_can_attend_to(
    database: Database,
    people: tuple[int, int],
    request_no: str,
    role: str,
    request_kept: bool,
    talk_kept: bool,
) -> None:
    with database.unit_of_work() as session:
        number = talk(session, people[0])
        staff.give(session, people[0], role, "换岗", by=people[1])
    with database.unit_of_work() as session:
        assert (holder(session, request_no) == people[0]) is request_kept
        assert (session.get_one(Handoff, number).staff_id == people[0]) is talk_kept


def test_a_call_back_is_left_to_others(database: Database, people: tuple[int, int]) -> None:
    with database.unit_of_work() as session:
        number = talk(session, people[0])
        handoff = session.get_one(Handoff, number)
        handoff.state, handoff.staff_id, handoff.phone = "callback", None, "13800002046"
        session.flush()
        calling.take_on(session, number, people[0])
        staff.take(session, people[0], "调走了", by=people[1])
    with database.unit_of_work() as session:
        handoff = session.get_one(Handoff, number)
        assert (handoff.state, handoff.staff_id) == ("callback", None)


def test_what_others_hold_stays_theirs(
    database: Database, people: tuple[int, int], request_no: str
) -> None:
    with database.unit_of_work() as session:
        other = worker(session, "agent", "沈知秋").id
        staff.close(session, other, "调走了", by=people[1])
    with database.unit_of_work() as session:
        assert holder(session, request_no) == people[0]
