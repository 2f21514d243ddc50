"""What happens to callbacks: repeated until heard, lost, doubled, wrong, and across a kill."""

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import rsa
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from wechatpayv3 import WeChatPay

from tests.sandbox.clients import AlipayClient, wechat_client
from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxError, SandboxServer, free_port
from tests.waiting import eventually

NO = "DH20260301000001"


def order(wechat: WeChatPay, number: str = NO) -> None:
    code, text = wechat.pay("电费", number, {"total": 14951, "currency": "CNY"})
    assert code == 200, text


@pytest.fixture
def ordered(wechat: WeChatPay) -> str:
    order(wechat)
    return NO


@pytest.fixture
def alipay_ordered(sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant) -> str:
    request = AlipayTradePagePayRequest()
    request.notify_url = merchant.url
    request.biz_content = {
        "out_trade_no": NO,
        "total_amount": "149.51",
        "subject": "电费",
        "product_code": "FAST_INSTANT_TRADE_PAY",
    }
    sandbox.open(alipay.page(request))
    return NO


def opened(wechat: WeChatPay, heard: Heard) -> Any:
    return wechat.callback({name: heard.headers[name] for name in heard.headers}, heard.body)


def settled(sandbox: SandboxServer, number: str = NO) -> list[dict[str, Any]]:
    """The order's callbacks once none is under way."""
    eventually(lambda: all(each["state"] != "pending" for each in sandbox.notifications(number)))
    return sandbox.notifications(number)


def tries(sandbox: SandboxServer, number: str) -> int:
    return int(sandbox.notifications(number)[0]["tries"])


def test_wechat_repeats_until_2xx_with_the_same_id_and_a_new_signature(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, ordered: str
) -> None:
    merchant.answers = [(500, b""), (302, b""), (400, b'{"code":"FAIL"}')]
    merchant.answer = (204, b"")
    sandbox.pay(ordered)
    heard = merchant.wait(4)
    messages = [opened(wechat, each) for each in heard]
    assert len({each["id"] for each in messages}) == 1
    assert all(each["resource"] == messages[0]["resource"] for each in messages)
    assert len({each.headers["Wechatpay-Nonce"] for each in heard}) == 4
    [notice] = settled(sandbox)
    assert (notice["state"], notice["tries"], notice["last_status"]) == ("delivered", 4, 204)


def test_alipay_repeats_until_the_word_success(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant, alipay_ordered: str
) -> None:
    merchant.answers = [(200, b"ok"), (500, b"success"), (200, b"SUCCESS")]
    sandbox.pay(alipay_ordered)
    told = [alipay.verified(each.form) for each in merchant.wait(4)]
    assert len({each["notify_id"] for each in told}) == 1
    [notice] = settled(sandbox)
    assert (notice["state"], notice["tries"], notice["last_answer"]) == ("delivered", 4, "success")


def test_a_merchant_that_is_away_is_called_again(
    sandbox: SandboxServer, wechat: WeChatPay, ordered: str, merchant: Merchant
) -> None:
    away = wechat_client(sandbox, "http://127.0.0.1:9/notify")
    order(away, "DH20260301000002")
    sandbox.pay("DH20260301000002")
    eventually(lambda: tries(sandbox, "DH20260301000002") >= 3)
    sandbox.pay(ordered)
    merchant.wait(1)
    [notice] = sandbox.notifications("DH20260301000002")
    assert (notice["state"], notice["last_status"]) == ("pending", None)


def test_duplicates_share_the_id(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, ordered: str
) -> None:
    sandbox.pay(ordered, "duplicate")
    messages = [opened(wechat, each) for each in merchant.wait(3)]
    assert len({each["id"] for each in messages}) == 1
    assert [each["state"] for each in settled(sandbox)] == ["delivered"] * 3
    assert len(merchant.heard) == 3


def test_a_delayed_callback_keeps_its_time(
    sandbox: SandboxServer, merchant: Merchant, ordered: str
) -> None:
    sandbox.pay(ordered, "delay", delay=0.5)
    [notice] = sandbox.notifications(ordered)
    assert notice["next_at"] - notice["created_at"] == pytest.approx(0.5)
    assert merchant.wait(1)[0].at >= notice["next_at"]
    assert sandbox.order(ordered)["state"] == "paid"


