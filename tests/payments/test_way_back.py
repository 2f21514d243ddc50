"""The customer comes back from the sandbox's cashier: the page knows at once what they did."""

import re
from datetime import timedelta
from html import unescape
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
from portal.pay.way_back import EXPECTING, TICKET
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


HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def _form(page: str, action: str) -> tuple[str, dict[str, str]]:
    """The address and the fields of the form whose address has `action` in it.

    A browser sends every line end as CR LF.
    """
    found = re.search(rf'<form method="post" action="([^"]*{action}[^"]*)".*?</form>', page, re.S)
    assert found is not None
    fields = {name: unescape(value) for name, value in HIDDEN.findall(found[0])}
    return found[1], {n: re.sub(r"\r?\n", "\r\n", value) for n, value in fields.items()}


def _place(client: FlaskClient, **options: object) -> str:
    """Place the order; the path of its page."""
    page = html(client, "/pay")
    form = {name: field(page, name) for name in ("csrf_token", "key", "expected")}
    asked = form | {"way": "unionpay", "bill": BILL}
    return str(client.post("/pay", data=asked, **options).location)


def _at_unionpay(client: FlaskClient) -> str:
    action, fields = _form(html(client, _place(client)), "frontTransReq")
    answer = httpx.post(action, data=fields, follow_redirects=True, trust_env=False)
    assert answer.status_code == httpx.codes.OK
    return str(answer.url)


def _press_at_unionpay(cashier: str, button: str) -> tuple[str, dict[str, str]]:
    """Pay; where the cashier's own form leads, as the portal's path, and its fields."""
    answer = httpx.post(cashier, data={"mode": button}, follow_redirects=True, trust_env=False)
    action, fields = _form(answer.text, "/callbacks/unionpay/front/")
    return urlsplit(action).path, fields


def _front(app: Flask, path: str, fields: dict[str, str]) -> str:
    """Post as a browser does from another site: without any cookie. Where it is sent."""
    answer = app.test_client().post(path, data=fields)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    return str(answer.location)


def test_the_orders_page_posts_a_form_to_the_cashier(
    client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    path = _place(client)
    order = _order(database)
    assert path == f"/pay/{order.order_no}"
    assert (order.status, order.product) == ("awaiting", "page")
    page = html(client, path)
    action, fields = _form(page, "frontTransReq")
    assert action == f"{sandbox.base_url}/gateway/api/frontTransReq.do"
    assert (fields["txnAmt"], fields["currencyCode"], fields["channelType"]) == (
        "14951",
        "156",
        "07",
    )
    assert fields["txnTime"] == order.order_no[:14]
    assert ">去银联付 ¥149.51</button>" in page
    policy = client.get(path).headers["Content-Security-Policy"]
    assert sandbox.base_url in policy.split("form-action")[1].split(";")[0]


def test_a_phone_is_led_to_the_phones_cashier(client: FlaskClient, database: Database) -> None:
    path = _place(client, headers=PHONE_BROWSER)
    assert _order(database).product == "wap"
    assert _form(html(client, path), "frontTransReq")[1]["channelType"] == "08"


def test_what_was_paid_is_known_although_the_browser_brought_no_cookie(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    path, fields = _press_at_unionpay(_at_unionpay(client), "lose")
    order_no = _order(database).order_no
    assert path == f"/callbacks/unionpay/front/{order_no}"
    onward = _front(app, path, fields)
    assert onward.startswith(f"/pay/{order_no}/back?ticket=")
    assert _order(database).status == "awaiting"
    assert client.get(onward).location == f"/pay/{order_no}"
    assert _order(database).status == "paid"
    assert "收到了，正在记账" in html(client, f"/pay/{order_no}")


def test_the_front_notice_moves_no_money(
    app: Flask, client: FlaskClient, database: Database, sandbox: SandboxServer
) -> None:
    path, fields = _press_at_unionpay(_at_unionpay(client), "lose")
    sandbox.outage("unionpay", "error")
    assert client.get(_front(app, path, fields)).status_code == 303
    assert _order(database).status == "awaiting"
    page = html(client, f"/pay/{_order(database).order_no}")
    assert "<h1>正在确认</h1>" in page
    assert "button primary" not in page
    assert ">刚才没有付？回银联付</button>" in page


def test_what_was_made_up_asks_nobody(app: Flask, client: FlaskClient, database: Database) -> None:
    path, fields = _press_at_unionpay(_at_unionpay(client), "lose")
    order_no = _order(database).order_no
    for bent in (
        {},
        fields | {"txnAmt": "1"},
        fields | {"signature": "AAAA"},
        fields | {"extra": "1"},
        {name: value for name, value in fields.items() if name != "signPubKeyCert"},
    ):
        assert _front(app, path, bent) == f"/pay/{order_no}"
    assert _front(app, "/callbacks/unionpay/front/another", fields) == "/pay/another"
    assert client.get(f"/pay/{order_no}/back?ticket=made-up").location == f"/pay/{order_no}"
    assert _order(database).status == "awaiting"
    assert "去银联付 ¥149.51</button>" in html(client, f"/pay/{order_no}")


def test_a_ticket_is_for_one_order_and_for_a_moment(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    path, fields = _press_at_unionpay(_at_unionpay(client), "lose")
    order_no = _order(database).order_no
    onward = _front(app, path, fields)
    with time_machine.travel(clock.now() + TICKET + timedelta(seconds=2), tick=False):
        assert client.get(onward).location == f"/pay/{order_no}"
    assert _order(database).status == "awaiting"
    stranger = app.test_client()
    assert stranger.get(onward).location.startswith("/sign-in?next=")
    assert _order(database).status == "awaiting"
    assert EXPECTING >= TICKET


def test_whoever_turns_back_at_unionpay_can_go_there_again(
    client: FlaskClient, database: Database
) -> None:
    cashier = _at_unionpay(client)
    answer = httpx.post(cashier, data={"mode": "cancel"}, trust_env=False)
    path = urlsplit(answer.headers["location"]).path
    assert path == f"/pay/{_order(database).order_no}"
    assert "去银联付 ¥149.51</button>" in html(client, path)


@pytest.mark.parametrize("gateway", ["wechat", "nobody"])
def test_only_a_gateway_of_ours_leads_back(app: Flask, gateway: str) -> None:
    answer = app.test_client().post(f"/callbacks/{gateway}/front/x")
    assert answer.status_code == (303 if gateway == "wechat" else 404)
