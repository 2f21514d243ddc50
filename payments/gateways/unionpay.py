"""Orders at UnionPay's online gateway (在线网关支付): a cashier that the browser posts a form to.

Pages of the gateway's documentation: 消费 (frontTransReq), 交易状态查询 (queryTrans), 退货
(backTransReq), 后台通知, 前台通知.
"""

from collections.abc import Mapping
from typing import Final

from payments.gateways import unionpay_refunds
from payments.gateways.base import (
    Answer,
    Charge,
    Destination,
    Form,
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
from payments.gateways.unionpay_wire import (
    DONE,
    NAME,
    UNCERTAIN,
    YUAN,
    UnionPayWire,
    digest,
    fen_of,
    moment,
    second,
    stamp,
)
from payments.settings import PaymentSettings

FRONT = "/gateway/api/frontTransReq.do"

CONSUMPTION: Final = {"txnType": "01", "txnSubType": "01", "bizType": "000201"}
CHANNELS = {Product.PAGE: "07", Product.WAP: "08"}

_NOT_IN_VALUES = str.maketrans("&={}[]", "      ")


class UnionPayGateway:
    """One cashier for desktop and phone, told apart by `channelType`.

    UnionPay knows an order by number and second (`orderId`, `txnTime`); our numbers begin with
    the second they were made in, so that the number alone is enough to ask.
    """

    name = NAME

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        self._wire = UnionPayWire(settings, repeats=repeats)
        self.merchant = self._wire.merchant

    def create(self, charge: Charge) -> Destination:
        fields = CONSUMPTION | {
            "channelType": CHANNELS[charge.product],
            "orderId": charge.order_no,
            "txnTime": second(charge.order_no),
            "txnAmt": str(charge.amount_fen),
            "currencyCode": YUAN,
            "payTimeout": stamp(charge.expires_at),
            "riskRateInfo": f"{{commodityName={charge.description.translate(_NOT_IN_VALUES)}}}",
            "backUrl": charge.notify_url,
            "frontUrl": charge.front_url or charge.return_url,
            "frontFailUrl": charge.quit_url or charge.return_url,
        }
        return Destination(form=Form(f"{self._wire.gateway}{FRONT}", self._wire.signed(fields)))

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        answer = self._wire.asked(order_no, second(order_no))
        if answer is None or trade_no not in (None, answer.get("queryId")):
            return Trade(order_no, TradeState.ABSENT)
        try:
            return _trade(answer, answer["origRespCode"])
        except (KeyError, ValueError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def close(self, order_no: str) -> None:
        """UnionPay has no such call: an order lapses by itself at its `payTimeout`.

        So only what has happened decides: nobody has paid, or it failed, and the order counts as
        closed; money that comes before it lapses is dealt with like all late money. While the
        outcome is uncertain nothing is closed.
        """
        answer = self._wire.asked(order_no, second(order_no))
        if answer is None:
            return
        if answer.get("origRespCode") in DONE:
            raise GatewayRefused(self.name, "paid")
        if answer.get("origRespCode") in UNCERTAIN:
            raise GatewayUnavailable(self.name, "uncertain")

    def refund(self, refunding: Refunding) -> RefundReport:
        return unionpay_refunds.refund(self._wire, refunding)

    def query_refund(self, refunding: Refunding) -> RefundReport:
        return unionpay_refunds.query(self._wire, refunding)

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        fields = self._wire.notified(body)
        number = digest(fields).decode()
        try:
            if fields["txnType"] == unionpay_refunds.REFUND["txnType"]:
                return Notification(number, None, unionpay_refunds.notified(fields))
            if fields["txnType"] == CONSUMPTION["txnType"]:
                return Notification(number, _trade(fields, fields["respCode"]))
            return Notification(number, None)
        except (KeyError, ValueError) as error:
            raise NotificationRefused(self.name, "malformed") from error

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """前台通知 of the docs: the browser posts what a message would say, signed like it."""
        ours = (query.get("orderId"), query.get("merId"))
        return ours == (order_no, self.merchant["merId"]) and self._wire.is_signed(query)

    def answer(self, taken: bool) -> Answer:
        return Answer(200 if taken else 400, "text/plain", b"ok" if taken else b"fail")


def _trade(said: Mapping[str, str], code: str) -> Trade:
    """A trade from the gateway's own words. A try that failed may be followed by another.

    Raises KeyError, ValueError.
    """
    if said["currencyCode"] != YUAN:
        raise ValueError("the amount is not in fen")
    paid = code in DONE
    return Trade(
        order_no=said["orderId"],
        state=TradeState.PAID if paid else TradeState.AWAITING,
        trade_no=said["queryId"] if paid else said.get("queryId"),
        amount_fen=fen_of(said["txnAmt"]),
        paid_at=moment(said) if paid else None,
        merchant={"merId": said["merId"]},
    )
