"""Colleagues and their roles, as an administrator works with them."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from runtime import events
from runtime.database import Database
from service.audit import AuditEntry
from service.events import ActionApproved
from service.models import User
from service.people import staff as roles
from service.people import users
from tests.portal.conftest import (
    PASSWORD,
    create_user,
    post,
    sign_in,
    staff,
    take_second_step,
)
from tests.portal.places import says, words

ADMIN, LEAD, AGENT, NEW = "13900000001", "13900000002", "13900000003", "13900000009"
ROOM = "/desk/people"
NEWCOMER = {"phone": NEW, "name": "林小满", "role": "agent", "reason": "新来的"}


@pytest.fixture(autouse=True)
def decided() -> Iterator[None]:
    """Approvals give roles, as `denghuo.wiring` connects them."""
    with events.subscribed(ActionApproved, roles.on_approved):
        yield


@pytest.fixture
def admin(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, ADMIN, "admin")


@pytest.fixture
def agent(app: Flask, database: Database, admin: FlaskClient) -> FlaskClient:
    return staff(app, database, AGENT, "agent")


@pytest.fixture
def page(database: Database, agent: FlaskClient) -> str:
    """The agent's page in the administrator's room."""
    return f"{ROOM}/{user_of(database, AGENT).id}"


def user_of(database: Database, phone: str) -> User:
    with database.unit_of_work() as session:
        index = users.phone_index(phone)
        return session.scalars(select(User).where(User.phone_index == index)).one()


def role_of(database: Database, phone: str) -> str | None:
    return user_of(database, phone).staff_role


def told(text: str) -> str:
    found = re.search(r'<b class="raw">([a-z0-9-]+)</b>', text)
    assert found
    return found[1]


def test_the_list_says_who_has_which_role(admin: FlaskClient, agent: FlaskClient) -> None:
    page = says(admin, ROOM)
    assert "坐席" in page
    assert "管理员" in page
    assert AGENT in page


def test_somebody_new_comes_in_with_the_password_that_was_told(
    app: Flask, database: Database, admin: FlaskClient
) -> None:
    answer = post(admin, f"{ROOM}/new", **NEWCOMER)
    assert answer.status_code == 200
    client = app.test_client()
    sign_in(client, NEW, told(answer.text))
    take_second_step(client)
    assert client.get("/desk/refunds").status_code == 200
    assert "林小满" in says(admin, ROOM)


def test_what_is_wrong_stands_over_what_was_typed(database: Database, admin: FlaskClient) -> None:
    answer = post(admin, f"{ROOM}/new", **{**NEWCOMER, "phone": "139"})
    assert answer.status_code == 400
    assert "手机号是 11 位数字" in words(answer.text)
    assert 'value="林小满"' in answer.text
    assert 'value="agent" required checked' in answer.text
    with database.unit_of_work() as session:
        assert len(session.scalars(select(User)).all()) == 1


def test_a_customers_phone_is_refused(database: Database, admin: FlaskClient) -> None:
    from tests.service import builders

    customer = create_user(database, NEW)
    with database.unit_of_work() as session:
        builders.create_link(session, customer, builders.create_account(session))
    answer = post(admin, f"{ROOM}/new", **NEWCOMER)
    assert answer.status_code == 409
    assert "请用另一个手机号" in words(answer.text)
    assert role_of(database, NEW) is None


def test_another_role_signs_out_at_once(
    database: Database, admin: FlaskClient, agent: FlaskClient, page: str
) -> None:
    assert agent.get("/desk/refunds").status_code == 200
    answer = post(admin, f"{page}/role", role="inspector", reason="换岗")
    assert answer.headers["Location"] == page
    assert "岗位给好了" in says(admin, page)
    assert role_of(database, AGENT) == "inspector"
    assert agent.get("/desk/refunds").headers["Location"].startswith("/sign-in?")


def test_finance_is_given_when_a_lead_agrees(
    app: Flask, database: Database, admin: FlaskClient, page: str
) -> None:
    post(admin, f"{page}/role", role="finance", reason="接方敏的班")
    assert "等班长或另一位管理员批" in says(admin, ROOM)
    assert role_of(database, AGENT) == "agent"
    lead = staff(app, database, LEAD, "lead")
    waiting = says(lead, "/desk/approvals")
    assert "“财务”的岗位" in waiting
    assert "接方敏的班" in waiting
    assert post(admin, "/desk/approvals/1/approve").status_code == 303
    assert role_of(database, AGENT) == "agent"
    post(lead, "/desk/approvals/1/approve")
    assert role_of(database, AGENT) == "finance"


def test_finance_does_not_give_roles(
    app: Flask, database: Database, admin: FlaskClient, page: str
) -> None:
    finance = staff(app, database, LEAD, "finance")
    post(admin, f"{page}/role", role="admin", reason="帮忙")
    shown = says(finance, "/desk/approvals")
    assert "这一件由班长或管理员批" in shown
    assert "不批" not in shown
    post(finance, "/desk/approvals/1/approve")
    assert "您的岗位不批这一件，请班长或管理员来批。" in says(finance, "/desk/approvals")
    assert role_of(database, AGENT) == "agent"


def test_closed_out_and_let_in_again(
    app: Flask, database: Database, admin: FlaskClient, agent: FlaskClient, page: str
) -> None:
    assert post(admin, f"{page}/close", reason="手机丢了").headers["Location"] == page
    shown = says(admin, page)
    assert "已停用" in shown
    assert "忘了密码" not in shown
    assert agent.get("/desk/refunds").status_code == 302
    refused = post(app.test_client(), "/sign-in", phone=AGENT, password=PASSWORD)
    assert refused.status_code == 422
    post(admin, f"{page}/role", role="agent", reason="找到了")
    sign_in(agent, AGENT)
    take_second_step(agent)
    assert agent.get("/desk/refunds").status_code == 200


def test_a_role_taken_away_leaves_the_list(
    database: Database, admin: FlaskClient, agent: FlaskClient, page: str
) -> None:
    assert post(admin, f"{page}/take", reason="调走了").headers["Location"] == ROOM
    assert AGENT not in admin.get(ROOM).text
    assert admin.get(page).status_code == 404
    assert agent.get("/desk/refunds").status_code == 302
    assert role_of(database, AGENT) is None


def test_a_new_password_is_told_once(
    app: Flask, admin: FlaskClient, agent: FlaskClient, page: str
) -> None:
    answer = post(admin, f"{page}/password", reason="忘了")
    new = told(answer.text)
    assert new not in admin.get(page).text
    assert agent.get("/desk/refunds").status_code == 302
    old = post(app.test_client(), "/sign-in", phone=AGENT, password=PASSWORD)
    assert old.status_code == 422
    sign_in(agent, AGENT, new)
    take_second_step(agent)
    assert agent.get("/desk/refunds").status_code == 200


@pytest.mark.parametrize("deed", ["role", "take", "close", "password"])
def test_without_a_reason_nothing_is_done(
    database: Database, admin: FlaskClient, agent: FlaskClient, page: str, deed: str
) -> None:
    answer = post(admin, f"{page}/{deed}", role="field", reason=" ")
    assert answer.status_code == 400
    assert "写一句为什么" in words(answer.text)
    assert role_of(database, AGENT) == "agent"
    assert agent.get("/desk/refunds").status_code == 200


def test_ones_own_role_is_another_ones_to_change(database: Database, admin: FlaskClient) -> None:
    own = f"{ROOM}/{user_of(database, ADMIN).id}"
    assert "这是您自己" in says(admin, own)
    answer = post(admin, f"{own}/take", reason="不想做了")
    assert answer.status_code == 403
    assert "要请另一位管理员改" in words(answer.text)
    assert role_of(database, ADMIN) == "admin"


def test_every_change_is_in_the_trail_with_its_address(
    database: Database, admin: FlaskClient, page: str
) -> None:
    post(admin, f"{page}/close", reason="手机丢了")
    with database.unit_of_work() as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.deed, entry.reason, entry.address) == ("staff.closed", "手机丢了", "127.0.0.1")
    assert entry.subject == f"user {user_of(database, AGENT).id}"


@pytest.mark.parametrize("role", ["agent", "lead", "finance", "field", "inspector"])
def test_for_others_the_room_does_not_exist(
    app: Flask, database: Database, agent: FlaskClient, page: str, role: str
) -> None:
    client = staff(app, database, LEAD, role)
    for path in (ROOM, f"{ROOM}/new", page):
        assert client.get(path).status_code == 404
    for path in (f"{ROOM}/new", *(f"{page}/{deed}" for deed in ("role", "take", "close"))):
        assert post(client, path, **NEWCOMER).status_code == 404
    assert post(client, f"{page}/password", reason="x").status_code == 404
    assert role_of(database, AGENT) == "agent"


def test_a_customer_finds_no_such_room(
    app: Flask, database: Database, agent: FlaskClient, page: str
) -> None:
    create_user(database, NEW)
    customer = app.test_client()
    sign_in(customer, NEW)
    assert customer.get(ROOM).status_code == 404
    assert post(customer, f"{page}/role", role="agent", reason="x").status_code == 404


def test_a_customers_number_is_no_colleague(database: Database, admin: FlaskClient) -> None:
    customer = create_user(database, NEW)
    assert admin.get(f"{ROOM}/{customer.id}").status_code == 404
    assert post(admin, f"{ROOM}/{customer.id}/password", reason="x").status_code == 404
