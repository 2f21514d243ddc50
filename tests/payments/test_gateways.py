"""One contract for every gateway, against a gateway that knows only the documented wire."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import requests

from payments import gateways
from payments.gateways.base import (
    Charge,
    Destination,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
    Product,
    Refunding,
    RefundReport,
    RefundState,
    TradeState,
)
from runtime import clock
from tests.payments.builders import World
from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxServer
from tests.silence import silence
from tests.waiting import eventually

ORDER = clock.now().astimezone(clock.BEIJING).strftime("%Y%m%d%H%M%S") + "abcdefghjkmnpq"
PRODUCTS = {
    "wechat": (Product.NATIVE, Product.H5, Product.JSAPI),
    "alipay": (Product.PAGE, Product.WAP),
    "unionpay": (Product.PAGE, Product.WAP),
}
UNPAID = {"unionpay": TradeState.ABSENT}
"""What is said of an order at the cashier, where it is not `awaiting`."""

REFUNDED = {"wechat": TradeState.REFUNDED, "alipay": TradeState.CLOSED, "unionpay": TradeState.PAID}
"""What is said of an order whose money went back: a refund at UnionPay is an order of its own."""

EVERY = [(name, product) for name, products in PRODUCTS.items() for product in products]


@pytest.fixture(params=list(PRODUCTS))
def gateway(request: pytest.FixtureRequest, offered: dict[str, Gateway]) -> Gateway:
    return offered[request.param]


@pytest.fixture
def charge(merchant: Merchant) -> Any:
    expires_at = clock.now() + timedelta(minutes=15)

    def make(product: Product, **change: Any) -> Charge:
        given: dict[str, Any] = {
            "order_no": ORDER,
            "amount_fen": 14951,
            "description": "江城供电 电费",
            "expires_at": expires_at,
            "product": product,
            "notify_url": merchant.url,
            "return_url": "http://127.0.0.1:8000/pay/back",
            "openid": "o-payer" if product is Product.JSAPI else None,
        }
        return Charge(**given | change)

    return make


@pytest.fixture
def placed(gateway: Gateway, charge: Any, sandbox: SandboxServer) -> Destination:
    """An order at the gateway, its cashier opened as a customer would."""
    return _place(gateway, charge(PRODUCTS[gateway.name][0]), sandbox)


def _place(gateway: Gateway, charge: Charge, sandbox: SandboxServer) -> Destination:
    destination = gateway.create(charge)
    if destination.redirect_url:
        sandbox.open(destination.redirect_url)
    if destination.form:
        sandbox.post(destination.form.action, destination.form.fields)
    return destination


def _headers(heard: Heard) -> dict[str, str]:
    return dict(heard.headers.items())


@pytest.mark.parametrize(("name", "product"), EVERY)
def test_every_product_leads_somewhere(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer, name: str, product: Product
) -> None:
    destination = _place(offered[name], charge(product), sandbox)
    given = [
        destination.code_url,
        destination.redirect_url,
        destination.jsapi,
        destination.form,
    ]
    assert sum(each is not None for each in given) == 1
    order = sandbox.order(ORDER)
    assert (order["total_fen"], order["product"]) == (14951, product.value)


def test_asking_for_the_same_order_again_gives_a_destination_again(
    gateway: Gateway, charge: Any, placed: Destination
) -> None:
    again = gateway.create(charge(PRODUCTS[gateway.name][0]))
    assert (again.code_url, bool(again.redirect_url), bool(again.form)) == (
        placed.code_url,
        bool(placed.redirect_url),
        bool(placed.form),
    )


def test_an_order_is_absent_then_awaiting_then_paid(
    gateway: Gateway, charge: Any, sandbox: SandboxServer
) -> None:
    assert gateway.query(ORDER).state is TradeState.ABSENT
    _place(gateway, charge(PRODUCTS[gateway.name][0]), sandbox)
    assert gateway.query(ORDER).state is UNPAID.get(gateway.name, TradeState.AWAITING)
    before = clock.now()
    sandbox.pay(ORDER)
    trade = gateway.query(ORDER)
    assert (trade.order_no, trade.state, trade.amount_fen) == (ORDER, TradeState.PAID, 14951)
    assert trade.trade_no
    assert trade.paid_at is not None
    assert abs(trade.paid_at - before) < timedelta(seconds=5)
    assert trade.merchant in ({}, gateway.merchant)


def test_a_closed_order_cannot_be_paid_and_closing_twice_is_one(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    for _ in range(2):
        gateway.close(ORDER)
    if gateway.name == "unionpay":
        return  # it has no such call: see the next test
    assert gateway.query(ORDER).state is TradeState.CLOSED
    assert sandbox.order(ORDER)["state"] == "closed"


def test_an_order_at_unionpay_lapses_by_itself(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer
) -> None:
    """Closed is what nobody has paid; until it lapses it still can be, and then is paid."""
    unionpay = offered["unionpay"]
    soon = clock.now() + timedelta(seconds=2)
    _place(unionpay, charge(Product.PAGE, expires_at=soon), sandbox)
    unionpay.close(ORDER)
    assert sandbox.order(ORDER)["state"] == "open"
    eventually(lambda: sandbox.order(ORDER)["state"] != "open")
    unionpay.close(ORDER)
    assert unionpay.query(ORDER).state is TradeState.ABSENT
    sandbox.pay(ORDER, force=True)
    assert unionpay.query(ORDER).state is TradeState.PAID


def test_an_order_the_gateway_never_heard_of_counts_as_closed(gateway: Gateway) -> None:
    gateway.close(ORDER)


def test_a_paid_order_cannot_be_closed(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    sandbox.pay(ORDER)
    with pytest.raises(GatewayRefused) as refused:
        gateway.close(ORDER)
    assert refused.value.reason == "paid"


def test_money_goes_back_once(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    sandbox.pay(ORDER)
    refunding = _refunding(gateway)
    assert gateway.query_refund(refunding).state is RefundState.ABSENT
    report = _given_back(gateway, refunding)
    assert (report.order_no, report.refund_no) == (ORDER, refunding.refund_no)
    assert report.amount_fen in (14951, None)
    assert _given_back(gateway, refunding).state is RefundState.DONE
    assert sandbox.order(ORDER)["refunded_fen"] == 14951
    assert gateway.query(ORDER).state is REFUNDED[gateway.name]


def test_money_goes_back_in_parts_and_never_more_than_was_paid(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    sandbox.pay(ORDER)
    first = _refunding(gateway, "REFUND01", 10000)
    second = _refunding(gateway, "REFUND02", 4951)
    for each in (first, second):
        assert gateway.query_refund(each).state is RefundState.ABSENT
        done = _given_back(gateway, each)
        assert (done.refund_no, done.state) == (each.refund_no, RefundState.DONE)
    asked = gateway.query_refund(second)
    assert (asked.amount_fen, asked.state) == (4951, RefundState.DONE)
    assert asked.done_at is not None
    with pytest.raises(GatewayRefused):
        gateway.refund(_refunding(gateway, "REFUND03", 1))
    assert sandbox.order(ORDER)["refunded_fen"] == 14951


def test_the_gateway_tells_of_a_refund(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer, merchant: Merchant
) -> None:
    sandbox.pay(ORDER)
    merchant.wait(1)
    _given_back(gateway, _refunding(gateway, "REFUND01", 10000, notify_url=merchant.url))
    heard = merchant.wait(2)[1]
    report = gateway.verify_notification(_headers(heard), heard.body).refund
    assert report is not None
    assert (report.order_no, report.refund_no, report.state) == (
        ORDER,
        "REFUND01",
        RefundState.DONE,
    )
    assert report.amount_fen in (10000, None)
    assert report.done_at is not None
    assert report.merchant.items() <= gateway.merchant.items()


@pytest.mark.parametrize("reason", ["not_enough", "account_closed"])
@pytest.mark.parametrize("name", ["wechat", "alipay"])
def test_a_gateway_says_why_it_gives_nothing_back_and_may_be_asked_again(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer, name: str, reason: str
) -> None:
    gateway = offered[name]
    _place(gateway, charge(PRODUCTS[name][0]), sandbox)
    sandbox.pay(ORDER)
    refunding = _refunding(gateway)
    sandbox.refunds(name, reason)
    for _ in range(2):
        with pytest.raises(GatewayRefused) as refused:
            gateway.refund(refunding)
        assert refused.value.reason == reason
        assert gateway.query_refund(refunding).state is RefundState.ABSENT
    sandbox.refunds(name)
    assert _given_back(gateway, refunding).state is RefundState.DONE


@pytest.mark.parametrize("ending", [RefundState.CLOSED, RefundState.ABNORMAL])
def test_wechat_takes_a_refund_and_tells_that_it_failed(
    offered: dict[str, Gateway],
    charge: Any,
    sandbox: SandboxServer,
    merchant: Merchant,
    ending: RefundState,
) -> None:
    wechat = offered["wechat"]
    _place(wechat, charge(Product.NATIVE), sandbox)
    sandbox.pay(ORDER)
    merchant.wait(1)
    sandbox.refunds("wechat", ending.value)
    refunding = _refunding(wechat, "R1", notify_url=merchant.url)
    assert _given_back(wechat, refunding).state is ending
    heard = merchant.wait(2)[1]
    report = wechat.verify_notification(_headers(heard), heard.body).refund
    assert report is not None
    assert (report.refund_no, report.state, report.done_at) == ("R1", ending, None)


def test_a_trade_is_found_by_the_gateways_own_number(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    sandbox.pay(ORDER)
    trade = gateway.query(ORDER)
    assert gateway.query(ORDER, trade.trade_no) == trade
    strange = f"{trade.trade_no}"[:-6] + "000000"
    assert gateway.query(ORDER, strange).state is TradeState.ABSENT


def _refunding(
    gateway: Gateway, refund_no: str = f"R{ORDER}", fen: int = 14951, **change: Any
) -> Refunding:
    """A refund of the order, under the number that the gateway gave its trade."""
    return Refunding(
        ORDER,
        refund_no,
        fen,
        14951,
        "账单已由另一笔付款缴清",
        trade_no=gateway.query(ORDER).trade_no,
        asked_at=clock.now(),
        **change,
    )


def _given_back(gateway: Gateway, refunding: Refunding) -> RefundReport:
    """How it ends, once the gateway is not at it any more."""
    report = gateway.refund(refunding)
    while report.state is RefundState.PROCESSING:
        report = gateway.query_refund(refunding)
    return report


def test_money_that_was_not_paid_is_not_given_back(gateway: Gateway, placed: Destination) -> None:
    with pytest.raises(GatewayRefused):
        gateway.refund(Refunding(ORDER, f"R{ORDER}", 14951, 14951, "nothing"))


@pytest.mark.silence
@pytest.mark.parametrize("kind", ["error", "timeout"])
def test_a_gateway_that_is_down_is_unavailable(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer, kind: str
) -> None:
    sandbox.outage(kind=kind)
    refunding = Refunding(ORDER, f"R{ORDER}", 14951, 14951, "test")
    for call in (
        lambda: gateway.query(ORDER),
        lambda: gateway.close(ORDER),
        lambda: gateway.refund(refunding),
        lambda: gateway.query_refund(refunding),
    ):
        with pytest.raises(GatewayUnavailable):
            call()
    sandbox.heal()
    assert gateway.query(ORDER).state is UNPAID.get(gateway.name, TradeState.AWAITING)


@pytest.mark.silence
def test_a_refund_whose_answer_was_lost_is_asked_for_again(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer
) -> None:
    sandbox.pay(ORDER)
    refunding = Refunding(ORDER, f"R{ORDER}", 14951, 14951, "test")
    sandbox.outage(kind="lost_answer")
    with pytest.raises(GatewayUnavailable):
        gateway.refund(refunding)
    sandbox.heal()
    assert _given_back(gateway, refunding).state is RefundState.DONE
    assert gateway.query(ORDER).state is REFUNDED[gateway.name]


def test_the_gateways_own_message_is_verified(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer, merchant: Merchant
) -> None:
    sandbox.pay(ORDER, "duplicate")
    heard = merchant.wait(3)
    found = [gateway.verify_notification(_headers(each), each.body) for each in heard]
    assert len({each.notification_id for each in found}) == 1
    trade = found[0].trade
    assert trade is not None
    assert (trade.order_no, trade.state, trade.amount_fen) == (ORDER, TradeState.PAID, 14951)
    assert trade.merchant == gateway.merchant
    assert trade.trade_no == gateway.query(ORDER).trade_no
    assert trade.paid_at == gateway.query(ORDER).paid_at


def test_a_strangers_message_is_refused(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer, merchant: Merchant
) -> None:
    sandbox.pay(ORDER, "forged")
    heard = merchant.wait(1)[0]
    with pytest.raises(NotificationRefused) as refused:
        gateway.verify_notification(_headers(heard), heard.body)
    assert refused.value.reason in ("bad_signature", "unknown_serial")


def test_a_message_about_another_amount_says_so(
    gateway: Gateway, placed: Destination, sandbox: SandboxServer, merchant: Merchant
) -> None:
    sandbox.pay(ORDER, "wrong_amount")
    heard = merchant.wait(1)[0]
    trade = gateway.verify_notification(_headers(heard), heard.body).trade
    assert trade is not None
    assert trade.amount_fen == 14952


def test_wechats_stamp_must_be_fresh(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer, merchant: Merchant
) -> None:
    _place(offered["wechat"], charge(Product.NATIVE), sandbox)
    sandbox.skew(-310)
    sandbox.pay(ORDER)
    heard = merchant.wait(1)[0]
    with pytest.raises(NotificationRefused) as refused:
        offered["wechat"].verify_notification(_headers(heard), heard.body)
    assert refused.value.reason == "stale"


def test_an_unknown_serial_calls_nobody(
    offered: dict[str, Gateway], sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(requests, "get", lambda url, **_: calls.append(url))
    headers = {
        "Wechatpay-Timestamp": str(int(clock.now().timestamp())),
        "Wechatpay-Nonce": "n",
        "Wechatpay-Serial": "7132D72A03E93CDDF8C03BBD1F37EEDF",
        "Wechatpay-Signature": "AAAA",
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }
    with pytest.raises(NotificationRefused) as refused:
        offered["wechat"].verify_notification(headers, b"{}")
    assert refused.value.reason == "unknown_serial"
    assert calls == []


@pytest.mark.parametrize("name", list(PRODUCTS))
def test_a_gateway_that_is_frozen_is_asked_once_while_a_customer_waits(
    world: World, charge: Any, name: str
) -> None:
    with silence() as frozen:
        settings = world.settings(
            wechatpay_gateway=frozen.url,
            alipay_gateway=f"{frozen.url}/gateway.do",
            unionpay_gateway=frozen.url,
            gateway_timeout=0.05,
        )
        hurried = gateways.from_settings(settings, hurried=True)[name]
        with pytest.raises(GatewayUnavailable) as caught:
            hurried.query(ORDER)
        assert frozen.visits() == 1
    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize(("given", "waited"), [(20.0, 3.0), (5.0, 3.0), (0.5, 0.5)])
def test_a_customer_never_waits_longer_than_three_seconds(
    world: World, given: float, waited: float
) -> None:
    hurried: Any = gateways.from_settings(world.settings(gateway_timeout=given), hurried=True)
    assert hurried["wechat"]._wire.sdk._core._timeout == (waited, waited)
    for name in ("alipay", "unionpay"):
        assert hurried[name]._wire._http._client.timeout == httpx.Timeout(waited)
        hurried[name]._wire.close()


def test_alipay_signs_the_way_back_and_an_address_that_was_made_up_is_known(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer
) -> None:
    alipay = offered["alipay"]
    address = urlsplit(_leave(sandbox, alipay.create(charge(Product.PAGE)), "pay"))
    assert address.path == "/pay/back"
    query = dict(parse_qsl(address.query))
    assert alipay.leads_back(ORDER, query)
    assert not alipay.leads_back("another", query)
    assert not alipay.leads_back(ORDER, query | {"total_amount": "0.01"})
    assert not alipay.leads_back(ORDER, query | {"sign": "AAAA"})
    assert not alipay.leads_back(ORDER, {"out_trade_no": ORDER})
    assert not alipay.leads_back(ORDER, {})


def test_whoever_leaves_the_phones_cashier_comes_to_the_orders_page(
    offered: dict[str, Gateway], charge: Any, sandbox: SandboxServer
) -> None:
    wap = charge(Product.WAP, quit_url="http://127.0.0.1:8000/pay/order")
    way_back = _leave(sandbox, offered["alipay"].create(wap), "cancel")
    assert way_back == "http://127.0.0.1:8000/pay/order"


def _leave(sandbox: SandboxServer, destination: Destination, mode: str) -> str:
    """Go to the cashier, press a button there; where it sends the browser."""
    cashier = sandbox.open(destination.redirect_url or "")
    answer = httpx.post(sandbox.base_url + cashier, data={"mode": mode}, trust_env=False)
    return answer.headers["location"]
