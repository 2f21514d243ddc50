"""A payment machine: what it asks, what it says, and that it is believed once."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from payments.counter import codes, shifts
from payments.counter.models import Cash, Shift
from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.settings import load
from tests.payments.builders import ACCOUNT
from tests.payments.conftest import Home
from tests.payments.counter.browsing import TOKEN, NobodyThere, get_code, said


def ask(app: Flask, path: str, body: object, token: str = TOKEN) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().post(f"/kiosk/v1/codes/{path}", json=body, headers=headers)


def test_a_machine_takes_a_code(
    app: Flask, customer: FlaskClient, database: Database, home: Home
) -> None:
    address, number = get_code(customer, database, home)
    told = ask(app, number, {"machine": "K01"})
    assert told.status_code == 200
    assert told.json["amount_fen"] == 14960
    assert told.json["accounts"] == [{"account_no": ACCOUNT, "holder": "王*华"}]
    body = {
        "machine": "K01",
        "idempotency_key": "k01-000001",
        "given_fen": 15000,
        "change_fen": 40,
    }
    answers = [ask(app, f"{number}/pay", body) for _ in range(2)]
    assert [each.status_code for each in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert answers[0].json["amount_fen"] == 14960
    other = ask(app, f"{number}/pay", body | {"idempotency_key": "k01-000002"})
    assert (other.status_code, other.json["code"]) == (409, "counter.code_paid")
    assert "收到了，正在记账" in said(customer.get(address).text)
    with database.unit_of_work() as session:
        box = session.scalars(select(Shift).where(Shift.machine)).one()
        assert (box.drawer, shifts.drawer_fen(session, box)) == ("K01", 14960)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"given_fen": 15000, "change_fen": 0}, 409, "counter.other_amount"),
        ({"given_fen": 14000}, 400, "counter.too_little"),
        ({"given_fen": 14965, "change_fen": 5}, 400, "counter.no_such_coins"),
        ({"given_fen": "15000"}, 422, "request.malformed"),
        ({"given_fen": 149.6}, 422, "request.malformed"),
        ({"given_fen": -1}, 422, "request.malformed"),
        ({"given_fen": 14960, "machine": "no such name!"}, 422, "request.malformed"),
        ({"given_fen": 14960, "idempotency_key": ""}, 422, "request.malformed"),
        ({"given_fen": 14960, "currency": "USD"}, 422, "request.malformed"),
    ],
)
def test_what_a_machine_says_must_fit(
    app: Flask,
    customer: FlaskClient,
    database: Database,
    home: Home,
    body: dict[str, object],
    status: int,
    code: str,
) -> None:
    _address, number = get_code(customer, database, home)
    answer = ask(app, f"{number}/pay", {"machine": "K01", "idempotency_key": "k01-000001"} | body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    with database.unit_of_work() as session:
        assert session.scalar(select(Cash)) is None


def test_a_machine_brings_its_token_and_does_not_guess(
    app: Flask, customer: FlaskClient, database: Database, home: Home
) -> None:
    _address, number = get_code(customer, database, home)
    for token in ("", "wrong"):
        assert ask(app, number, {"machine": "K01"}, token).status_code == 401
    guess = "123456789012345"
    guess += codes.check_digit(guess)
    for _ in range(20):
        assert ask(app, guess, {"machine": "K01"}).status_code == 404
    refused = ask(app, number, {"machine": "K01"})
    assert (refused.status_code, refused.json["code"]) == (429, "counter.locked")
    assert ask(app, number, {"machine": "K02"}).status_code == 200
    assert ask(app, number, "no object").status_code == 422


def test_without_a_token_no_machine_is_answered(
    database: Database, settings_env: pytest.MonkeyPatch
) -> None:
    settings = load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")
    bare = create_app(settings, database, NobodyThere())
    assert ask(bare, "1", {"machine": "K01"}, "").status_code == 401
