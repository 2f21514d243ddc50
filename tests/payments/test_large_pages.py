"""The step before a large payment, on the pages: by code without a script, and by passkey."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from payments.confirmations.models import Confirmation
from payments.models import Order
from runtime import events
from runtime.database import Database
from service.models import SignInSession, User
from service.people.events import CodeIssued
from tests.authenticator import Device
from tests.payments.builders import create_account, create_bill, link
from tests.payments.test_pages import app, client, field, html  # noqa: F401 - fixtures
from tests.service.people.holders import added

LARGE = 6_000_00


@pytest.fixture
def owing(client: FlaskClient, database: Database) -> FlaskClient:  # noqa: F811 - the fixture
    """The browser of somebody who owes six thousand yuan."""
    with database.unit_of_work() as session:
        create_bill(session, "B-large", total_fen=LARGE)
    return client


@pytest.fixture
def sent() -> Any:
    codes: list[CodeIssued] = []
    with events.subscribed(CodeIssued, lambda _session, event: codes.append(event)):
        yield codes


def form_of(page: str, **more: str) -> dict[str, Any]:
    named = ("csrf_token", "key", "expected")
    bills = re.findall(r'name="bill" value="([^"]+)"', page)
    return {name: field(page, name) for name in named} | {"way": "alipay", "bill": bills} | more


def step(browser: FlaskClient) -> str:
    """The page that asks for a confirmation."""
    answer = browser.post("/pay", data=form_of(html(browser, "/pay")))
    assert answer.status_code == 200
    assert "<h1>确认这笔大额付款</h1>" in answer.text
    assert answer.text.count("button primary") == 1
    return answer.text


def count(database: Database) -> tuple[int, int]:
    """Orders and confirmations."""
    with database.unit_of_work() as session:
        return (
            session.scalar(select(func.count(Order.id))) or 0,
            session.scalar(select(func.count(Confirmation.id))) or 0,
        )


def test_a_code_leads_to_the_cashier(
    owing: FlaskClient, database: Database, sent: list[CodeIssued]
) -> None:
    page = step(owing)
    assert "6,000.00" in page
    assert count(database) == (0, 0)
    page = owing.post("/pay/large", data=form_of(page, action="send")).text
    assert "验证码发出去了" in page
    assert sent[0].details == {"amount": "6,000.00", "payee": "江城供电（户号尾号 5603）"}
    other = "111111" if sent[0].code == "000000" else "000000"
    wrong = owing.post("/pay/large", data=form_of(page, code=other))
    assert (wrong.status_code, "验证码不对" in wrong.text) == (422, True)
    form = form_of(wrong.text, code=sent[0].code)
    answer = owing.post("/pay/large", data=form)
    assert answer.status_code == 303
    assert answer.location.startswith("http://127.0.0.1:9/gateway.do?")
    assert count(database) == (1, 1)
    again = owing.post("/pay/large", data=form)  # pressed twice
    assert again.location == answer.location
    assert count(database) == (1, 1)


def test_an_empty_code_is_no_try(owing: FlaskClient, sent: list[CodeIssued]) -> None:
    page = owing.post("/pay/large", data=form_of(step(owing), action="send")).text
    for _ in range(12):
        page = owing.post("/pay/large", data=form_of(page, code=" ")).text
        assert "请填短信里的 6 位数字" in page
    answer = owing.post("/pay/large", data=form_of(page, code=sent[0].code))
    assert answer.status_code == 303


def test_the_step_cannot_be_gone_round(
    owing: FlaskClient, database: Database, sent: list[CodeIssued]
) -> None:
    """Straight to the order, with fields that name a confirmation, or with another's code."""
    page = html(owing, "/pay")
    made_up = {"confirmation": "1", "confirmation_id": "1", "confirmed": "yes", "code": "123456"}
    assert "确认这笔大额付款" in owing.post("/pay", data=form_of(page, **made_up)).text
    for more in ({}, {"code": "123456"}, {"credential": "{}"}, {"credential": "x" * 100_000}):
        assert owing.post("/pay/large", data=form_of(page, **more)).status_code == 422
    owing.post("/pay/large", data=form_of(page, action="send"))
    other = {"key": "another form"}
    stolen = owing.post("/pay/large", data=form_of(page, code=sent[0].code) | other)
    assert stolen.status_code == 422
    assert count(database) == (0, 0)


