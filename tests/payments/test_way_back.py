"""The customer comes back from the sandbox's cashier: the page knows at once what they did."""

from urllib.parse import urlsplit

import httpx
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from payments.models import Order
from payments.settings import PaymentSettings
from portal.app import create_app
from portal.pay.way_back import EXPECTING
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from tests.payments.builders import BILL, create_bill
from tests.payments.test_pages import PHONE_BROWSER, NobodyThere, field, html, new_customer
from tests.sandbox.server import SandboxServer


@pytest.fixture
def app(database: Database, sandbox_settings: PaymentSettings) -> Flask:
    settings = load(
        PortalSettings,
        var=sandbox_settings.var,
        secret_key=SecretStr("for tests alone"),
        environment="test",
    )
    return create_app(settings, database, NobodyThere())


@pytest.fixture
def client(app: Flask, database: Database) -> FlaskClient:
    """A customer who owes one bill."""
    browser = new_customer(app, database)
    with database.unit_of_work() as session:
        create_bill(session)
    return browser


def _at_the_cashier(client: FlaskClient, way: str) -> str:
    """Place the order on a phone and go to the gateway; the cashier's address."""
    page = html(client, "/pay")
    form = {name: field(page, name) for name in ("csrf_token", "key", "expected")}
    answer = client.post("/pay", data=form | {"way": way, "bill": BILL}, headers=PHONE_BROWSER)
    return str(httpx.get(answer.location, follow_redirects=True, trust_env=False).url)


def _press(cashier: str, button: str) -> str:
    """Where the cashier sends the browser, as the portal's own path and query."""
    answer = httpx.post(cashier, data={"mode": button}, trust_env=False)
    parts = urlsplit(answer.headers["location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _order(database: Database) -> Order:
    with database.unit_of_work() as session:
        return session.scalars(select(Order)).one()


@pytest.mark.parametrize("way", ["wechat", "alipay"])
def test_what_was_paid_is_known_without_any_callback(
    client: FlaskClient, database: Database, way: str
) -> None:
    way_back = _press(_at_the_cashier(client, way), "lose")
    path = f"/pay/{_order(database).order_no}"
    assert way_back.startswith(f"{path}/back")
    answer = client.get(way_back)
    assert (answer.status_code, answer.location) == (303, path)
    assert "收到了，正在记账" in html(client, path)
    assert _order(database).status == "paid"


def test_alipays_words_leave_the_address_bar(
    client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    way_back = _press(_at_the_cashier(client, "alipay"), "lose")
    assert "sign=" in way_back
    assert "app_id=" in way_back
    assert client.get(way_back).location == f"/pay/{_order(database).order_no}"


def test_an_address_that_was_made_up_asks_nobody(
    client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    way_back = _press(_at_the_cashier(client, "alipay"), "lose")
    path = f"/pay/{_order(database).order_no}"
    for bent in (f"{path}/back", way_back.replace("sign=", "sign=A"), f"{path}/back?sign=A"):
        assert client.get(bent).location == path
        assert _order(database).status == "awaiting"
    assert "去支付宝付 ¥149.51</a>" in html(client, path)


def test_until_the_gateway_knows_nothing_asks_to_be_paid_again(
    client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    way_back = _press(_at_the_cashier(client, "alipay"), "lose")
    path = f"/pay/{_order(database).order_no}"
    sandbox.outage("alipay", "error")
    assert client.get(way_back).location == path
    page = html(client, path)
    assert "<h1>正在确认</h1>" in page
    assert "button primary" not in page
    assert 'rel="noreferrer">刚才没有付？回支付宝付</a>' in page
    assert client.get(f"{path}/state?seen=confirming").status_code == 204
    sandbox.heal()
    with time_machine.travel(clock.now() + EXPECTING, tick=True):
        later = client.get(f"{path}/state?seen=confirming").get_data(as_text=True)
    assert "去支付宝付 ¥149.51</a>" in later
    client.post(f"{path}/check", data={"csrf_token": field(page, "csrf_token")})
    assert _order(database).status == "paid"


def test_whoever_turns_back_at_the_cashier_can_go_there_again(
    client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    way_back = _press(_at_the_cashier(client, "alipay"), "cancel")
    assert way_back == f"/pay/{_order(database).order_no}"
    assert "去支付宝付 ¥149.51</a>" in html(client, way_back)


def test_nobody_comes_back_to_the_order_of_another(
    app: Flask, client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    way_back = _press(_at_the_cashier(client, "alipay"), "lose")
    stranger = app.test_client()
    assert stranger.get(way_back).location.startswith("/sign-in?next=")
    assert _order(database).status == "awaiting"
