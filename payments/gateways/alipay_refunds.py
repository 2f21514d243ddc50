"""Refunds at Alipay.

Pages of the gateway's documentation: alipay.trade.refund, alipay.trade.fastpay.refund.query,
asynchronous notification. Sums that are called `refund_fee` are those of all refunds of a trade,
so they say nothing of one of them.
"""

from collections.abc import Mapping
from typing import Any

from alipay.aop.api.domain.AlipayTradeFastpayRefundQueryModel import (
    AlipayTradeFastpayRefundQueryModel,
)
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.request.AlipayTradeFastpayRefundQueryRequest import (
    AlipayTradeFastpayRefundQueryRequest,
)
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest

from payments.gateways.alipay_wire import (
    NAME,
    AlipayWire,
    fen_of,
    instant,
    must_succeed,
    yuan_text,
)
from payments.gateways.base import GatewayUnavailable, Refunding, RefundReport, RefundState


def refund(wire: AlipayWire, refunding: Refunding) -> RefundReport:
    """Ask for it; `fund_change` says whether this very call moved the money."""
    model = AlipayTradeRefundModel()
    model.out_trade_no, model.trade_no = refunding.order_no, refunding.trade_no
    model.out_request_no = refunding.refund_no
    model.refund_amount = yuan_text(refunding.amount_fen)
    model.refund_reason = refunding.reason
    answer = wire.call(AlipayTradeRefundRequest(biz_model=model))
    must_succeed(answer)
    if answer.get("fund_change") != "Y":
        return query(wire, refunding)
    return _done(refunding, answer)


def query(wire: AlipayWire, refunding: Refunding) -> RefundReport:
    """Without `refund_status` the gateway knows no such refund, or it is not done: ask again."""
    model = AlipayTradeFastpayRefundQueryModel()
    model.out_trade_no, model.trade_no = refunding.order_no, refunding.trade_no
    model.out_request_no = refunding.refund_no
    model.query_options = ["gmt_refund_pay"]
    answer = wire.call(AlipayTradeFastpayRefundQueryRequest(biz_model=model))
    if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
        return _absent(refunding)
    must_succeed(answer)
    return _done(refunding, answer) if _succeeded(answer) else _absent(refunding)


def notified(fields: Mapping[str, str], merchant: dict[str, str]) -> RefundReport | None:
    """The refund that a notification is about, if it is about one. Raises ValueError, KeyError."""
    if "gmt_refund" not in fields or "out_biz_no" not in fields:
        return None
    return RefundReport(
        order_no=fields["out_trade_no"],
        refund_no=fields["out_biz_no"],
        state=RefundState.DONE,
        done_at=instant(fields["gmt_refund"]),
        merchant=merchant,
    )


def _succeeded(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("refund_status") == "REFUND_SUCCESS")


def _done(refunding: Refunding, answer: Mapping[str, Any]) -> RefundReport:
    try:
        fen = fen_of(str(answer["refund_amount"])) if "refund_amount" in answer else None
        at = instant(answer["gmt_refund_pay"]) if "gmt_refund_pay" in answer else None
    except (TypeError, ValueError) as error:
        raise GatewayUnavailable(NAME, "unreadable_answer") from error
    return RefundReport(refunding.order_no, refunding.refund_no, RefundState.DONE, fen, at)


def _absent(refunding: Refunding) -> RefundReport:
    return RefundReport(refunding.order_no, refunding.refund_no, RefundState.ABSENT)