def test_a_lost_callback_is_never_sent_until_somebody_sends_it(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, ordered: str
) -> None:
    sandbox.pay(ordered, "lose")
    order(wechat, "DH20260301000002")
    sandbox.pay("DH20260301000002")
    assert opened(wechat, merchant.wait(1)[0])["resource"]["out_trade_no"] == "DH20260301000002"
    [notice] = sandbox.notifications(ordered)
    assert (notice["state"], notice["tries"]) == ("lost", 0)
    assert sandbox.order(ordered)["state"] == "paid"
    sandbox.resend(notice["id"])
    assert opened(wechat, merchant.wait(2)[1])["resource"]["out_trade_no"] == ordered


def test_wechat_wrong_amount_is_signed_and_one_fen_too_much(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, ordered: str
) -> None:
    sandbox.pay(ordered, "wrong_amount")
    amount = opened(wechat, merchant.wait(1)[0])["resource"]["amount"]
    assert (amount["total"], amount["payer_total"]) == (14952, 14952)
    assert '"total":14951' in wechat.query(out_trade_no=ordered)[1]


def test_alipay_wrong_amount_is_signed_and_one_fen_too_much(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant, alipay_ordered: str
) -> None:
    sandbox.pay(alipay_ordered, "wrong_amount")
    told = alipay.verified(merchant.wait(1)[0].form)
    assert (told["total_amount"], told["receipt_amount"]) == ("149.52", "149.52")


def test_wechat_forged_callback_is_seen_through_and_nobody_has_paid(
    sandbox: SandboxServer, wechat: WeChatPay, merchant: Merchant, ordered: str
) -> None:
    merchant.answer = (400, b"")
    sandbox.pay(ordered, "forged")
    [heard] = merchant.wait(1)
    assert heard.headers["Wechatpay-Serial"] == sandbox.paper("wechatpay_public_key_id")
    assert opened(wechat, heard) is None
    assert [each["state"] for each in settled(sandbox)] == ["given_up"]
    assert (len(merchant.heard), sandbox.order(ordered)["state"]) == (1, "open")


def test_alipay_forged_callback_is_seen_through_and_nobody_has_paid(
    sandbox: SandboxServer, alipay: AlipayClient, merchant: Merchant, alipay_ordered: str
) -> None:
    merchant.answer = (200, b"failure")
    sandbox.pay(alipay_ordered, "forged")
    [heard] = merchant.wait(1)
    assert heard.form["trade_status"] == "TRADE_SUCCESS"
    with pytest.raises(rsa.VerificationError):
        alipay.verified(heard.form)
    assert [each["state"] for each in settled(sandbox)] == ["given_up"]
    assert sandbox.order(alipay_ordered)["state"] == "open"


def test_cancelling_moves_nothing(sandbox: SandboxServer, ordered: str, merchant: Merchant) -> None:
    assert sandbox.pay(ordered, "cancel")["notifications"] == []
    assert (sandbox.order(ordered)["state"], sandbox.notifications(ordered)) == ("open", [])


def test_two_payers_at_once_pay_once(
    sandbox: SandboxServer, merchant: Merchant, ordered: str
) -> None:
    outcomes: list[int] = []

    def pay() -> None:
        try:
            sandbox.pay(ordered)
            outcomes.append(200)
        except SandboxError as refusal:
            outcomes.append(refusal.status)

    payers = [threading.Thread(target=pay) for _ in range(6)]
    for payer in payers:
        payer.start()
    for payer in payers:
        payer.join()
    assert sorted(outcomes) == [200] + [409] * 5
    assert len(settled(sandbox)) == len(merchant.wait(1)) == 1


def test_stamps_of_callbacks_can_be_off(
    sandbox: SandboxServer, merchant: Merchant, ordered: str
) -> None:
    sandbox.skew(-600)
    sandbox.pay(ordered)
    stamp = int(merchant.wait(1)[0].headers["Wechatpay-Timestamp"])
    assert 595 < time.time() - stamp < 660


