"""Passkeys through the pages: proved, added, used at the door, renamed, removed."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select

from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service.models import SignInSession, User
from service.people.events import CodeIssued
from service.people.models import Passkey, PasskeyChallenge
from tests.authenticator import Device
from tests.portal.conftest import (
    PASSWORD,
    PHONE,
    CoreThatKnows,
    create_user,
    form_token,
    sign_in,
    take_second_step,
)
from tests.portal.places import says, words

ADD, DOOR = "/profile/passkeys/add", "/sign-in/passkey"


def prove(client: FlaskClient, password: str = PASSWORD) -> str:
    """Prove oneself by password; the address one is sent to."""
    token = form_token(client, "/profile/prove")
    answer = client.post(
        "/profile/prove", data={"csrf_token": token, "password": password, "next": ADD}
    )
    return answer.headers.get("Location", "")


def asked(client: FlaskClient, path: str, page: str) -> str:
    answer = client.post(f"{path}/options", data={"csrf_token": form_token(client, page)})
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return answer.text


def add(client: FlaskClient, name: str = "书房的电脑") -> Device:
    assert prove(client) == ADD
    device = Device()
    credential = device.create(asked(client, ADD, ADD))
    form = {"csrf_token": form_token(client, ADD), "name": name, "credential": credential}
    answer = client.post(ADD, data=form)
    assert answer.headers["Location"] == "/profile/passkeys", answer.text
    return device


def enter(client: FlaskClient, credential: str, **more: str):  # type: ignore[no-untyped-def]
    form = {"csrf_token": form_token(client), "credential": credential, **more}
    return client.post(DOOR, data=form)


def test_a_passkey_is_added_after_a_proof_and_signs_in_elsewhere(
    app: Flask, client: FlaskClient, user: User
) -> None:
    assert client.get(ADD).headers["Location"] == f"/profile/prove?next={ADD}"
    device = add(client)
    assert "书房的电脑" in says(client, "/profile/passkeys")
    assert "还没用过" in says(client, "/profile/passkeys")
    other = app.test_client()
    answer = enter(other, device.get(asked(other, DOOR, "/sign-in")), next="/profile/passkeys")
    assert answer.headers["Location"] == "/profile/passkeys"
    assert "用过" in says(other, "/profile/passkeys")


def test_without_a_proof_nothing_is_asked_or_kept(
    client: FlaskClient, user: User, database: Database
) -> None:
    token = form_token(client, "/profile/edit")
    answer = client.post(f"{ADD}/options", data={"csrf_token": token})
    assert answer.status_code == 422
    assert answer.json == {"said": "先确认是您本人，再办这件事。"}
    made_up = Device().create('{"challenge": "AAAA", "user": {"id": "AAAA"}}')
    answer = client.post(ADD, data={"csrf_token": token, "name": "x", "credential": made_up})
    assert answer.status_code == 422
    assert "已经用过了" in words(answer.text)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Passkey.id))) == 0
        assert session.scalar(select(func.count(PasskeyChallenge.id))) == 0


def test_a_wrong_password_proves_nothing(client: FlaskClient, user: User) -> None:
    assert prove(client, "another lamp") == ""
    assert client.get(ADD).headers["Location"].startswith("/profile/prove")
    assert prove(client) == ADD
    with time_machine.travel(clock.now() + timedelta(minutes=6)):
        assert client.get(ADD).headers["Location"].startswith("/profile/prove")


def test_who_has_no_password_proves_by_code(
    app: Flask, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database, password=None)
    client = app.test_client()
    token = form_token(client, "/sign-in/code")
    client.post("/sign-in/code", data={"csrf_token": token, "phone": PHONE, "action": "send"})
    form = {"csrf_token": token, "phone": PHONE, "code": codes_sent[-1].code}
    assert client.post("/sign-in/code", data=form).status_code == 302
    assert client.get(f"/profile/prove?next={ADD}").headers["Location"] == (
        f"/profile/prove/code?next={ADD}"
    )
    page = "/profile/prove/code"
    token = form_token(client, page)
    wrong = client.post(page, data={"csrf_token": token, "code": "000000", "next": ADD})
    assert wrong.status_code == 422
    client.post(page, data={"csrf_token": token, "action": "send", "next": ADD})
    assert codes_sent[-1].purpose == "prove"
    form = {"csrf_token": token, "code": codes_sent[-1].code, "next": ADD}
    assert client.post(page, data=form).headers["Location"] == ADD
    assert client.get(ADD).status_code == 200


def test_the_way_back_of_a_proof_leads_nowhere_else(client: FlaskClient, user: User) -> None:
    form = {"csrf_token": form_token(client, "/profile/prove"), "password": PASSWORD}
    answer = client.post("/profile/prove", data=form | {"next": "https://elsewhere.test/"})
    assert answer.headers["Location"] == "/"


def test_an_answer_that_is_not_right_leads_back_to_the_door(
    app: Flask, client: FlaskClient, user: User, database: Database
) -> None:
    device, other = add(client), app.test_client()
    before = _sessions(database)
    for credential in ("", "{}", device.get(asked(other, DOOR, "/sign-in"), verified=False)):
        answer = enter(other, credential)
        assert answer.headers["Location"] == "/sign-in"
        assert "短信验证码" in says(other, "/sign-in")
    assert _sessions(database) == before
    assert other.get("/profile").status_code == 302


def test_an_answer_of_another_browser_opens_nothing(
    app: Flask, client: FlaskClient, user: User
) -> None:
    """Somebody's own answer cannot be slipped to another's browser."""
    device, mine, theirs = add(client), app.test_client(), app.test_client()
    answer = enter(theirs, device.get(asked(mine, DOOR, "/sign-in")))
    assert answer.headers["Location"] == "/sign-in"
    assert theirs.get("/profile").status_code == 302


def test_a_passkey_is_renamed_and_removed(app: Flask, client: FlaskClient, user: User) -> None:
    device = add(client)
    (address,) = re.findall(r'href="(/profile/passkeys/\d+)"', client.get("/profile/passkeys").text)
    token = form_token(client, address)
    client.post(address, data={"csrf_token": token, "name": "新名字"})
    assert "新名字" in says(client, "/profile/passkeys")
    too_long = client.post(address, data={"csrf_token": token, "name": "长" * 41})
    assert too_long.status_code == 422
    client.post(f"{address}/remove", data={"csrf_token": token})
    assert "新名字" not in says(client, "/profile/passkeys")
    assert client.get(address).status_code == 404
    other = app.test_client()
    answer = enter(other, device.get(asked(other, DOOR, "/sign-in")))
    assert answer.headers["Location"] == "/sign-in"
    assert "没有这把通行密钥" in says(other, "/sign-in")


def test_a_neighbour_gets_404(
    app: Flask, client: FlaskClient, user: User, database: Database
) -> None:
    add(client)
    (address,) = re.findall(r'href="(/profile/passkeys/\d+)"', client.get("/profile/passkeys").text)
    create_user(database, "13800000000")
    neighbour = app.test_client()
    sign_in(neighbour, "13800000000")
    token = form_token(neighbour, "/profile/edit")
    assert neighbour.get(address).status_code == 404
    for path in (address, f"{address}/remove"):
        answer = neighbour.post(path, data={"csrf_token": token, "name": "mine"})
        assert answer.status_code == 404
    assert "书房的电脑" in says(client, "/profile/passkeys")


@pytest.mark.parametrize("path", [DOOR, f"{DOOR}/options", ADD, f"{ADD}/options"])
def test_every_step_needs_the_token_of_its_form(client: FlaskClient, user: User, path: str) -> None:
    assert client.post(path, data={"credential": "{}"}).status_code == 400


def test_staff_have_passkeys_too(app: Flask, database: Database) -> None:
    person, client = create_user(database), app.test_client()
    with database.unit_of_work() as session:
        session.get_one(User, person.id).staff_role = "finance"
    sign_in(client)
    take_second_step(client)
    device, other = add(client), app.test_client()
    assert enter(other, device.get(asked(other, DOOR, "/sign-in"))).status_code == 302
    assert other.get("/profile/passkeys").status_code == 200


@pytest.fixture
def by_number(database: Database, core: CoreThatKnows, settings: PortalSettings) -> FlaskClient:
    """The browser of a customer at a portal whose address is a number."""
    told = load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        public_url="http://127.0.0.1:8000",
    )
    create_user(database)
    client = create_app(told, database, core).test_client()
    sign_in(client)
    return client


def test_at_a_number_there_are_none(by_number: FlaskClient) -> None:
    assert "这个网址上用不了通行密钥" in says(by_number, "/profile/passkeys")
    assert by_number.get(ADD).status_code == 404
    by_number.post("/sign-out", data={"csrf_token": form_token(by_number, "/profile/edit")})
    page = by_number.get("/sign-in").text
    assert "passkeys.js" not in page
    assert "data-passkey=" not in page
    token = form_token(by_number)
    assert by_number.post(f"{DOOR}/options", data={"csrf_token": token}).status_code == 404


def test_the_door_offers_passkeys_to_the_browser(client: FlaskClient) -> None:
    for path in ("/sign-in", "/sign-in/code"):
        page = client.get(path).text
        assert 'autocomplete="username webauthn"' in page
        assert 'data-origin="http://localhost:8000"' in page
        assert re.search(r"<button[^>]*data-passkey-button hidden>用通行密钥登录", page)


def _sessions(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count(SignInSession.id))) or 0
