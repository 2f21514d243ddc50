"""Refunds at UnionPay (退货).

Pages of the gateway's documentation: 退货 (backTransReq), 交易状态查询 (queryTrans). A refund is
an order of its own, known by its number and the second it was decided in; the same both is never
done twice. It is taken at once and done later; its state is that of its own order.
"""

from collections.abc import Mapping
from typing import Final

from payments.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    Refunding,
    RefundReport,
    RefundState,
)
from payments.gateways.unionpay_wire import (
    DONE,
    NAME,
    UNCERTAIN,
    YUAN,
    UnionPayWire,
    fen_of,
    moment,
    must_succeed,
    second,
    stamp,
)

BACK = "/gateway/api/backTransReq.do"
REFUND: Final = {"txnType": "04", "txnSubType": "00", "bizType": "000201", "channelType": "07"}

NOBODY = "http://www.specialUrl.com"
"""The documented address for whoever wants to be told nothing."""


def refund(wire: UnionPayWire, refunding: Refunding) -> RefundReport:
    """Ask for it, unless it has been asked for. `reqReserved` stands in the statement as well."""
    known = query(wire, refunding)
    if known.state is not RefundState.ABSENT:
        return known
    fields = REFUND | {
        "orderId": refunding.refund_no,
        "txnTime": _second(refunding),
        "txnAmt": str(refunding.amount_fen),
        "origQryId": refunding.trade_no or _trade_no(wire, refunding.order_no),
        "reqReserved": refunding.order_no,
        "backUrl": refunding.notify_url or NOBODY,
    }
    must_succeed(wire.call(BACK, fields))
    return RefundReport(
        refunding.order_no, refunding.refund_no, RefundState.PROCESSING, refunding.amount_fen
    )


def query(wire: UnionPayWire, refunding: Refunding) -> RefundReport:
    answer = wire.asked(refunding.refund_no, _second(refunding))
    if answer is None:
        return RefundReport(refunding.order_no, refunding.refund_no, RefundState.ABSENT)
    try:
        return _report(answer, refunding.order_no, answer["origRespCode"])
    except (KeyError, ValueError) as error:
        raise GatewayUnavailable(NAME, "unreadable_answer") from error


def notified(fields: Mapping[str, str]) -> RefundReport:
    """The refund that a message is about. Raises KeyError, ValueError."""
    return _report(fields, fields["reqReserved"], fields["respCode"])


def _report(said: Mapping[str, str], order_no: str, code: str) -> RefundReport:
    """Raises KeyError, ValueError."""
    if said.get("currencyCode", YUAN) != YUAN:
        raise ValueError("the amount is not in fen")
    done = code in DONE
    undone = RefundState.PROCESSING if code in UNCERTAIN else RefundState.CLOSED
    return RefundReport(
        order_no=order_no,
        refund_no=said["orderId"],
        state=RefundState.DONE if done else undone,
        amount_fen=fen_of(said["txnAmt"]),
        done_at=moment(said) if done else None,
        merchant={"merId": said["merId"]},
    )


def _trade_no(wire: UnionPayWire, order_no: str) -> str:
    """UnionPay's number of the payment. Raises GatewayRefused when nothing was paid."""
    answer = wire.asked(order_no, second(order_no))
    if answer is None or answer.get("origRespCode") not in DONE or "queryId" not in answer:
        raise GatewayRefused(NAME, "unpaid")
    return answer["queryId"]


def _second(refunding: Refunding) -> str:
    """The same at every try; without a time of its own a refund takes that of its order."""
    asked = refunding.asked_at
    return second(refunding.order_no) if asked is None else stamp(asked)
