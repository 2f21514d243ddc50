"""Requests in the real core: once, whatever fails on the way there, and back by its feed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

import core.models
from core import feed, published
from runtime.database import Database
from runtime.jobs import jobs
from service.core_client import CoreClient
from service.requests import carrying, moving, reading, soon, work
from service.requests.carrying import NotCarried, carry
from service.requests.models import Request
from service.sync import run
from service.sync.sources import CoreFeed
from tests.core import builders as core_side
from tests.core.conftest import TOKEN
from tests.service import builders
from tests.service.requests.conftest import TOLD, Customer, ask

NOWHERE = "http://127.0.0.1:9"
ACCOUNT = "420011875603"


@pytest.fixture
def client(core_url: str) -> Iterator[CoreClient]:
    client = CoreClient(core_url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def desk(core_url: str) -> Iterator[httpx.Client]:
    """The utility's own people, who move orders on."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=core_url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def customer(database: Database, client: CoreClient) -> Customer:
    """A customer whose account has come from the core."""
    with database.unit_of_work() as session:
        holder = core_side.create_account(session, ACCOUNT)
        feed.append(session, [published.account(holder)])
    run.run(database, CoreFeed(client))
    with database.unit_of_work() as session:
        user = builders.create_user(session)
        account = session.get_one(builders.Account, ACCOUNT)
        builders.create_link(session, user, account)
        bill = builders.create_bill(session, account)
    return Customer(user.id, ACCOUNT, bill.bill_no)


def orders(database: Database) -> list[tuple[Any, ...]]:
    """The core's orders: kind, status, what they were told of the customer."""
    order = core.models.ServiceOrder
    with database.unit_of_work() as session:
        found = session.execute(select(order.kind, order.status, order.details).order_by(order.id))
        return [(kind, status, details["request_no"]) for kind, status, details in found]


def request_of(database: Database) -> Request:
    with database.unit_of_work() as session:
        return session.scalars(select(Request)).one()


def test_from_the_customer_to_the_core_and_back(
    database: Database, client: CoreClient, desk: httpx.Client, customer: Customer
) -> None:
    number = ask(database, customer).request_no
    carry(database, client, number)
    carry(database, client, number)
    assert orders(database) == [("outage_report", "received", number)]
    order_no = request_of(database).core_order_no
    order = desk.get(f"/v1/service-orders/{order_no}").json()
    assert order["account_no"] == ACCOUNT
    assert {name: order["details"][name] for name in TOLD["outage_repair"]} == TOLD["outage_repair"]
    for status in ("accepted", "in_progress", "done"):
        body = {"status": status, "details": {"crew": "3"}}
        assert desk.patch(f"/v1/service-orders/{order_no}", json=body).status_code == 200
        run.run(database, CoreFeed(client))
        assert request_of(database).state == status
    with database.unit_of_work() as session:
        steps = reading.timeline(reading.request(session, customer.asker, number))
    assert [each.state for each in steps] == ["done"] * 4


@pytest.mark.parametrize("kind", TOLD)
def test_the_core_takes_every_kind(
    database: Database, client: CoreClient, customer: Customer, kind: str
) -> None:
    number = ask(database, customer, kind).request_no
    carry(database, client, number)
    assert [each[1:] for each in orders(database)] == [("received", number)]
    with database.unit_of_work() as session:
        details = session.scalars(select(core.models.ServiceOrder.details)).one()
    assert details == customer.told(kind) | {"request_no": number}


def test_a_core_that_is_down_is_asked_again(
    database: Database, client: CoreClient, customer: Customer
) -> None:
    number = ask(database, customer).request_no
    away = CoreClient(NOWHERE, TOKEN, timeout=0.5)
    for _ in range(2):
        with pytest.raises(NotCarried):
            carry(database, away, number)
    away.close()
    waiting = request_of(database)
    assert (waiting.state, waiting.core_order_no) == ("received", None)
    assert (waiting.attempts, waiting.last_error) == (2, "core.unavailable")
    carry(database, client, number)
    assert orders(database) == [("outage_report", "received", number)]
    assert request_of(database).last_error is None


def test_an_answer_that_was_lost_makes_no_second_order(
    database: Database, client: CoreClient, customer: Customer
) -> None:
    """Killed between the core's answer and our note of it."""
    request = ask(database, customer)
    client.open_order(
        key=request.request_no,
        kind="outage_report",
        account_no=ACCOUNT,
        details=carrying._details(request),
    )
    carry(database, client, request.request_no)
    assert orders(database) == [("outage_report", "received", request.request_no)]
    assert request_of(database).core_order_no == "S000000000001"


def test_news_that_overtake_the_answer_are_not_lost(
    database: Database, client: CoreClient, desk: httpx.Client, customer: Customer
) -> None:
    """The feed names the request itself, so the order's number need not be known yet."""
    request = ask(database, customer)
    details = carrying._details(request)
    order_no = client.open_order(
        key=request.request_no, kind="outage_report", account_no=ACCOUNT, details=details
    )
    desk.patch(f"/v1/service-orders/{order_no}", json={"status": "accepted"})
    run.run(database, CoreFeed(client))
    assert (request_of(database).state, request_of(database).core_order_no) == (
        "accepted",
        order_no,
    )
    carry(database, client, request.request_no)
    assert request_of(database).state == "accepted"


