"""What Alipay says of trades and refunds: in answers, in notices and on the way back."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox import clock
from sandbox.alipay_wire import forged_form, signed_form
from sandbox.box import Box
from sandbox.money import yuan
from sandbox.notices import Notice
from sandbox.trades import Refund, Trade

BUYER = {"buyer_logon_id": "san***@example.com", "buyer_user_id": "2088000000000001"}


def trade_status(trade: Trade) -> str:
    """A trade whose money went back entirely is closed."""
    if trade.state == "open":
        return "WAIT_BUYER_PAY"
    whole = trade.state == "paid" and trade.refunded_fen < trade.total_fen
    return "TRADE_SUCCESS" if whole else "TRADE_CLOSED"


def payment(trade: Trade) -> dict[str, Any]:
    """The answer to alipay.trade.query."""
    received = yuan(trade.total_fen) if trade.paid_at is not None else "0.00"
    content = {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        **BUYER,
        "trade_status": trade_status(trade),
        "total_amount": yuan(trade.total_fen),
        "receipt_amount": received,
        "buyer_pay_amount": received,
        "invoice_amount": received,
        "point_amount": "0.00",
    }
    if trade.paid_at is not None:
        content["send_pay_date"] = clock.wall(trade.paid_at)
    return content


def refund_answer(trade: Trade, is_new: bool) -> dict[str, Any]:
    """`refund_fee` is the sum of all refunds; `fund_change` says whether this one moved money."""
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        **BUYER,
        "fund_change": "Y" if is_new else "N",
        "refund_fee": yuan(trade.refunded_fen),
        "gmt_refund_pay": clock.wall(clock.now()),
    }


def refund_query_answer(trade: Trade, refund: Refund | None) -> dict[str, Any]:
    """Without `refund_status` there is no such refund."""
    content = {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}
    if refund is None:
        return content
    return content | {
        "out_request_no": refund.refund_no,
        "refund_reason": refund.reason,
        "total_amount": yuan(trade.total_fen),
        "refund_amount": yuan(refund.fen),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": clock.wall(refund.created_at),
    }


def notice_call(
    box: Box, notice: Notice, trade: Trade, refund: Refund | None
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call to the merchant, stamped and signed anew for each try."""
    told = _common(box, notice, trade) | _event(notice, trade, refund)
    return signed_call(box, notice, "trade_status_sync", told)


def signed_call(
    box: Box, notice: Notice, kind: str, told: dict[str, str]
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call that tells of anything; a forged one is signed by a stranger."""
    papers = box.papers.alipay
    fields = {
        "notify_time": clock.wall(box.faults.stamp()),
        "notify_type": kind,
        "notify_id": notice.number,
        "charset": "utf-8",
        "version": "1.0",
        "app_id": papers.appid,
        "auth_app_id": papers.appid,
    } | told
    form = forged_form(fields) if notice.flavour == "forged" else signed_form(papers, fields)
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return headers, urlencode(form).encode()


def _common(box: Box, notice: Notice, trade: Trade) -> dict[str, str]:
    total = yuan(trade.total_fen + (notice.flavour == "wrong_amount"))
    fields = {
        "seller_id": box.papers.alipay.seller_id,
        "buyer_id": BUYER["buyer_user_id"],
        "buyer_logon_id": BUYER["buyer_logon_id"],
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "subject": trade.subject,
        "total_amount": total,
        "gmt_create": clock.wall(trade.created_at),
    }
    passback = trade.request.get("passback_params")
    return fields | {"passback_params": passback} if passback else fields


def _event(notice: Notice, trade: Trade, refund: Refund | None) -> dict[str, str]:
    if notice.event == "closed":
        return {"trade_status": "TRADE_CLOSED"}
    paid = _paid_fields(notice, trade)
    return paid | _refund_fields(trade, refund) if refund else paid


def _paid_fields(notice: Notice, trade: Trade) -> dict[str, str]:
    total = yuan(trade.total_fen + (notice.flavour == "wrong_amount"))
    return {
        "trade_status": "TRADE_SUCCESS",
        "gmt_payment": clock.wall(trade.paid_at or notice.created_at),
        "receipt_amount": total,
        "buyer_pay_amount": total,
        "invoice_amount": total,
        "point_amount": "0.00",
        "fund_bill_list": json.dumps(
            [{"amount": total, "fundChannel": "ALIPAYACCOUNT"}], separators=(",", ":")
        ),
    }


def _refund_fields(trade: Trade, refund: Refund) -> dict[str, str]:
    return {
        "trade_status": trade_status(trade),
        "out_biz_no": refund.refund_no,
        "refund_fee": yuan(trade.refunded_fen),
        "gmt_refund": clock.wall(refund.created_at) + ".000",
    }


def way_back(box: Box, trade: Trade) -> str:
    """`return_url` with what the browser carries home, signed."""
    told = {
        "seller_id": box.papers.alipay.seller_id,
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "total_amount": yuan(trade.total_fen),
    }
    return signed_return(box, trade.return_url, f"alipay.trade.{trade.product}.pay.return", told)


def signed_return(box: Box, url: str, method: str, told: dict[str, str]) -> str:
    """The merchant's address with its own parameters and what is told."""
    papers = box.papers.alipay
    parts = urlsplit(url)
    own = dict(parse_qsl(parts.query, keep_blank_values=True))
    common = {
        "charset": "utf-8",
        "method": method,
        "version": "1.0",
        "app_id": papers.appid,
        "auth_app_id": papers.appid,
    }
    fields = own | common | told | {"timestamp": clock.wall(box.faults.stamp())}
    return urlunsplit(parts._replace(query=urlencode(signed_form(papers, fields))))
