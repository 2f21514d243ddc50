"""UnionPay's gateway: what it takes, what it refuses, and whom it tells what."""

import re
from html import unescape

import httpx
import pytest
from cryptography.exceptions import InvalidSignature

from tests.sandbox.clients import UnionPayClient, wall_digits
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxError, SandboxServer

SECOND = wall_digits()
ORDER = f"{SECOND}abcdefghjkmnpq"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def unionpay(sandbox: SandboxServer, merchant: Merchant) -> UnionPayClient:
    return UnionPayClient(sandbox, merchant.url)


def _front(sandbox: SandboxServer, fields: dict[str, str]) -> httpx.Response:
    url = f"{sandbox.base_url}/gateway/api/frontTransReq.do"
    return httpx.post(url, data=fields, follow_redirects=True, trust_env=False)


def _open(sandbox: SandboxServer, unionpay: UnionPayClient, **change: str) -> str:
    """The cashier's address."""
    answer = _front(sandbox, unionpay.consumption(ORDER, **change))
    assert answer.status_code == httpx.codes.OK, answer.text
    return str(answer.url)


def _paid(sandbox: SandboxServer, unionpay: UnionPayClient) -> dict[str, str]:
    """What a query says of an order that was paid."""
    _open(sandbox, unionpay)
    sandbox.pay(ORDER)
    return unionpay.call("queryTrans", unionpay.question(ORDER, SECOND))


def test_a_form_leads_to_the_cashier_and_the_same_form_again_to_the_same(
    sandbox: SandboxServer, unionpay: UnionPayClient
) -> None:
    described = {"riskRateInfo": "{commodityName=江城供电 电费}", "channelType": "08"}
    cashier = _open(sandbox, unionpay, **described)
    assert "云闪付收银台 UnionPay" in httpx.get(cashier, trust_env=False).text
    assert _open(sandbox, unionpay, **described) == cashier
    order = sandbox.order(ORDER)
    assert (order["total_fen"], order["product"], order["subject"]) == (
        14951,
        "wap",
        "江城供电 电费",
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"txnAmt": "149.51"}, "10"),
        ({"txnAmt": "0"}, "10"),
        ({"txnAmt": "-1"}, "10"),
        ({"currencyCode": "840"}, "10"),
        ({"orderId": "with_a_line"}, "10"),
        ({"channelType": "09"}, "10"),
        ({"backUrl": "ftp://127.0.0.1/"}, "10"),
        ({"frontUrl": ""}, "10"),
        ({"txnType": "02"}, "10"),
        ({"version": "5.0.0"}, "10"),
        ({"encoding": "GBK"}, "10"),
        ({"txnTime": "20261331000000"}, "10"),
        ({"txnTime": "20200101000000"}, "10"),
        ({"merId": "777290000000000"}, "31"),
        ({"certId": "1"}, "11"),
    ],
)
def test_what_is_malformed_is_said_on_a_page_and_opens_nothing(
    sandbox: SandboxServer, unionpay: UnionPayClient, change: dict[str, str], code: str
) -> None:
    answer = _front(sandbox, unionpay.consumption(ORDER, **change))
    assert (answer.status_code, code in answer.text) == (400, True)
    with pytest.raises(SandboxError):
        sandbox.order(change.get("orderId", ORDER))


def test_what_nobody_signed_opens_nothing(sandbox: SandboxServer, unionpay: UnionPayClient) -> None:
    fields = unionpay.consumption(ORDER)
    for bent in (
        fields | {"txnAmt": "1"},
        fields | {"signature": "AAAA"},
        fields | {"payTimeout": "20991231000000"},
        {name: value for name, value in fields.items() if name != "signature"},
    ):
        assert "验证签名失败" in _front(sandbox, bent).text
    with pytest.raises(SandboxError):
        sandbox.order(ORDER)


def test_an_order_is_known_once_it_is_paid_and_by_number_and_second(
    sandbox: SandboxServer, unionpay: UnionPayClient
) -> None:
    _open(sandbox, unionpay)
    asked = unionpay.call("queryTrans", unionpay.question(ORDER, SECOND))
    assert (asked["respCode"], asked["orderId"]) == ("34", ORDER)
    sandbox.pay(ORDER)
    said = unionpay.call("queryTrans", unionpay.question(ORDER, SECOND))
    assert (said["respCode"], said["origRespCode"], said["txnAmt"]) == ("00", "00", "14951")
    assert re.fullmatch(r"\d{21}", said["queryId"])
    other = unionpay.call("queryTrans", unionpay.question(ORDER, "20260101000000"))
    assert other["respCode"] == "34"


def test_a_paid_order_is_not_paid_again_and_a_late_one_not_at_all(
    sandbox: SandboxServer, unionpay: UnionPayClient
) -> None:
    _paid(sandbox, unionpay)
    assert "重复交易" in _front(sandbox, unionpay.consumption(ORDER)).text
    sandbox.reset()
    late = unionpay.consumption(ORDER, payTimeout="20260101000000")
    _front(sandbox, late)
    assert sandbox.order(ORDER)["state"] == "closed"
    with pytest.raises(SandboxError):
        sandbox.pay(ORDER)


