"""WeChat Pay: the real client library against the sandbox, over loopback HTTP."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxError, SandboxServer

NO = "DH20260301000001"


def order(wechat: WeChatPay, number: str = NO, total: int = 14951, **given: Any) -> Any:
    code, text = wechat.pay(
        **{
            "description": "12 月电费",
            "out_trade_no": number,
            "amount": {"total": total, "currency": "CNY"},
            "attach": "第 1 户",
        }
        | given
    )
    return code, json.loads(text)


def query(wechat: WeChatPay, number: str = NO) -> dict[str, Any]:
    code, text = wechat.query(out_trade_no=number)
    assert code == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def opened(wechat: WeChatPay, heard: Heard) -> Any:
    return wechat.callback({name: heard.headers[name] for name in heard.headers}, heard.body)


def refusal(answer: tuple[int, str]) -> tuple[int, str]:
    code, text = answer
    return code, json.loads(text)["code"]


def test_native_order_is_paid_and_the_library_opens_the_callback(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    code, answer = order(wechat)
    assert code == 200
    assert answer["code_url"].startswith("weixin://wxpay/bizpayurl?pr=wx")
    before = query(wechat)
    assert (before["trade_state"], before["amount"]["total"]) == ("NOTPAY", 14951)
    assert "transaction_id" not in before
    assert "success_time" not in before

    sandbox.pay(NO)
    [heard] = merchant.wait(1)
    message = opened(wechat, heard)
    assert message["event_type"] == "TRANSACTION.SUCCESS"
    paid = message["resource"]
    assert paid == query(wechat)
    assert paid["amount"] == {
        "total": 14951,
        "payer_total": 14951,
        "currency": "CNY",
        "payer_currency": "CNY",
    }
    assert (paid["trade_state"], paid["trade_type"]) == ("SUCCESS", "NATIVE")
    assert (paid["out_trade_no"], paid["attach"]) == (NO, "第 1 户")
    assert paid["mchid"] == sandbox.paper("wechatpay_mchid")
    code, text = wechat.query(transaction_id=paid["transaction_id"])
    assert (code, json.loads(text)) == (200, paid)


def test_h5_leads_to_the_cashier_and_back_to_the_shop(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    code, answer = order(wechat, scene_info=scene, pay_type=WeChatPayType.H5)
    assert code == 200
    url = f"{answer['h5_url']}&redirect_url=http%3A%2F%2F127.0.0.1%3A8000%2Fpay%2F1%3Fa%3Db"
    with httpx.Client(base_url=sandbox.base_url, trust_env=False) as browser:
        page = browser.get(url, follow_redirects=True)
        assert "¥149.51" in page.text
        assert "没有真钱" in page.text
        back = browser.post(str(page.url), data={"mode": "pay", "delay": "10"})
    assert (back.status_code, back.headers["Location"]) == (303, "http://127.0.0.1:8000/pay/1?a=b")
    assert opened(wechat, merchant.wait(1)[0])["resource"]["trade_type"] == "MWEB"


def test_jsapi_gives_a_prepay_id_whose_cashier_opens(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    code, answer = order(wechat, payer={"openid": "oABC"}, pay_type=WeChatPayType.JSAPI)
    assert code == 200
    path = sandbox.open(f"{sandbox.base_url}/cashier/wechat/{answer['prepay_id']}")
    assert path == f"/cashier/wechat/{answer['prepay_id']}"
    sandbox.pay(NO)
    paid = opened(wechat, merchant.wait(1)[0])["resource"]
    assert (paid["trade_type"], paid["payer"]) == ("JSAPI", {"openid": "oABC"})


def test_a_code_is_scanned_to_its_cashier(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    code = order(wechat)[1]["code_url"]
    token = parse_qs(urlsplit(code).query)["pr"][0]
    path = sandbox.open(str(httpx.URL("/cashier/wechat/scan", params={"code": code})))
    assert path == f"/cashier/wechat/{token}"


def test_the_same_order_again_gives_the_same_code(wechat: WeChatPay) -> None:
    assert order(wechat)[1] == order(wechat)[1]


def test_a_number_used_for_another_amount_is_refused(wechat: WeChatPay) -> None:
    order(wechat)
    code, answer = order(wechat, total=14952)
    assert (code, answer["code"]) == (403, "OUT_TRADE_NO_USED")
    assert query(wechat)["amount"]["total"] == 14951


def test_a_paid_order_is_neither_ordered_again_nor_closed_nor_paid_twice(
    sandbox: SandboxServer, wechat: WeChatPay
) -> None:
    order(wechat)
    sandbox.pay(NO)
    code, answer = order(wechat)
    assert (code, answer["code"]) == (400, "ORDERPAID")
    assert refusal(wechat.close(NO)) == (400, "ORDERPAID")
    with pytest.raises(SandboxError, match="409"):
        sandbox.pay(NO)
    assert query(wechat)["trade_state"] == "SUCCESS"
    assert len(sandbox.notifications(NO)) == 1


def test_a_closed_order_is_closed_for_everyone(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    order(wechat)
    code, text = wechat.close(NO)
    assert (code, text) == (204, b"")
    assert query(wechat)["trade_state"] == "CLOSED"
    assert refusal(wechat.close(NO)) == (400, "ORDER_CLOSED")
    code, answer = order(wechat)
    assert (code, answer["code"]) == (400, "ORDER_CLOSED")
    with pytest.raises(SandboxError, match="409"):
        sandbox.pay(NO)
    assert sandbox.notifications(NO) == []


def test_a_payment_can_be_forced_through_after_closing(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    order(wechat)
    wechat.close(NO)
    sandbox.pay(NO, force=True)
    assert opened(wechat, merchant.wait(1)[0])["resource"]["trade_state"] == "SUCCESS"
    assert query(wechat)["trade_state"] == "SUCCESS"


def test_an_order_closes_when_its_time_is_over(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=4)
    order(wechat, time_expire=soon.isoformat(timespec="seconds"))
    while query(wechat)["trade_state"] == "NOTPAY":
        assert datetime.now(UTC) < soon + timedelta(seconds=5)
    assert query(wechat)["trade_state"] == "CLOSED"
    with pytest.raises(SandboxError, match="409"):
        sandbox.pay(NO)


def test_unknown_orders_are_not_found(wechat: WeChatPay) -> None:
    assert refusal(wechat.query(out_trade_no="DHNOTTHERE")) == (404, "ORDER_NOT_EXIST")
    assert refusal(wechat.query(transaction_id="4200000")) == (404, "ORDER_NOT_EXIST")
    assert refusal(wechat.close("DHNOTTHERE")) == (404, "ORDER_NOT_EXIST")
    assert refusal(wechat.query_refund("R1")) == (404, "RESOURCE_NOT_EXISTS")


def test_an_unpaid_order_is_not_found_by_the_number_it_will_have(
    sandbox: SandboxServer, wechat: WeChatPay
) -> None:
    order(wechat)
    number = sandbox.order(NO)["trade_no"]
    assert refusal(wechat.query(transaction_id=number)) == (404, "ORDER_NOT_EXIST")


def test_a_query_for_another_merchant_is_refused(wechat: WeChatPay) -> None:
    order(wechat)
    assert refusal(wechat.query(out_trade_no=NO, mchid="1900000000")) == (400, "MCH_NOT_EXISTS")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"amount": {"total": 0}}, "/amount/total"),
        ({"amount": {"total": 1.5}}, "/amount/total"),
        ({"amount": {"total": True}}, "/amount/total"),
        ({"amount": {"total": "100"}}, "/amount/total"),
        ({"amount": {"total": 1 << 70}}, "/amount/total"),
        ({"amount": {"currency": "CNY"}}, "/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency"),
        ({"amount": "100"}, "/amount/total"),
        ({"out_trade_no": "short"}, "/out_trade_no"),
        ({"out_trade_no": "with space 1"}, "/out_trade_no"),
        ({"out_trade_no": "x" * 33}, "/out_trade_no"),
        ({"description": "x" * 128}, "/description"),
        ({"attach": "x" * 129}, "/attach"),
        ({"notify_url": "ftp://127.0.0.1/x"}, "/notify_url"),
        ({"notify_url": "http://127.0.0.1/x?a=b"}, "/notify_url"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "/time_expire"),
        ({"time_expire": "2099-01-01T00:00:00"}, "/time_expire"),
        ({"time_expire": "tomorrow"}, "/time_expire"),
        ({"time_expire": 7}, "/time_expire"),
        ({"pay_type": WeChatPayType.H5, "scene_info": {"a": 1}}, "/scene_info/payer_client_ip"),
        ({"pay_type": WeChatPayType.JSAPI, "payer": {"a": "b"}}, "/payer/openid"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    sandbox: SandboxServer, wechat: WeChatPay, given: dict[str, Any], field: str
) -> None:
    code, answer = order(wechat, **given)
    assert (code, answer["code"]) == (400, "PARAM_ERROR")
    assert answer["detail"]["field"] == field
    assert sandbox.orders() == []


def test_a_foreign_app_is_refused(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    code, answer = order(wechat, appid="wx0000000000000000")
    assert (code, answer["code"]) == (400, "APPID_MCHID_NOT_MATCH")
    assert sandbox.orders() == []


def test_refunds_add_up_to_the_payment_and_no_further(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant
) -> None:
    def refund(number: str, fen: int, total: int = 14951) -> tuple[int, Any]:
        amount = {"refund": fen, "total": total, "currency": "CNY"}
        code, text = wechat.refund(number, amount, out_trade_no=NO, reason="多付")
        return code, json.loads(text)

    order(wechat)
    assert refund("R0", 1)[1]["message"] == "订单未支付，不能退款"
    sandbox.pay(NO)
    merchant.wait(1)
    code, first = refund("R1", 10000)
    assert (code, first["status"], first["amount"]["refund"]) == (200, "PROCESSING", 10000)
    assert refund("R1", 10000)[1]["refund_id"] == first["refund_id"]
    assert refund("R1", 9999)[1]["code"] == "INVALID_REQUEST"
    assert refund("R2", 4952)[1]["code"] == "INVALID_REQUEST"
    assert refund("R2", 4951, total=14952)[1]["code"] == "INVALID_REQUEST"
    assert refund("R2", 4951)[0] == 200
    assert query(wechat)["trade_state"] == "REFUND"

    messages = [opened(wechat, heard) for heard in merchant.wait(3)[1:]]
    assert [each["event_type"] for each in messages] == ["REFUND.SUCCESS"] * 2
    assert sorted(each["resource"]["amount"]["refund"] for each in messages) == [4951, 10000]
    code, text = wechat.query_refund("R1")
    found = json.loads(text)
    assert (code, found["status"], found["refund_id"]) == (200, "SUCCESS", first["refund_id"])