def test_another_sum_is_shown_and_not_confirmed(
    owing: FlaskClient, database: Database, sent: list[CodeIssued]
) -> None:
    page = step(owing)
    owing.post("/pay/large", data=form_of(page, action="send"))
    with database.unit_of_work() as session:
        create_bill(session, "B-second", total_fen=LARGE, period="2026-09")
    form = form_of(page, code=sent[0].code)
    more = owing.post("/pay/large", data=form | {"bill": ["B-large", "B-second"]})
    assert more.status_code == 409
    assert "要缴的数变了" in more.text
    raised = owing.post(
        "/pay/large", data=form | {"bill": ["B-large", "B-second"], "expected": str(2 * LARGE)}
    )
    assert raised.status_code == 422
    assert count(database) == (0, 0)


def test_a_passkey_leads_to_the_cashier(owing: FlaskClient, database: Database) -> None:
    device = _with_passkey(database)
    page = step(owing)
    assert "用通行密钥确认" in page
    options = owing.post("/pay/large/options", data=form_of(page))
    assert options.status_code == 200
    other = owing.post(
        "/pay/large",
        data=form_of(page, credential=device.get(options.text)) | {"key": "another form"},
    )
    assert other.status_code == 422
    assert count(database) == (0, 0)
    options = owing.post("/pay/large/options", data=form_of(page))
    form = form_of(page, credential=device.get(options.text))
    assert owing.post("/pay/large", data=form).status_code == 303
    assert count(database) == (1, 1)


def test_who_has_no_passkey_sees_no_button(owing: FlaskClient) -> None:
    page = step(owing)
    assert "用通行密钥确认" not in page
    answer = owing.post("/pay/large/options", data=form_of(page))
    assert (answer.status_code, answer.json) == (
        422,
        {"said": "您还没有能用的通行密钥，请用短信验证码。"},
    )


def test_the_step_has_no_address_of_its_own(owing: FlaskClient) -> None:
    assert owing.get("/pay/large").location == "/pay"


def test_forty_accounts_are_one_step(
    client: FlaskClient,  # noqa: F811
    database: Database,
    sent: list[CodeIssued],
) -> None:
    with database.unit_of_work() as session:
        user_id = session.scalars(select(User.id)).one()
        for number in range(40):
            account_no = create_account(session, f"4200200000{number:02d}")
            link(session, user_id, account_no, role="enterprise_finance")
            create_bill(session, f"B-{account_no}", account_no=account_no, total_fen=200_00)
    bills = [f"B-4200200000{number:02d}" for number in range(40)]
    page = html(client, "/pay/confirm?" + "&".join(f"bill={each}" for each in bills))
    page = client.post("/pay", data=form_of(page)).text
    client.post("/pay/large", data=form_of(page, action="send"))
    assert sent[0].details == {"amount": "8,000.00", "payee": "江城供电（40 个户号）"}
    answer = client.post("/pay/large", data=form_of(page, code=sent[0].code))
    assert answer.status_code == 303
    assert count(database) == (1, 1)


def test_cash_at_the_counter_is_not_asked(owing: FlaskClient, database: Database) -> None:
    answer = owing.post("/pay/counter", data=form_of(html(owing, "/pay")))
    assert answer.status_code == 303
    assert count(database) == (1, 0)


def test_one_sets_ones_own_sum(owing: FlaskClient, app: Flask, database: Database) -> None:  # noqa: F811
    limit = "/profile/large-payments"
    page = html(owing, limit)
    assert 'value="5,000.00"' in page
    token = field(page, "csrf_token")
    for wrong in ("5000.01", "-1", "many", "1.234"):
        answer = owing.post(limit, data={"csrf_token": token, "over": wrong})
        assert answer.status_code == 422, wrong
    assert owing.post(limit, data={"csrf_token": token, "over": "100"}).location == "/profile"
    assert 'value="100.00"' in html(owing, limit)
    with database.unit_of_work() as session:
        create_bill(session, "B-small", total_fen=100_01, period="2026-09")
    page = html(owing, "/pay/confirm?bill=B-small")
    assert "<h1>确认这笔付款</h1>" in owing.post("/pay", data=form_of(page)).text
    for later in ("5000", ""):
        answer = owing.post(limit, data={"csrf_token": token, "over": later})
        assert answer.location == f"/profile/prove?next={limit}"
    with database.unit_of_work() as session:
        session.query(SignInSession).one().proved_at = func.now()
    assert owing.post(limit, data={"csrf_token": token, "over": ""}).location == "/profile"
    assert owing.post("/pay", data=form_of(page)).status_code == 303


def _with_passkey(database: Database) -> Device:
    with database.unit_of_work() as session:
        return added(session, session.scalars(select(User)).one())
