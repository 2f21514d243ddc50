"""Alipay: the official library builds and verifies, against the sandbox over loopback HTTP."""

import base64
import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import rsa
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import (
    AlipayTradeFastpayRefundQueryRequest,
)
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest

from sandbox import clock
from tests.sandbox.clients import AlipayClient
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxError, SandboxServer

NO = "DH20260301000001"
HOME = "http://127.0.0.1:8000/pay/1?lang=zh"


def pay_request(merchant: Merchant, *, wap: bool = False, **content: Any) -> Any:
    request = AlipayTradeWapPayRequest() if wap else AlipayTradePagePayRequest()
    request.notify_url, request.return_url = merchant.url, HOME
    request.biz_content = {
        "out_trade_no": NO,
        "total_amount": "149.51",
        "subject": "12 月电费 & 附加",
        "product_code": "QUICK_WAP_WAY" if wap else "FAST_INSTANT_TRADE_PAY",
    } | content
    return request


def call(alipay: AlipayClient, request: Any, **content: Any) -> dict[str, Any]:
    request.biz_content = {"out_trade_no": NO} | content
    return alipay.call(request)


def query(alipay: AlipayClient) -> dict[str, Any]:
    return call(alipay, AlipayTradeQueryRequest())


@pytest.fixture
def opened(sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant) -> str:
    """A page order at the cashier; its path."""
    return sandbox.open(alipay.page(pay_request(merchant)))


def test_a_page_order_is_paid_and_the_library_verifies_callback_and_way_back(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant, opened: str
) -> None:
    assert query(alipay)["trade_status"] == "WAIT_BUYER_PAY"
    form = {"mode": "pay", "delay": "10"}
    back = httpx.post(f"{sandbox.base_url}{opened}", data=form, trust_env=False)
    assert back.status_code == 303
    home = back.headers["Location"]
    assert home.startswith("http://127.0.0.1:8000/pay/1?")
    carried = alipay.verified_address(home)
    assert carried["method"] == "alipay.trade.page.pay.return"
    assert (carried["lang"], carried["out_trade_no"], carried["total_amount"]) == (
        "zh",
        NO,
        "149.51",
    )

    [heard] = merchant.wait(1)
    told = alipay.verified(heard.form)
    answer = query(alipay)
    assert (told["trade_status"], told["total_amount"]) == ("TRADE_SUCCESS", "149.51")
    assert (told["out_trade_no"], told["trade_no"]) == (NO, answer["trade_no"])
    assert told["app_id"] == sandbox.paper("alipay_appid")
    assert told["seller_id"] == sandbox.paper("alipay_seller_id")
    assert told["subject"] == "12 月电费 & 附加"
    assert (answer["code"], answer["trade_status"]) == ("10000", "TRADE_SUCCESS")
    assert (answer["total_amount"], answer["receipt_amount"]) == ("149.51", "149.51")
    assert answer["send_pay_date"] == told["gmt_payment"]


