"""What UnionPay says of orders and refunds: in answers, in messages and on the way back."""

from collections.abc import Mapping
from urllib.parse import urlencode

from sandbox import clock
from sandbox.box import Box
from sandbox.notices import Notice
from sandbox.trades import Refund, Trade
from sandbox.unionpay_wire import forged, signed

SUCCESS = {"respCode": "00", "respMsg": "成功[0000000]"}
KEPT = ("version", "encoding", "signMethod", "accessType", "bizType", "txnType", "txnSubType")
"""Fields that come back as they were sent."""


def echo(fields: Mapping[str, str], code: str, sentence: str) -> dict[str, str]:
    """A refusal gives back what was asked, but for the signature of it."""
    kept = {name: value for name, value in fields.items() if name not in ("signature", "certId")}
    return kept | {"respCode": code, "respMsg": sentence}


def about_payment(trade: Trade, *, extra_fen: int = 0, at: float | None = None) -> dict[str, str]:
    """A paid order; `at` stands in where nobody has paid."""
    return _about(trade.request, trade.trade_no, trade.total_fen + extra_fen, trade.paid_at or at)


def about_refund(trade: Trade, refund: Refund) -> dict[str, str]:
    """A refund, which is an order of its own; `reason` keeps its `txnTime`."""
    named = {"orderId": refund.refund_no, "txnTime": refund.reason}
    kind = {"txnType": "04", "txnSubType": "00", "reqReserved": trade.out_trade_no}
    about = _about(trade.request | named | kind, refund.gateway_no, refund.fen, refund.created_at)
    return about | kind | {"origQryId": trade.trade_no, "origOrderId": trade.out_trade_no}


FAILED = {"respCode": "63", "respMsg": "卡状态不正确[6306300]"}


def refund_state(refund: Refund) -> dict[str, str]:
    """Under way, arrived, or ended as a tester ordered."""
    said = FAILED if refund.ending else SUCCESS
    if refund.settles_at > clock.now():
        return {"origRespCode": "05", "origRespMsg": "交易已受理"}
    return {"origRespCode": said["respCode"], "origRespMsg": said["respMsg"]}


def notice_call(
    box: Box, notice: Notice, trade: Trade, refund: Refund | None
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call to the merchant; the same at each try."""
    extra = int(notice.flavour == "wrong_amount")
    end = FAILED if refund and refund.ending else SUCCESS
    said = end | (
        about_refund(trade, refund)
        if refund
        else about_payment(trade, extra_fen=extra, at=notice.created_at)
    )
    form = forged(said) if notice.flavour == "forged" else signed(box.papers.unionpay, said)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return headers, urlencode(form).encode()


def way_back(box: Box, trade: Trade) -> dict[str, str]:
    """What the browser carries to `frontUrl` once the order is paid."""
    return signed(box.papers.unionpay, SUCCESS | about_payment(trade))


def _about(request: Mapping[str, str], query_id: str, fen: int, at: float | None) -> dict[str, str]:
    done = clock.digits(at or clock.now())
    kept = {name: request[name] for name in (*KEPT, "merId", "orderId", "txnTime")}
    return kept | {
        "queryId": query_id,
        "txnAmt": str(fen),
        "currencyCode": "156",
        "settleAmt": str(fen),
        "settleCurrencyCode": "156",
        "settleDate": done[4:8],
        "traceNo": query_id[-6:],
        "traceTime": done[4:],
        "payCardType": "01",
    }