def test_what_is_taken_back_ends_in_the_core_too(
    database: Database, client: CoreClient, customer: Customer
) -> None:
    number = ask(database, customer).request_no
    carry(database, client, number)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, number)
    away = CoreClient(NOWHERE, TOKEN, timeout=0.5)
    with pytest.raises(NotCarried):
        carry(database, away, number)
    away.close()
    for _ in range(2):
        carry(database, client, number)
    assert orders(database) == [("outage_report", "cancelled", number)]
    run.run(database, CoreFeed(client))
    found = request_of(database)
    assert (found.state, found.core_status) == ("cancelled", "cancelled")


def test_what_was_taken_back_before_the_core_heard_ends_there_at_once(
    database: Database, client: CoreClient, customer: Customer
) -> None:
    number = ask(database, customer).request_no
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, number)
    carry(database, client, number)
    assert orders(database) == [("outage_report", "cancelled", number)]


def test_what_was_done_before_it_could_be_taken_back_is_done(
    database: Database, client: CoreClient, desk: httpx.Client, customer: Customer
) -> None:
    number = ask(database, customer).request_no
    carry(database, client, number)
    order_no = request_of(database).core_order_no
    for status in ("accepted", "in_progress", "done"):
        desk.patch(f"/v1/service-orders/{order_no}", json={"status": status})
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, number)
    carry(database, client, number)
    assert orders(database) == [("outage_report", "done", number)]
    run.run(database, CoreFeed(client))
    assert request_of(database).state == "done"


@pytest.fixture
def agent(database: Database) -> int:
    with database.unit_of_work() as session:
        person = builders.create_user(session)
        person.staff_role = "agent"
        session.flush()
        return person.id


def test_what_the_desk_does_the_core_hears_step_by_step(
    database: Database, client: CoreClient, customer: Customer, agent: int
) -> None:
    """The core was away for two steps: it goes through both, and its echo moves nothing back."""
    number = ask(database, customer).request_no
    for step in ("crew_sent", "arrived"):
        with database.unit_of_work() as session:
            moving.complete(session, number, step, by=agent)
    for _ in range(2):
        carry(database, client, number)
    assert orders(database) == [("outage_report", "in_progress", number)]
    with database.unit_of_work() as session:
        details = session.scalars(select(core.models.ServiceOrder.details)).one()
    assert details["step"] == "arrived"
    run.run(database, CoreFeed(client))
    found = request_of(database)
    assert (found.state, found.step, found.core_status) == ("in_progress", "arrived", "in_progress")


def test_old_news_of_the_core_move_nothing_back(
    database: Database, client: CoreClient, customer: Customer, agent: int
) -> None:
    number = ask(database, customer).request_no
    with database.unit_of_work() as session:
        moving.complete(session, number, "crew_sent", by=agent)
    carry(database, client, number)
    with database.unit_of_work() as session:
        moving.complete(session, number, "arrived", by=agent)
    run.run(database, CoreFeed(client))
    assert request_of(database).step == "arrived"


def test_a_refusal_of_the_desk_ends_the_order_however_far_it_was(
    database: Database, client: CoreClient, customer: Customer, agent: int
) -> None:
    for key, steps, status in (
        ("early", (), "rejected"),
        ("late", ("crew_sent", "arrived"), "cancelled"),
    ):
        number = ask(database, customer, key=key).request_no
        with database.unit_of_work() as session:
            for step in steps:
                moving.complete(session, number, step, by=agent)
        carry(database, client, number)
        with database.unit_of_work() as session:
            moving.reject(session, number, "不在我们的供电范围", by=agent)
        carry(database, client, number)
        assert orders(database)[-1] == ("outage_report", status, number)
    run.run(database, CoreFeed(client))
    with database.unit_of_work() as session:
        assert set(session.scalars(select(Request.state))) == {"rejected"}


def test_what_is_opened_again_is_another_order(
    database: Database, client: CoreClient, customer: Customer, agent: int
) -> None:
    number = ask(database, customer, "call_back").request_no
    with database.unit_of_work() as session:
        moving.complete(session, number, "called", by=agent, values={"outcome": "answered"})
    carry(database, client, number)
    with database.unit_of_work() as session:
        moving.reopen(session, customer.asker, number, "还是没说清楚")
    for _ in range(2):
        carry(database, client, number)
        run.run(database, CoreFeed(client))
    again = f"{number}-1"
    assert orders(database) == [("call_back", "done", number), ("call_back", "received", again)]
    assert request_of(database).state == "received"


def test_what_the_core_refuses_stays_in_sight(
    database: Database, client: CoreClient, customer: Customer
) -> None:
    with database.unit_of_work() as session:
        stray = builders.create_account(session, "420099999999")
        builders.create_link(session, session.get_one(builders.User, customer.user_id), stray)
    elsewhere = Customer(customer.user_id, stray.account_no, customer.bill_no)
    number = ask(database, elsewhere).request_no
    with pytest.raises(NotCarried):
        carry(database, client, number)
    assert request_of(database).last_error == "service_order.not_found"
    assert orders(database) == []


def test_the_job_is_the_one_that_is_asked_for() -> None:
    declared = jobs.tasks[soon.CARRY.name]
    assert (declared.queue, declared.func) == (soon.CARRY.queue, work.carry.func)


def test_the_job_carries_by_the_settings(
    database: Database,
    customer: Customer,
    core_url: str,
    settings_env: pytest.MonkeyPatch,
) -> None:
    settings_env.setenv("DENGHUO_CORE_URL", core_url)
    settings_env.setenv("DENGHUO_CORE_TOKEN", TOKEN)
    for kept in (work._settings, work._core):
        kept.cache_clear()
    number = ask(database, customer).request_no
    work.carry(number)
    assert orders(database) == [("outage_report", "received", number)]
    work._core().close()
    for kept in (work._settings, work._core):
        kept.cache_clear()