def test_a_payment_outlives_kill_9_and_its_callback_still_arrives(tmp_path: Path) -> None:
    """The merchant is away, the gateway is killed, both come back."""
    port = free_port()
    with SandboxServer(tmp_path) as sandbox:
        wechat = wechat_client(sandbox, f"http://127.0.0.1:{port}/notify")
        order(wechat)
        order(wechat, "DH20260301000002")
        paid = sandbox.pay(NO)["order"]
        sandbox.pay("DH20260301000002", "lose")
        eventually(lambda: tries(sandbox, NO) >= 1)
        sandbox.kill()
        with Merchant(port=port) as merchant:
            sandbox.start()
            told = opened(wechat, merchant.wait(1)[0])["resource"]
            assert told["transaction_id"] == paid["trade_no"]
            assert [each["state"] for each in settled(sandbox)] == ["delivered"]
        assert sandbox.order(NO) == paid
        assert sandbox.notifications("DH20260301000002")[0]["state"] == "lost"


def test_a_callback_cut_off_by_kill_9_is_made_again_at_once(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with SandboxServer(tmp_path) as sandbox, Merchant() as merchant:
        wechat = wechat_client(sandbox, merchant.url)
        order(wechat)
        merchant.before_answer = lambda: may_answer.wait(20)
        sandbox.pay(NO)
        merchant.wait(1)
        [held] = sandbox.notifications(NO)
        sandbox.kill()
        may_answer.set()
        sandbox.start()
        first, again = (opened(wechat, heard) for heard in merchant.wait(2))
        assert merchant.heard[1].at < held["next_at"], "not made again at once"
        assert (first["id"], first["resource"]) == (again["id"], again["resource"])
        assert [each["state"] for each in settled(sandbox)] == ["delivered"]


def test_an_outage_answers_500_and_does_nothing(
    sandbox: SandboxServer, wechat: WeChatPay, alipay: AlipayClient
) -> None:
    sandbox.outage("wechat", "error")
    code, text = wechat.pay("电费", NO, {"total": 1})
    assert (code, '"SYSTEM_ERROR"' in text) == (500, True)
    assert sandbox.orders() == []
    sandbox.outage("alipay", "error")
    reply = httpx.post(f"{sandbox.base_url}/gateway.do", trust_env=False)
    assert reply.status_code == 500
    sandbox.heal()
    order(wechat)


def test_a_hanging_gateway_does_nothing_and_one_that_loses_its_answer_does_all(
    sandbox: SandboxServer, wechat: WeChatPay
) -> None:
    wechat._core._timeout = 0.5
    sandbox.outage("wechat", "timeout")
    with pytest.raises(Exception, match="timed out"):
        wechat.pay("电费", NO, {"total": 1})
    assert sandbox.orders() == []
    sandbox.outage("wechat", "lost_answer")
    with pytest.raises(Exception, match="timed out"):
        wechat.pay("电费", NO, {"total": 1})
    eventually(lambda: [each["out_trade_no"] for each in sandbox.orders()] == [NO])
    sandbox.heal()


def test_an_outage_ends_by_itself(sandbox: SandboxServer, wechat: WeChatPay) -> None:
    wechat._core._timeout = 20
    sandbox.outage("wechat", "timeout", 0.5)
    code, _ = wechat.pay("电费", NO, {"total": 1})
    assert code == 500
    order(wechat)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/test/pay", {"out_trade_no": NO, "mode": "steal"}),
        ("/test/pay", {"out_trade_no": NO, "mode": "delay", "delay": "soon"}),
        ("/test/pay", []),
        ("/test/outage", {"channel": "bank"}),
        ("/test/outage", {"kind": "fire"}),
        ("/test/clock", {"seconds": True}),
    ],
)
def test_hooks_say_what_they_do_not_understand(
    sandbox: SandboxServer, path: str, asked: object
) -> None:
    response = httpx.post(f"{sandbox.base_url}{path}", json=asked, trust_env=False)
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")


def test_hooks_know_no_order_of_that_number(sandbox: SandboxServer) -> None:
    with pytest.raises(SandboxError, match="404"):
        sandbox.pay("DHNOTTHERE")


def test_one_number_at_both_gateways_needs_the_channel(
    sandbox: SandboxServer, ordered: str, alipay_ordered: str
) -> None:
    with pytest.raises(SandboxError, match="channel"):
        sandbox.pay(NO)
    sandbox.pay(NO, channel="alipay")
    assert sandbox.order(NO, channel="alipay")["state"] == "paid"
    assert sandbox.order(NO, channel="wechat")["state"] == "open"
