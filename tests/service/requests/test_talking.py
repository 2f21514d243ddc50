"""What is said about a request: once for each key, by its parties alone, and it is told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, TooManyTries
from service.events import RequestReplied, RequestSaid
from service.models import User
from service.requests import moving, reading, talking
from service.requests.askers import Asker
from service.requests.models import Request
from tests.service import builders
from tests.service.requests.conftest import Customer, ask, move_in

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def request_(database: Database, customer: Customer) -> Request:
    return ask(database, customer)


@pytest.fixture
def agent(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, name="林晓月", staff_role="agent").id


@pytest.fixture
def told() -> Iterator[list[RequestSaid | RequestReplied]]:
    found: list[RequestSaid | RequestReplied] = []

    def hear(_session: object, event: RequestSaid | RequestReplied) -> None:
        found.append(event)

    with events.subscribed(RequestSaid, hear), events.subscribed(RequestReplied, hear):
        yield found


def test_both_sides_are_heard_once_for_each_key(
    database: Database,
    customer: Customer,
    request_: Request,
    agent: int,
    told: list[RequestSaid | RequestReplied],
) -> None:
    number = request_.request_no
    for _again in range(2):
        with database.unit_of_work() as session:
            talking.say(session, customer.asker, number, " 楼道的灯\r\n也不亮 ", "k1")
        with database.unit_of_work() as session:
            talking.answer(session, number, "马上到。", agent, "k1", "/requests/x")
    with database.unit_of_work() as session:
        said = talking.messages(session, request_)
    assert [(each.author, each.by_id, each.text, each.link) for each in said] == [
        ("customer", None, "楼道的灯\n也不亮", None),
        ("staff", agent, "马上到。", "/requests/x"),
    ]
    of = {
        "request_no": number,
        "kind": "outage_repair",
        "user_id": customer.user_id,
        "account_no": customer.account_no,
    }
    assert told == [
        RequestSaid(message_id=said[0].id, **of),
        RequestReplied(message_id=said[1].id, **of),
    ]


def test_each_side_has_read_what_the_other_said(
    database: Database, customer: Customer, request_: Request, agent: int
) -> None:
    other = ask(database, customer, key="form-2")
    with database.unit_of_work() as session:
        for key in ("a", "b"):
            talking.say(session, customer.asker, request_.request_no, "在吗", key)
        last = talking.answer(session, request_.request_no, "在。", agent, "c")
        ids = [request_.id, other.id]
        assert talking.unread(session, ids, "staff") == {request_.id: 2}
        assert talking.unread(session, ids, "customer") == {request_.id: 1}
        first = talking.messages(session, request_)[0]
        talking.mark_read(session, request_.id, "staff", first.id)
        assert talking.unread(session, ids, "staff") == {request_.id: 1}
        talking.mark_read(session, request_.id, "staff", last.id)
        assert talking.unread(session, ids, "staff") == {}
        assert talking.unread(session, ids, "customer") == {request_.id: 1}
        talking.mark_read(session, request_.id, "customer", last.id)
        assert talking.unread(session, ids, "customer") == {}


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        (" \u200b\n", "k", "message.empty"),
        ("长" * 1001, "k", "message.too_long"),
        ("在吗", "", "message.key_malformed"),
        ("在吗", "k" * 65, "message.key_malformed"),
    ],
)
def test_what_is_no_message_is_refused(
    database: Database, customer: Customer, request_: Request, text: str, key: str, code: str
) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Refused) as refused:
            talking.say(session, customer.asker, request_.request_no, text, key)
        assert refused.value.code == code
        assert talking.messages(session, request_) == []


def test_nobody_else_may_say_anything(database: Database, request_: Request) -> None:
    for other in (move_in(database).asker, Asker.of_browser("another")):
        with database.unit_of_work() as session, pytest.raises(NotFound):
            talking.say(session, other, request_.request_no, "在吗", "k")


def test_who_has_shown_the_phone_may(database: Database, request_: Request) -> None:
    guest = Asker("browser:x", proven=frozenset({request_.request_no}))
    with database.unit_of_work() as session:
        assert talking.say(session, guest, request_.request_no, "在吗", "k").author == "customer"
        assert reading.list_requests(session, guest) == []


def test_an_answer_to_what_we_asked_sets_the_clock_going(
    database: Database, customer: Customer, agent: int
) -> None:
    request = ask(database, customer, "meter_check")
    number = request.request_no
    with database.unit_of_work() as session:
        moving.pause(session, number, "请拍一张电表的照片", by=agent)
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        with database.unit_of_work() as session:
            assert reading.any_request(session, number).due_at is None
            talking.say(session, customer.asker, number, "传上去了", "k")
        with database.unit_of_work() as session:
            going = reading.any_request(session, number)
            assert (going.paused_at, going.due_at is None) == (None, False)
            assert [each.code for each in going.events] == ["opened", "paused", "resumed"]
            (pause,) = going.pauses
            assert (pause.until, pause.needs) == (clock.now(), "请拍一张电表的照片")


def test_a_month_after_its_end_all_is_said(
    database: Database, customer: Customer, request_: Request, agent: int
) -> None:
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, request_.request_no)
        talking.say(session, customer.asker, request_.request_no, "又有电了", "k1")
    with (
        time_machine.travel(clock.now() + talking.OPEN_AFTER_END, tick=False),
        database.unit_of_work() as session,
    ):
        with pytest.raises(Conflict, match=r"request\.talk_closed"):
            talking.say(session, customer.asker, request_.request_no, "在吗", "k2")
        with pytest.raises(Conflict, match=r"request\.talk_closed"):
            talking.answer(session, request_.request_no, "在。", agent, "k2")
        known = talking.say(session, customer.asker, request_.request_no, "又有电了", "k1")
        assert [each.id for each in talking.messages(session, request_)] == [known.id]


def test_it_is_not_without_end(database: Database, customer: Customer, request_: Request) -> None:
    with database.unit_of_work() as session:
        for count in range(60):
            talking.say(session, customer.asker, request_.request_no, "在吗", f"k{count}")
        with pytest.raises(TooManyTries, match=r"request\.too_many"):
            talking.say(session, customer.asker, request_.request_no, "在吗", "k60")


def test_a_link_leads_nowhere_else(database: Database, request_: Request, agent: int) -> None:
    for link in ("https://example.com", "//example.com"):
        with database.unit_of_work() as session, pytest.raises(ValueError, match="path of ours"):
            talking.answer(session, request_.request_no, "看看", agent, "k", link)


def test_what_was_said_is_kept_sealed(
    database: Database, customer: Customer, request_: Request
) -> None:
    with database.unit_of_work() as session:
        talking.say(session, customer.asker, request_.request_no, "门口有狗", "k")
        assert session.get(User, customer.user_id) is not None
        connection = session.connection()
        (stored,) = connection.exec_driver_sql("SELECT text FROM request_message").scalars()
        assert "门口有狗".encode() not in bytes(stored)
