"""Paying through the real pages and the real notify addresses, without a script."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import func, select, text

from payments.models import Order
from payments.settings import PaymentSettings
from portal.app import create_app
from portal.current import lifetime
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service.models import Posting, User
from service.people import sessions, users
from tests.payments.builders import ACCOUNT, BILL, World, create_account, create_bill, link

PHONE = "13800002046"
PHONE_BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36"}


class NobodyThere:
    """A core that is asked nothing here."""

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        raise AssertionError("no page of paying asks the core")


@pytest.fixture
def app(database: Database, world: World, settings_env: pytest.MonkeyPatch) -> Flask:
    papers = world.settings()
    for name in PaymentSettings.model_fields:
        value = getattr(papers, name)
        if value is not None and name.startswith(("wechatpay", "alipay", "unionpay")):
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            settings_env.setenv(f"DENGHUO_{name.upper()}", plain)
    settings = load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")
    return create_app(settings, database, NobodyThere())


@pytest.fixture
def client(app: Flask, database: Database) -> FlaskClient:
    """A signed-in customer with one account; bills are added by the test."""
    return new_customer(app, database)


def new_customer(app: Flask, database: Database, settlement: str = "postpaid") -> FlaskClient:
    """The browser of a customer with one account and no bill."""
    with database.unit_of_work() as session:
        user = users.add_user(session, PHONE, password_hash=None, name="王建华")
        create_account(session, settlement=settlement)
        link(session, user.id)
    return _signed_in(app, database, user)


def _signed_in(app: Flask, database: Database, user: User) -> FlaskClient:
    with database.unit_of_work() as session:
        token = sessions.open_session(
            session,
            user,
            device="test",
            address="127.0.0.1",
            lifetime=lifetime(app.extensions["settings"]),
        )
    client = app.test_client()
    client.set_cookie("denghuo", token)
    return client


def _bill(database: Database, bill_no: str = BILL, **given: Any) -> None:
    with database.unit_of_work() as session:
        create_bill(session, bill_no, **given)


def field(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def html(client: FlaskClient, path: str, status: int = 200, **options: Any) -> str:
    answer = client.get(path, **options)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert page.count("button primary") <= 1
    assert page.count("<h1") == 1
    return page


def _pay(client: FlaskClient, page: str, way: str = "alipay", **options: Any) -> Any:
    form = {name: field(page, name) for name in ("csrf_token", "key", "expected")} | {"way": way}
    form["bill"] = re.findall(r'name="bill" value="([^"]+)"', page)
    return client.post("/pay", data=form, **options)


def _order(database: Database) -> Order:
    with database.unit_of_work() as session:
        return session.scalars(select(Order)).one()


def test_one_bill_is_two_taps_from_the_cashier(client: FlaskClient, database: Database) -> None:
    _bill(database)
    page = html(client, "/pay")
    assert "付 ¥149.51" in page
    assert "4200 1187 5603" in page
    assert "王*华" in page
    answer = _pay(client, page)
    order = _order(database)
    assert answer.status_code == 303
    assert answer.location.startswith("http://127.0.0.1:9/gateway.do?")
    assert order.order_no in answer.location
    assert (order.status, order.amount_fen, order.product) == ("awaiting", 14951, "page")


def test_a_phone_is_sent_to_the_phones_cashier(client: FlaskClient, database: Database) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"), headers=PHONE_BROWSER)
    assert _order(database).product == "wap"


def test_the_form_may_lead_to_the_cashiers_and_nowhere_else(client: FlaskClient) -> None:
    policy = client.get("/pay").headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9" in policy


def test_bills_are_chosen_and_added_up(client: FlaskClient, database: Database) -> None:
    for number, fen in (("B1", 10000), ("B2", 2051), ("B3", 1)):
        _bill(database, number, total_fen=fen)
    page = html(client, "/pay")
    assert page.count('type="checkbox"') == 3
    assert ">120.52<" in page
    confirmed = html(client, "/pay/confirm?bill=B1&bill=B2")
    assert "付 ¥120.51" in confirmed
    _pay(client, confirmed)
    assert [item.bill_no for item in _order(database).items] == ["B1", "B2"]


def test_an_amount_of_ones_own(client: FlaskClient, database: Database) -> None:
    assert "没有要缴的" in html(client, "/pay")
    assert "最多两位小数" in html(client, f"/pay/confirm?account={ACCOUNT}&amount=1.234", 409)
    assert "最少缴 ¥1.00" in html(client, f"/pay/confirm?account={ACCOUNT}&amount=0.99", 409)
    page = html(client, f"/pay/confirm?account={ACCOUNT}&amount=1,000.5")
    form = {name: field(page, name) for name in ("csrf_token", "key", "expected", "account")}
    client.post("/pay", data=form | {"amount": field(page, "amount"), "way": "alipay"})
    order = _order(database)
    assert (order.purpose, order.amount_fen) == ("top_up", 100050)


LATE = "已经产生的违约金 ¥2.00 会算进下一期账单。"


@pytest.mark.parametrize(
    ("days_late", "parts", "credit_fen", "title", "said"),
    [
        (0, [(10000, 0)], 0, "缴好了，已经记账", "¥100.00 缴了 10 月的账单。"),
        (20, [(10000, 0)], 0, "缴好了，已经记账", f"¥100.00 缴了 10 月的账单。{LATE}"),
        (
            20,
            [(9000, 180)],
            820,
            "缴好了，已经记账",
            "¥91.80 缴了 10 月的账单。余下的 ¥8.20 留在余额里，下次自动抵。",
        ),
        (0, [], 10000, "存好了，已经记到余额上", ""),
        (0, None, 0, "缴好了，已经记账", ""),
    ],
)
def test_the_page_says_what_an_amount_of_ones_own_did(
    client: FlaskClient,
    database: Database,
    world: World,
    days_late: int,
    parts: list[tuple[int, int]] | None,
    credit_fen: int,
    title: str,
    said: str,
) -> None:
    """The oldest bill first, its late charge when that is not reached, what is left; and while
    our copy does not know, nothing of them."""
    due = clock.today() - timedelta(days=days_late)
    _bill(database, due=due, period=f"{clock.today():%Y}-10")
    page = html(client, f"/pay/confirm?account={ACCOUNT}&amount=100.00")
    form = {name: field(page, name) for name in ("csrf_token", "key", "expected", "account")}
    client.post("/pay", data=form | {"amount": field(page, "amount"), "way": "alipay"})
    order = _order(database)
    headers, body = world.alipay_message(order.order_no, 10000)
    client.post("/callbacks/alipay", data=body, headers=headers)
    assert "先抵待缴的账单，余下的留在余额里" in html(client, f"/pay/{order.order_no}")
    with database.unit_of_work() as session:
        session.execute(
            text("update payment_order set status = 'posted', posted_at = now(), version = 9")
        )
        if parts is not None:
            session.add(_posting(order, parts, credit_fen))
    shown = html(client, f"/pay/{order.order_no}")
    assert f"<h1>{title}</h1>" in shown
    assert f"<p>{said}</p>" in shown if said else "缴了" not in shown


def _posting(order: Order, parts: list[tuple[int, int]], credit_fen: int) -> Posting:
    return Posting(
        posting_no="P1",
        account_no=ACCOUNT,
        amount_fen=order.amount_fen,
        channel=order.gateway,
        order_no=order.order_no,
        paid_at=clock.now(),
        posted_at=clock.now(),
        allocations=[
            {"bill_no": BILL, "principal_fen": principal, "late_fee_fen": late}
            for principal, late in parts
        ],
        credit_fen=credit_fen,
    )


NO_SUMS = {
    **dict.fromkeys(("1.234", "１．２３４", "-5", "\N{MINUS SIGN}5", "1e3"), "最多两位小数"),
    **dict.fromkeys(("$88", "€88", "88 USD", "1,00", "٨٨", "inf", "8\x008"), "最多两位小数"),
    "0": "最少缴 ¥1.00",
    **dict.fromkeys(("50000.01", "9" * 30, "9" * 5000), "一次最多缴 ¥50,000.00"),
}


@pytest.mark.parametrize("typed", NO_SUMS, ids=lambda typed: ascii(typed)[:20])
def test_what_is_no_sum_is_shown_again_and_starts_nothing(
    client: FlaskClient, database: Database, typed: str
) -> None:
    shown = html(client, "/pay/confirm", 409, query_string={"account": ACCOUNT, "amount": typed})
    form = {"account": ACCOUNT, "amount": typed, "expected": "8800", "way": "alipay", "key": "k"}
    form["csrf_token"] = field(shown, "csrf_token")
    answer = client.post("/pay", data=form)
    assert answer.status_code == 409
    for page in (shown, answer.get_data(as_text=True)):
        assert NO_SUMS[typed] in page
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Order.id))) == 0


@pytest.mark.parametrize("typed", ["８８", "￥８８．００", " ¥88 ", "88。0"])
def test_full_width_digits_are_what_a_chinese_keyboard_types(
    client: FlaskClient, typed: str
) -> None:
    page = html(client, "/pay/confirm", query_string={"account": ACCOUNT, "amount": typed})
    assert "付 ¥88.00" in page


def test_a_changed_amount_is_shown_before_anything_is_paid(
    client: FlaskClient, database: Database
) -> None:
    _bill(database)
    page = html(client, "/pay").replace(
        'name="expected" value="14951"', 'name="expected" value="1"'
    )
    answer = _pay(client, page)
    assert answer.status_code == 409
    assert "要缴的数变了，现在是 ¥149.51" in answer.get_data(as_text=True)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Order.id))) == 0


@pytest.mark.parametrize("seen", ["", "abc", "14951.0", "-14951", "１４９５１", "9" * 30, None])
def test_a_sum_that_cannot_be_read_is_agreed_to_by_nobody(
    client: FlaskClient, database: Database, seen: str | None
) -> None:
    _bill(database)
    form = {"way": "alipay", "bill": BILL, "key": "k"}
    form["csrf_token"] = field(html(client, "/pay"), "csrf_token")
    answer = client.post("/pay", data=form | ({} if seen is None else {"expected": seen}))
    assert answer.status_code == 409
    said = answer.get_data(as_text=True)
    assert "没看清您同意付多少，没有付款。请看过下面的数再付。" in said
    assert 'name="expected" value="14951"' in said
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Order.id))) == 0


def test_all_and_none_are_chosen_without_a_script(client: FlaskClient, database: Database) -> None:
    for number in ("B1", "B2", "B3", "B4"):
        _bill(database, number, total_fen=10000)
    page = html(client, "/pay")
    assert (page.count(" checked>"), ">400.00<" in page) == (4, True)
    none = html(client, page.split('data-pick="none"')[0].rsplit('href="', 1)[1].split('"')[0])
    assert (none.count(" checked>"), ">0.00<" in none) == (0, True)
    refused = html(client, "/pay/confirm", 409)
    assert "还没有选要缴哪一张账单" in refused
    assert refused.count(" checked>") == 0
    every = html(client, none.split('data-pick="all"')[0].rsplit('href="', 1)[1].split('"')[0])
    assert every.count(" checked>") == 4


def test_what_was_ticked_stays_ticked_when_it_is_refused(
    client: FlaskClient, database: Database
) -> None:
    for number in ("B1", "B2"):
        _bill(database, number)
    page = html(client, "/pay/confirm?bill=B2&bill=B9", 409)
    assert page.count(" checked>") == 1
    assert "checked" not in page.split('value="B1"')[1].split(">")[0]


def test_a_home_that_pays_ahead_tops_up(app: Flask, database: Database, world: World) -> None:
    client = new_customer(app, database, "prepaid")
    with database.unit_of_work() as session:
        session.execute(text("update account set balance_fen = -8650"))
    page = html(client, "/pay")
    assert "<h1>充值</h1>" in page
    assert "</small>86.50" in page
    assert "电费从余额里扣" in page
    assert f'href="/pay/confirm?account={ACCOUNT}&amp;amount=100.00">充 ¥100</a>' in page
    confirmed = html(client, f"/pay/confirm?account={ACCOUNT}&amount=100.00")
    assert "<h1>充值</h1>" in confirmed
    assert "的余额，王*华" in confirmed
    form = {name: field(confirmed, name) for name in ("csrf_token", "key", "expected", "account")}
    client.post("/pay", data=form | {"amount": field(confirmed, "amount"), "way": "alipay"})
    path = f"/pay/{_order(database).order_no}"
    headers, body = world.alipay_message(_order(database).order_no, 10000)
    client.post("/callbacks/alipay", data=body, headers=headers)
    assert "<b>10 分钟</b>记到余额上" in html(client, path)
    with database.unit_of_work() as session:
        session.execute(
            text("update payment_order set status = 'posted', posted_at = now(), version = 9")
        )
    posted = html(client, path)
    assert "充好了，已经记到余额上" in posted
    for each in (page, confirmed, posted):
        assert "缴" not in each.split("<main")[1].split("</main>")[0]


def test_a_gateway_that_is_down_costs_nothing_and_blocks_nothing(
    client: FlaskClient, database: Database
) -> None:
    _bill(database)
    answer = _pay(client, html(client, "/pay"), way="wechat")
    assert answer.status_code == 409
    said = answer.get_data(as_text=True)
    assert "付款通道暂时连不上" in said
    assert "付 ¥149.51" in said
    assert _order(database).close_reason == "gateway_failed"
    assert "没有付成，钱没有扣" in html(client, f"/pay/{_order(database).order_no}")


def test_the_page_says_the_truth_from_payment_to_posting(
    client: FlaskClient, database: Database, world: World
) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"))
    order = _order(database)
    path = f"/pay/{order.order_no}"
    waiting = html(client, path)
    assert "正在等付款结果" in waiting
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in waiting
    headers, body = world.alipay_message(order.order_no, 14951)
    told = client.post("/callbacks/alipay", data=body, headers=headers)
    assert (told.status_code, told.get_data()) == (200, b"success")
    credited = html(client, path)
    assert "收到了，正在记账" in credited
    changed = client.get(f"{path}/state?seen=awaiting")
    assert "hx-trigger" in changed.get_data(as_text=True)
    assert client.get(f"{path}/state?seen=crediting").status_code == 204
    assert "收到了，正在记账，不用再付" in html(client, "/pay")
    with database.unit_of_work() as session:
        session.execute(
            text("update payment_order set status = 'posted', posted_at = now(), version = 9")
        )
    posted = html(client, path)
    assert "缴好了，已经记账" in posted
    assert "hx-trigger" not in posted
    assert "http-equiv" not in posted


def test_giving_up_closes_the_order_or_says_that_nobody_knows(
    client: FlaskClient, database: Database
) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"))
    path = f"/pay/{_order(database).order_no}"
    token = field(html(client, path), "csrf_token")
    answer = client.post(f"{path}/cancel", data={"csrf_token": token})
    assert answer.location == path
    assert "先别再付" in html(client, path)  # the gateway cannot say whether it was paid
    assert _order(database).status == "awaiting"
    before = _order(database).next_query_at
    asked = client.post(f"{path}/check", data={"csrf_token": token})
    assert (asked.status_code, asked.location) == (303, path)
    assert _order(database).next_query_at > before
    page = html(client, path)
    assert "正在确认" in page
    assert "button primary" not in page


def test_whoever_comes_back_finds_the_order_they_began(
    client: FlaskClient, database: Database
) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"))
    path = f"/pay/{_order(database).order_no}"
    assert client.get("/pay").location == path
    assert f'href="{path}">接着付' in html(client, "/pay?choose=1")
    _bill(database, "B2")
    assert f'href="{path}">接着付' in html(client, "/pay")


def test_an_order_left_behind_can_be_gone_on_with(client: FlaskClient, database: Database) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"))
    with database.unit_of_work() as session:
        session.execute(text("update payment_order set status = 'created', destination = null"))
    path = f"/pay/{_order(database).order_no}"
    page = html(client, path)
    assert "还没有去付款" in page
    answer = client.post(f"{path}/resume", data={"csrf_token": field(page, "csrf_token")})
    assert answer.status_code == 303
    assert _order(database).status == "awaiting"


def test_nobody_sees_an_order_of_another(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    _bill(database)
    _pay(client, html(client, "/pay"))
    order_no = _order(database).order_no
    with database.unit_of_work() as session:
        stranger = users.add_user(session, "13900000001", password_hash=None)
    other = _signed_in(app, database, stranger)
    for path in (f"/pay/{order_no}", f"/pay/{order_no}/state", f"/pay/confirm?bill={BILL}"):
        assert other.get(path).status_code in (404, 409)
        assert "149.51" not in other.get(path).get_data(as_text=True)
    token = field(other.get("/accounts/bind").get_data(as_text=True), "csrf_token")
    for act in ("cancel", "check", "resume"):
        assert other.post(f"/pay/{order_no}/{act}", data={"csrf_token": token}).status_code == 404
    assert _order(database).status == "awaiting"


def test_without_papers_no_gateway_is_offered(
    client: FlaskClient, database: Database, settings_env: pytest.MonkeyPatch
) -> None:
    for name in PaymentSettings.model_fields:
        settings_env.delenv(f"DENGHUO_{name.upper()}", raising=False)
    settings = load(PortalSettings, secret_key=SecretStr("for tests alone"), environment="test")
    bare = create_app(settings, database, NobodyThere()).test_client()
    cookie = client.get_cookie("denghuo")
    assert cookie is not None
    bare.set_cookie("denghuo", cookie.value)
    _bill(database, due=clock.today())
    assert "这里还不能在线付款" in html(bare, "/pay")
    assert bare.post("/callbacks/wechat", data=b"{}").status_code == 404
