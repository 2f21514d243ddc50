"""Orders at Alipay's open gateway.

Pages of the gateway's documentation: alipay.trade.page.pay, alipay.trade.wap.pay,
alipay.trade.query, alipay.trade.close, asynchronous notification; for refunds `alipay_refunds`.
"""

from collections.abc import Mapping
from typing import Any

from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest

from payments.gateways import alipay_refunds
from payments.gateways.alipay_wire import (
    AlipayWire,
    fen_of,
    instant,
    must_succeed,
    reply,
    stamp,
    yuan_text,
)
from payments.gateways.base import (
    Answer,
    Charge,
    Destination,
    GatewayRefused,
    GatewayUnavailable,
    Notification,
    NotificationRefused,
    Product,
    Refunding,
    RefundReport,
    Trade,
    TradeState,
)
from payments.settings import PaymentSettings

_STATES = {
    "WAIT_BUYER_PAY": TradeState.AWAITING,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,
}
_OVER = frozenset(
    {
        "ACQ.TRADE_STATUS_ERROR",
        "ACQ.REASON_TRADE_STATUS_INVALID",
        "ACQ.TRADE_HAS_SUCCESS",
        "ACQ.TRADE_HAS_CLOSE",
    }
)
"""What closing answers when there is nothing left to close; only a query says why."""


class AlipayGateway:
    """Page on a desktop, wap on a phone; both are addresses that the customer's browser opens."""

    name = "alipay"

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        self._wire = AlipayWire(settings, repeats=repeats)
        self.merchant = self._wire.merchant

    def create(self, charge: Charge) -> Destination:
        page = charge.product is Product.PAGE
        model: Any = AlipayTradePagePayModel() if page else AlipayTradeWapPayModel()
        model.out_trade_no = charge.order_no
        model.total_amount = yuan_text(charge.amount_fen)
        model.subject = charge.description
        model.product_code = "FAST_INSTANT_TRADE_PAY" if page else "QUICK_WAP_WAY"
        model.time_expire = stamp(charge.expires_at)
        if not page:
            model.quit_url = charge.quit_url or charge.return_url
        request: Any = AlipayTradePagePayRequest if page else AlipayTradeWapPayRequest
        built = request(biz_model=model)
        built.notify_url, built.return_url = charge.notify_url, charge.return_url
        return Destination(redirect_url=self._wire.page(built))

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        model = AlipayTradeQueryModel()
        model.out_trade_no, model.trade_no = order_no, trade_no
        answer = self._wire.call(AlipayTradeQueryRequest(biz_model=model))
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return Trade(order_no, TradeState.ABSENT)
        must_succeed(answer)
        try:
            return _trade(answer, "send_pay_date", {})
        except (KeyError, ValueError, TypeError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def close(self, order_no: str) -> None:
        model = AlipayTradeCloseModel()
        model.out_trade_no = order_no
        answer = self._wire.call(AlipayTradeCloseRequest(biz_model=model))
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return
        if answer.get("sub_code") in _OVER:
            self._must_be_closed(order_no)
            return
        must_succeed(answer)

    def refund(self, refunding: Refunding) -> RefundReport:
        return alipay_refunds.refund(self._wire, refunding)

    def query_refund(self, refunding: Refunding) -> RefundReport:
        return alipay_refunds.query(self._wire, refunding)

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        fields = self._wire.notified(body)
        try:
            merchant = {"app_id": fields["app_id"], "seller_id": fields["seller_id"]}
            trade = _trade(fields, "gmt_payment", merchant)
            refund = alipay_refunds.notified(fields, merchant)
        except (KeyError, ValueError) as error:
            raise NotificationRefused(self.name, "malformed") from error
        return Notification(fields["notify_id"], trade, refund)

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """Synchronous return of the docs: signed like a notification, and no proof of payment."""
        fields = {name: value for name, value in query.items() if name not in ("sign", "sign_type")}
        ours = (fields.get("out_trade_no"), fields.get("app_id"))
        return ours == (order_no, self.merchant["app_id"]) and self._wire.is_signed(
            fields, query.get("sign", "")
        )

    def answer(self, taken: bool) -> Answer:
        return reply(taken)

    def _must_be_closed(self, order_no: str) -> None:
        state = self.query(order_no).state
        if state in (TradeState.PAID, TradeState.AWAITING):
            raise GatewayRefused(self.name, "paid" if state is TradeState.PAID else "refused")


def _trade(said: Mapping[str, Any], paid_field: str, merchant: dict[str, str]) -> Trade:
    """A trade from the gateway's own words. Raises KeyError, ValueError."""
    state = _STATES[said["trade_status"]]
    paid = state is TradeState.PAID
    return Trade(
        order_no=said["out_trade_no"],
        state=state,
        trade_no=said["trade_no"],
        amount_fen=fen_of(said["total_amount"]),
        paid_at=instant(said[paid_field]) if paid else None,
        merchant=merchant,
    )