def test_the_merchant_is_told_the_same_words_at_every_try(
    sandbox: SandboxServer, unionpay: UnionPayClient, merchant: Merchant
) -> None:
    merchant.answers = [(500, b""), (404, b"")]
    merchant.answer = (200, b"ok")
    _open(sandbox, unionpay)
    sandbox.pay(ORDER)
    heard = merchant.wait(3)
    assert len({each.body for each in heard}) == 1
    told = unionpay.verified(heard[0].form)
    assert (told["orderId"], told["respCode"], told["txnAmt"]) == (ORDER, "00", "14951")
    assert told["queryId"] == sandbox.order(ORDER)["trade_no"]


def test_a_stranger_who_issues_himself_a_certificate_is_found_out(
    sandbox: SandboxServer, unionpay: UnionPayClient, merchant: Merchant
) -> None:
    _open(sandbox, unionpay)
    sandbox.pay(ORDER, "forged")
    told = merchant.wait(1)[0].form
    assert "BEGIN CERTIFICATE" in told["signPubKeyCert"]
    with pytest.raises((InvalidSignature, ValueError)):
        unionpay.verified(told)


def test_the_cashier_posts_the_customer_back_and_lets_go_whoever_cancels(
    sandbox: SandboxServer, unionpay: UnionPayClient
) -> None:
    cashier = _open(sandbox, unionpay)
    left = httpx.post(cashier, data={"mode": "cancel"}, trust_env=False)
    assert left.headers["location"] == "http://127.0.0.1:8000/pay"
    assert httpx.get(f"{cashier}/back", trust_env=False).status_code == 404
    paid = httpx.post(cashier, data={"mode": "pay"}, follow_redirects=True, trust_env=False)
    assert 'action="http://127.0.0.1:8000/front"' in paid.text
    fields = {name: unescape(value) for name, value in HIDDEN.findall(paid.text)}
    told = unionpay.verified(fields)
    assert (told["orderId"], told["respCode"]) == (ORDER, "00")


def test_a_refund_is_taken_once_done_later_and_told(
    sandbox: SandboxServer, unionpay: UnionPayClient, merchant: Merchant
) -> None:
    paid = _paid(sandbox, unionpay)
    merchant.wait(1)
    fields = unionpay.refund("REFUND01", paid["queryId"], 5000)
    assert unionpay.call("backTransReq", fields)["respCode"] == "00"
    assert unionpay.call("backTransReq", fields)["respCode"] == "12"
    question = unionpay.question("REFUND01", fields["txnTime"])
    while (said := unionpay.call("queryTrans", question))["origRespCode"] == "05":
        continue
    assert (said["origRespCode"], said["txnAmt"], said["origQryId"]) == (
        "00",
        "5000",
        paid["queryId"],
    )
    told = unionpay.verified(merchant.wait(2)[1].form)
    assert (told["orderId"], told["txnType"], told["txnAmt"]) == ("REFUND01", "04", "5000")
    assert sandbox.order(ORDER)["refunded_fen"] == 5000


def test_refunds_that_are_refused(sandbox: SandboxServer, unionpay: UnionPayClient) -> None:
    unknown = unionpay.refund("REFUND01", "9" * 21, 1)
    assert unionpay.call("backTransReq", unknown)["respCode"] == "34"
    _open(sandbox, unionpay)
    number = sandbox.order(ORDER)["trade_no"]
    assert unionpay.call("backTransReq", unionpay.refund("REFUND02", number, 1))["respCode"] == "35"
    sandbox.pay(ORDER)
    much = unionpay.refund("REFUND03", number, 14952)
    assert unionpay.call("backTransReq", much)["respCode"] == "36"
    for ending, code in (("not_enough", "33"), ("account_closed", "63")):
        sandbox.refunds("unionpay", ending)
        refused = unionpay.refund("REFUND04", number, 1)
        assert unionpay.call("backTransReq", refused)["respCode"] == code
    assert sandbox.order(ORDER)["refunded_fen"] == 0


def test_an_outage_does_nothing_and_a_lost_answer_does_it(
    sandbox: SandboxServer, unionpay: UnionPayClient
) -> None:
    sandbox.outage("unionpay", "error")
    assert _front(sandbox, unionpay.consumption(ORDER)).status_code == 500
    sandbox.heal()
    paid = _paid(sandbox, unionpay)
    sandbox.outage("unionpay", "lost_answer", 1)
    refund = unionpay.refund("REFUND01", paid["queryId"], 5000)
    assert unionpay.call("backTransReq", refund)["respCode"] == "00"
    assert sandbox.order(ORDER)["refunded_fen"] == 5000
    assert sandbox._get("/test/outage", {}) == {"outages": []}