def test_a_form_posted_by_the_browser_reaches_the_cashier(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    page = alipay.form(pay_request(merchant))
    action = re.search(r'action="([^"]+)"', page)
    assert action is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
    data = {name: unescape(value) for name, value in fields.items()}
    reply = httpx.post(action[1], data=data, trust_env=False)
    assert (reply.status_code, reply.headers["Location"][:17]) == (302, "/cashier/alipay/a")
    assert sandbox.order(NO)["total_fen"] == 14951


def test_a_wap_order_is_cancelled_and_the_browser_goes_to_quit_url(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    request = pay_request(merchant, wap=True, quit_url="http://127.0.0.1:8000/bills")
    path = sandbox.open(alipay.page(request))
    form = {"mode": "cancel", "delay": "10"}
    back = httpx.post(f"{sandbox.base_url}{path}", data=form, trust_env=False)
    assert (back.status_code, back.headers["Location"]) == (303, "http://127.0.0.1:8000/bills")
    assert query(alipay)["trade_status"] == "WAIT_BUYER_PAY"
    assert sandbox.notifications(NO) == []


def test_an_order_exists_only_once_its_cashier_was_opened(alipay: AlipayClient) -> None:
    answer = query(alipay)
    assert (answer["code"], answer["msg"]) == ("40004", "Business Failed")
    assert answer["sub_code"] == "ACQ.TRADE_NOT_EXIST"


@pytest.mark.usefixtures("opened")
def test_closing(sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant) -> None:
    closed = call(alipay, AlipayTradeCloseRequest())
    assert (closed["code"], closed["out_trade_no"]) == ("10000", NO)
    assert query(alipay)["trade_status"] == "TRADE_CLOSED"
    again = call(alipay, AlipayTradeCloseRequest())
    assert again["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    reply = httpx.get(alipay.page(pay_request(merchant)), trust_env=False)
    assert (reply.status_code, "ACQ.TRADE_HAS_CLOSE" in reply.text) == (400, True)
    with pytest.raises(SandboxError, match="409"):
        sandbox.pay(NO)
    assert sandbox.notifications(NO) == []


@pytest.mark.usefixtures("opened")
def test_closing_with_an_address_of_its_own_tells_it(
    alipay: AlipayClient, merchant: Merchant
) -> None:
    request = AlipayTradeCloseRequest()
    request.notify_url = merchant.url
    call(alipay, request)
    told = alipay.verified(merchant.wait(1)[0].form)
    assert (told["trade_status"], told["out_trade_no"]) == ("TRADE_CLOSED", NO)
    assert "gmt_payment" not in told


@pytest.mark.usefixtures("opened")
def test_a_paid_order_cannot_be_closed_or_paid_again(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    sandbox.pay(NO)
    assert call(alipay, AlipayTradeCloseRequest())["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    reply = httpx.get(alipay.page(pay_request(merchant)), trust_env=False)
    assert (reply.status_code, "ACQ.TRADE_HAS_SUCCESS" in reply.text) == (400, True)
    assert query(alipay)["trade_status"] == "TRADE_SUCCESS"


@pytest.mark.usefixtures("opened")
def test_a_number_used_for_another_amount_is_refused(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    page = alipay.page(pay_request(merchant, total_amount="149.52"))
    reply = httpx.get(page, trust_env=False)
    assert (reply.status_code, "ACQ.CONTEXT_INCONSISTENT" in reply.text) == (400, True)
    assert sandbox.order(NO)["total_fen"] == 14951


@pytest.mark.usefixtures("opened")
def test_refunds_are_told_add_up_and_close_the_trade(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    def refund(number: str, amount: str) -> dict[str, Any]:
        content = {"out_request_no": number, "refund_amount": amount, "refund_reason": "多付"}
        return call(alipay, AlipayTradeRefundRequest(), **content)

    assert refund("R1", "1.00")["sub_code"] == "ACQ.TRADE_STATUS_ERROR"
    sandbox.pay(NO)
    merchant.wait(1)
    first = refund("R1", "100.00")
    assert (first["fund_change"], first["refund_fee"]) == ("Y", "100.00")
    again = refund("R1", "100.00")
    assert (again["fund_change"], again["refund_fee"]) == ("N", "100.00")
    assert refund("R1", "99.00")["sub_code"] == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert refund("R2", "49.52")["sub_code"] == "ACQ.REASON_TRADE_REFUND_FEE_ERR"
    partial = alipay.verified(merchant.wait(2)[1].form)
    assert (partial["trade_status"], partial["refund_fee"]) == ("TRADE_SUCCESS", "100.00")

    assert refund("R2", "49.51")["refund_fee"] == "149.51"
    assert query(alipay)["trade_status"] == "TRADE_CLOSED"
    whole = alipay.verified(merchant.wait(3)[2].form)
    assert (whole["trade_status"], whole["out_biz_no"]) == ("TRADE_CLOSED", "R2")
    ask = AlipayTradeFastpayRefundQueryRequest
    found = call(alipay, ask(), out_request_no="R1")
    assert (found["refund_status"], found["refund_amount"]) == ("REFUND_SUCCESS", "100.00")
    assert "refund_status" not in call(alipay, ask(), out_request_no="R9")


@pytest.mark.parametrize(
    "content",
    [
        {"total_amount": "0.00"},
        {"total_amount": "1.001"},
        {"total_amount": "-1"},
        {"total_amount": "1e2"},
        {"total_amount": "999999999.99"},
        {"total_amount": True},
        {"out_trade_no": "a-b"},
        {"out_trade_no": ""},
        {"subject": ""},
        {"product_code": "QUICK_MSECURITY_PAY"},
        {"time_expire": "2020-01-01 00:00:00"},
        {"time_expire": "soon"},
        {"timeout_express": "0m"},
        {"passback_params": 7},
        {"wap": True, "quit_url": "javascript:alert(1)"},
    ],
)
def test_a_wrong_field_is_refused_on_a_page_and_nothing_is_stored(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant, content: dict[str, Any]
) -> None:
    reply = httpx.get(alipay.page(pay_request(merchant, **content)), trust_env=False)
    assert (reply.status_code, "ACQ.INVALID_PARAMETER" in reply.text) == (400, True)
    assert sandbox.orders() == []


def test_both_ways_to_name_the_end_of_an_order(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    ends = (clock.now() // 1) + 600
    sandbox.open(alipay.page(pay_request(merchant, time_expire=clock.wall(ends))))
    assert sandbox.order(NO)["expires_at"] == ends
    sandbox.reset()
    sandbox.open(alipay.page(pay_request(merchant, timeout_express="15m")))
    order = sandbox.order(NO)
    assert order["expires_at"] == pytest.approx(order["created_at"] + 900, abs=1)


def resigned(sandbox: SandboxServer, given: dict[str, str]) -> dict[str, str]:
    """The parameters signed by hand as documented, whatever they say."""
    plain = {name: value for name, value in given.items() if name != "sign"}
    text = "&".join(f"{name}={plain[name]}" for name in sorted(plain))
    key = rsa.PrivateKey.load_pkcs1(sandbox.paper("alipay_private_key").encode())
    signature = rsa.sign(text.encode(), key, "SHA-256")
    return plain | {"sign": base64.b64encode(signature).decode()}


@pytest.mark.parametrize(
    ("changed", "sub_code"),
    [
        ({"app_id": "2021000000000000"}, "isv.invalid-app-id"),
        ({"sign_type": "RSA"}, "isv.invalid-signature-type"),
        ({"charset": "gbk"}, "isv.invalid-charset"),
        ({"format": "xml"}, "isv.invalid-format"),
        ({"timestamp": "2026-3-1 8:30:00"}, "isv.invalid-timestamp"),
        ({"method": "alipay.trade.create"}, "isv.invalid-method"),
        ({"version": ""}, "isv.missing-version"),
        ({"biz_content": "{"}, "ACQ.INVALID_PARAMETER"),
        ({"biz_content": "[]"}, "ACQ.INVALID_PARAMETER"),
    ],
)
def test_hostile_but_signed_requests_get_their_documented_refusal(
    sandbox: SandboxServer, alipay: AlipayClient, changed: dict[str, str], sub_code: str
) -> None:
    request = AlipayTradeQueryRequest()
    request.biz_content = {"out_trade_no": NO}
    answer = alipay.send(resigned(sandbox, alipay.signed(request) | changed))
    assert answer["sub_code"] == sub_code


def test_a_changed_parameter_breaks_the_signature(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    request = AlipayTradeQueryRequest()
    request.biz_content = {"out_trade_no": NO}
    given = alipay.signed(request) | {"biz_content": json.dumps({"out_trade_no": "OTHER"})}
    assert alipay.send(given)["sub_code"] == "isv.invalid-signature"
    assert alipay.send(given | {"sign": "€"})["sub_code"] == "isv.invalid-signature"
    assert alipay.send(given | {"sign": ""})["sub_code"] == "isv.missing-signature"
    page = alipay.page(pay_request(merchant))
    cheaper = dict(parse_qsl(urlsplit(page).query))
    cheaper["biz_content"] = cheaper["biz_content"].replace("149.51", "1.49")
    address = f"{sandbox.base_url}/gateway.do?{urlencode(cheaper)}"
    reply = httpx.get(address, trust_env=False)
    assert (reply.status_code, "isv.invalid-signature" in reply.text) == (400, True)
    assert sandbox.orders() == []


def test_a_parameter_given_twice_is_refused(sandbox: SandboxServer, alipay: AlipayClient) -> None:
    request = AlipayTradeQueryRequest()
    request.biz_content = {"out_trade_no": NO}
    given = alipay.signed(request)
    url = f"{sandbox.base_url}/gateway.do?biz_content=%7B%7D"
    reply = httpx.post(url, data=given, trust_env=False)
    assert reply.json()["alipay_trade_query_response"]["sub_code"] == "isv.invalid-parameter"


@pytest.mark.usefixtures("opened")
def test_stamps_are_the_wall_clock_of_beijing(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant
) -> None:
    sandbox.skew(-3600)
    sandbox.pay(NO)
    told = alipay.verified(merchant.wait(1)[0].form)
    stamp = datetime.strptime(f"{told['notify_time']} +0800", "%Y-%m-%d %H:%M:%S %z")
    paid = datetime.strptime(f"{told['gmt_payment']} +0800", "%Y-%m-%d %H:%M:%S %z")
    assert paid - stamp > timedelta(minutes=59)
    assert abs(paid.timestamp() - clock.now()) < 60
