"""Opening a request: once for a key, with everything that hangs on it, by whoever may."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, text

from runtime import events
from runtime.crypto import blind_index
from runtime.database import Database
from runtime.errors import Forbidden, NotFound, Refused, TooManyTries
from service.events import RequestOpened
from service.models import Link, User
from service.requests import asking, reading
from service.requests.askers import Asker
from service.requests.fields import FieldRefused
from service.requests.kinds import kinds
from service.requests.models import PHONE as PHONE_CONTEXT
from service.requests.models import Request, RequestEvent
from tests.service import builders
from tests.service.requests.conftest import NOW, PHONE, TOLD, Customer, ask, move_in
from tests.service.requests.papers import paper, picture
from tests.service.requests.test_files import add as add_file

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def opened() -> Iterator[list[RequestOpened]]:
    told: list[RequestOpened] = []
    with events.subscribed(RequestOpened, lambda _session, event: told.append(event)):
        yield told


def jobs_asked_for(database: Database) -> list[Any]:
    with database.unit_of_work() as session:
        found = session.execute(
            text("SELECT task_name, lock, args FROM procrastinate_jobs ORDER BY id")
        )
        return [tuple(row) for row in found]


@pytest.mark.parametrize("kind", kinds(), ids=[each.name for each in kinds()])
def test_every_kind_can_be_asked_for(
    database: Database, customer: Customer, kind: Any, opened: list[RequestOpened]
) -> None:
    request = ask(database, customer, kind.name)
    number = f"{kind.prefix}2612110001"
    account_no = None if kind.account == "none" else customer.account_no
    assert (request.request_no, request.state, request.kind) == (number, "received", kind.name)
    assert (request.account_no, request.user_id) == (account_no, customer.user_id)
    assert reading.values(request) == customer.told(kind.name)
    assert (request.phone, request.phone_index) == (PHONE, blind_index(PHONE, PHONE_CONTEXT))
    assert request.opened_at == datetime(2026, 12, 11, 2, 0, tzinfo=UTC)
    assert request.promises[kind.promise.step] == request.promised_at.isoformat()
    assert jobs_asked_for(database) == [
        ("requests.carry", f"request:{number}", {"request_no": number})
    ]
    assert opened == [
        RequestOpened(
            request_no=number,
            kind=kind.name,
            user_id=customer.user_id,
            account_no=account_no,
            promised_at=request.promised_at,
            opened_at=request.opened_at,
        )
    ]
    with database.unit_of_work() as session:
        (event,) = session.scalars(select(RequestEvent)).all()
    assert (event.code, event.step, event.who) == ("opened", "received", "customer")


def test_what_was_told_cannot_be_read_in_the_tables(database: Database, customer: Customer) -> None:
    ask(database, customer, "complaint")
    with database.unit_of_work() as session:
        row = session.execute(text("SELECT service_request::text FROM service_request")).scalar()
    assert PHONE not in str(row)
    assert "说好" not in str(row)


def test_the_same_key_is_the_same_request(
    database: Database, customer: Customer, opened: list[RequestOpened]
) -> None:
    first = ask(database, customer)
    again = ask(database, customer, address="别处 1 号")
    assert (again.id, again.request_no) == (first.id, first.request_no)
    assert reading.values(again)["address"] == "梧桐里 12 栋 502"
    assert (len(opened), len(jobs_asked_for(database))) == (1, 1)
    assert ask(database, customer, key="form-2").request_no == "BX2612110002"


def test_the_key_of_one_is_not_the_key_of_another(database: Database, customer: Customer) -> None:
    neighbour = move_in(database)
    first, second = ask(database, customer), ask(database, neighbour)
    assert first.request_no != second.request_no


def test_many_presses_at_once_open_one(database: Database, customer: Customer) -> None:
    def press(_number: int) -> str:
        with time_machine.travel(NOW, tick=False):
            return ask(database, customer).request_no

    with ThreadPoolExecutor(6) as hands:
        numbers = list(hands.map(press, range(12)))
    assert set(numbers) == {numbers[0]}
    assert len(jobs_asked_for(database)) == 1
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(RequestEvent.id))) == 1


def test_numbers_asked_for_at_once_are_all_different(database: Database) -> None:
    askers = [move_in(database) for _ in range(6)]

    def press(customer: Customer) -> str:
        return ask(database, customer).request_no

    with ThreadPoolExecutor(6) as hands:
        numbers = sorted(hands.map(press, askers))
    assert numbers == [f"BX261211000{number}" for number in range(1, 7)]


def test_a_new_day_counts_anew(database: Database, customer: Customer) -> None:
    ask(database, customer)
    with time_machine.travel("2026-12-11T15:59:59Z", tick=False):
        assert ask(database, customer, key="late").request_no == "BX2612110002"
    with time_machine.travel("2026-12-11T16:00:00Z", tick=False):
        assert ask(database, customer, key="new").request_no == "BX2612120001"


def test_nothing_stays_of_a_request_that_is_taken_back_at_once(
    database: Database, customer: Customer
) -> None:
    def open_and_fail() -> None:
        with database.unit_of_work() as session:
            told = customer.told("outage_repair")
            asking.apply(session, customer.asker, "outage_repair", None, told, "key")
            raise Refused("no")

    with pytest.raises(Refused):
        open_and_fail()
    assert jobs_asked_for(database) == []
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Request.id))) == 0


def test_the_form_begins_with_what_is_known(database: Database, customer: Customer) -> None:
    with database.unit_of_work() as session:
        repair = asking.prepare(session, customer.asker, "outage_repair", customer.account_no)
        dispute = asking.prepare(session, customer.asker, "dispute", customer.account_no)
        stranger = asking.prepare(session, Asker.of_browser("x"), "outage_repair")
    known = {each.field.name: each.value for each in repair.fields}
    assert known["address"] == "梧桐里 12 栋 502"
    assert (known["phone"] or "").startswith("139")
    assert (known["trouble"], known["note"]) == (None, None)
    assert (repair.account_no, repair.holder_name) == (customer.account_no, "王建华")
    assert repair.promised_at == datetime(2026, 12, 11, 2, 45, tzinfo=UTC)
    (bill,) = [each for each in dispute.fields if each.field.type == "bill"]
    assert (bill.value, [each.bill_no for each in bill.bills]) == (
        customer.bill_no,
        [customer.bill_no],
    )
    assert {each.value for each in stranger.fields} == {None}


def test_a_stranger_may_report_and_not_apply(database: Database) -> None:
    stranger = Asker.of_browser("secret", "192.0.2.1")
    with database.unit_of_work() as session:
        request = asking.apply(
            session, stranger, "outage_repair", None, TOLD["outage_repair"], "key"
        )
        assert (request.user_id, request.account_no) == (None, None)
        assert [each.id for each in reading.list_requests(session, stranger)] == [request.id]
        assert reading.list_requests(session, Asker.of_browser("other")) == []
        with pytest.raises(Forbidden) as refused:
            asking.apply(session, stranger, "transfer", None, TOLD["transfer"], "key-2")
    assert refused.value.code == "request.sign_in"


def test_a_stranger_cannot_name_an_account(database: Database, customer: Customer) -> None:
    told = customer.told("outage_repair")
    with database.unit_of_work() as session, pytest.raises(NotFound):
        asking.apply(
            session, Asker.of_browser("x"), "outage_repair", customer.account_no, told, "key"
        )


def test_a_neighbours_account_does_not_exist(database: Database, customer: Customer) -> None:
    neighbour = move_in(database)
    with database.unit_of_work() as session:
        for kind in ("outage_repair", "transfer", "meter_check", "dispute"):
            told = neighbour.told(kind)
            with pytest.raises(NotFound):
                asking.apply(session, neighbour.asker, kind, customer.account_no, told, kind)
            with pytest.raises(NotFound):
                asking.prepare(session, neighbour.asker, kind, customer.account_no)


def test_whoever_pays_may_report_and_not_change_the_connection(
    database: Database, customer: Customer
) -> None:
    with database.unit_of_work() as session:
        session.scalars(select(Link)).one().role = "payer"
    assert ask(database, customer).request_no == "BX2612110001"
    with pytest.raises(Forbidden) as refused:
        ask(database, customer, "increase_capacity", key="other")
    assert refused.value.code == "account.not_allowed"


def test_a_bill_of_another_account_cannot_be_disputed(
    database: Database, customer: Customer
) -> None:
    foreign = move_in(database).bill_no
    with pytest.raises(FieldRefused) as refused:
        ask(database, customer, "dispute", bill=foreign)
    assert (refused.value.params["field"], refused.value.params["problem"]) == ("bill", "bill")


def test_an_account_is_missing(database: Database, customer: Customer) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused) as refused:
        asking.apply(session, customer.asker, "meter_check", None, TOLD["meter_check"], "key")
    assert refused.value.code == "request.account_missing"


@pytest.mark.parametrize("key", ["", "k" * 65, "schlüssel", "a\nb"])
def test_a_key_is_a_plain_word(database: Database, customer: Customer, key: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(database, customer, key=key)
    assert refused.value.code == "request.key_malformed"


def test_a_stranger_asks_six_times_an_hour(database: Database) -> None:
    stranger = Asker.of_browser("secret")
    with database.unit_of_work() as session:
        for number in range(6):
            asking.apply(session, stranger, "call_back", None, {"phone": PHONE}, f"k{number}")
        with pytest.raises(TooManyTries) as refused:
            asking.apply(session, stranger, "call_back", None, {"phone": PHONE}, "k6")
        again = asking.apply(session, stranger, "call_back", None, {"phone": PHONE}, "k0")
    assert refused.value.code == "request.too_many"
    assert again.request_no == "HD2612110001"


def test_a_strangers_requests_follow_into_the_sign_in(database: Database) -> None:
    with database.unit_of_work() as session:
        user = builders.create_user(session)
        talk = session.execute(
            text(
                "INSERT INTO conversation (ref, channel, language, held_by)"
                " VALUES ('r', 'web', 'zh', 'assistant') RETURNING id"
            )
        ).scalar_one()
        stranger = Asker.of_conversation(talk)
        told = TOLD["outage_repair"]
        request = asking.apply(session, stranger, "outage_repair", None, told, "key", talk)
        asking.adopt(session, talk, user.id)
        mine = reading.list_requests(session, Asker.of_user(user.id))
        assert [each.request_no for each in mine] == [request.request_no]
        assert reading.list_requests(session, stranger) == []


def test_where_a_photo_is_a_must_nothing_is_opened_without(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    told = customer.told("reading")
    paper_alone = add_file(database, tmp_path, customer.asker, paper(), draft="form-1")
    assert paper_alone.pages == 1
    with database.unit_of_work() as session, pytest.raises(FieldRefused) as refused:
        asking.apply(session, customer.asker, "reading", customer.account_no, told, "form-1")
    assert (refused.value.params["field"], refused.value.params["problem"]) == (
        "photos",
        "no_photo",
    )
    add_file(database, tmp_path, customer.asker, picture(), draft="form-1")
    with database.unit_of_work() as session:
        made = asking.apply(session, customer.asker, "reading", customer.account_no, told, "form-1")
        assert [each.media for each in made.files] == ["application/pdf", "image/jpeg"]


def test_a_place_is_kept_beside_what_was_told(database: Database, customer: Customer) -> None:
    request = ask(database, customer, point="113.0826, 31.0912")
    assert request.point == "31.091200,113.082600"
    assert reading.values(request)["point"] == request.point
    with database.unit_of_work() as session:
        raw = session.execute(text("SELECT encode(point, 'escape') FROM service_request")).scalar()
    assert raw
    assert "31.09" not in raw


def known(
    database: Database, customer: Customer, kind: str, account_no: str | None = None
) -> dict[str, str | None]:
    with database.unit_of_work() as session:
        prepared = asking.prepare(session, customer.asker, kind, account_no)
    return {each.field.name: each.value for each in prepared.fields}


def test_what_was_told_before_need_not_be_told_again(
    database: Database, customer: Customer
) -> None:
    assert known(database, customer, "business_connection")["holder"] is None
    ask(database, customer, "business_connection", "1", holder="柳荫豆坊", address="柳荫路 8 号")
    ask(database, customer, "temporary_supply", "2", holder="柳荫修缮队", address="柳荫路 9 号")
    neighbour = move_in(database)
    found = known(database, customer, "business_connection")
    assert (found["holder"], found["address"]) == ("柳荫修缮队", "柳荫路 9 号")
    assert known(database, neighbour, "business_connection")["holder"] is None


def test_of_an_account_is_known_what_was_told_about_it(
    database: Database, customer: Customer
) -> None:
    ask(database, customer, key="1", place="remote")
    with database.unit_of_work() as session:
        other = builders.create_account(session)
        builders.create_link(session, session.get_one(User, customer.user_id), other)
    assert known(database, customer, "outage_repair", customer.account_no)["place"] == "remote"
    assert known(database, customer, "outage_repair", other.account_no)["place"] is None


def test_what_could_not_be_told_again_is_not_known(database: Database, customer: Customer) -> None:
    request = ask(database, customer, place="remote")
    with database.unit_of_work() as session:
        told = reading.values(request) | {"place": "on the moon"}
        session.get_one(Request, request.id).fields = json.dumps(told)
    assert known(database, customer, "outage_repair", customer.account_no)["place"] is None
