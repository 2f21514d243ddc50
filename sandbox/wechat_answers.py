"""What WeChat Pay says of orders and refunds, in answers and in notices."""

from dataclasses import replace
from typing import Any

from sandbox import clock
from sandbox.box import Box
from sandbox.notices import Notice
from sandbox.papers import WeChatPapers
from sandbox.trades import Refund, Trade
from sandbox.wechat_wire import forged_headers, notice_body, signed_headers

STATES = {
    "open": ("NOTPAY", "订单未支付"),
    "closed": ("CLOSED", "订单已关闭"),
    "paid": ("SUCCESS", "支付成功"),
}
TRADE_TYPES = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI", "contract": "PAP"}
ACCOUNT = "支付用户零钱"


def transaction(papers: WeChatPapers, trade: Trade) -> dict[str, Any]:
    """An order as queries and notices show it; amounts in fen."""
    state, description = STATES[trade.state]
    if trade.refunded_fen:
        state, description = "REFUND", "订单发生过退款"
    elif trade.state == "open" and trade.product == "contract":
        state, description = ("PAYERROR", "支付失败") if trade.failed else ("ACCEPT", "等待扣款")
    content: dict[str, Any] = {
        "mchid": papers.mchid,
        "appid": papers.appid,
        "out_trade_no": trade.out_trade_no,
        "trade_state": state,
        "trade_state_desc": description,
        "amount": {"total": trade.total_fen, "currency": "CNY"},
        "promotion_detail": [],
    }
    if "attach" in trade.request:
        content["attach"] = trade.request["attach"]
    return content if trade.paid_at is None else content | _payment(trade, trade.paid_at)


def _payment(trade: Trade, paid_at: float) -> dict[str, Any]:
    """What is known once the order is paid."""
    payer = trade.request.get("payer") or {"openid": "oSandboxPayer00000000000000"}
    return {
        "transaction_id": trade.trade_no,
        "trade_type": TRADE_TYPES[trade.product],
        "bank_type": "OTHERS",
        "success_time": clock.rfc3339(paid_at),
        "payer": {"openid": payer["openid"]},
        "amount": {
            "total": trade.total_fen,
            "payer_total": trade.total_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def refund_content(trade: Trade, refund: Refund) -> dict[str, Any]:
    """A refund as its own answer and its query show it."""
    status = _refund_status(refund)
    content: dict[str, Any] = {
        "refund_id": refund.gateway_no,
        "out_refund_no": refund.refund_no,
        "transaction_id": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": ACCOUNT,
        "create_time": clock.rfc3339(refund.created_at),
        "status": status,
        "funds_account": "AVAILABLE",
        "amount": _refund_amount(trade, refund) | _settlement(trade, refund),
        "promotion_detail": [],
    }
    done = status == "SUCCESS"
    return content | {"success_time": clock.rfc3339(refund.settles_at)} if done else content


def _refund_status(refund: Refund) -> str:
    if refund.settles_at > clock.now():
        return "PROCESSING"
    return refund.ending.upper() or "SUCCESS"


def _refund_amount(trade: Trade, refund: Refund) -> dict[str, Any]:
    return {
        "total": trade.total_fen,
        "refund": refund.fen,
        "payer_total": trade.total_fen,
        "payer_refund": refund.fen,
    }


def _settlement(trade: Trade, refund: Refund) -> dict[str, Any]:
    return {
        "settlement_refund": refund.fen,
        "settlement_total": trade.total_fen,
        "discount_refund": 0,
        "currency": "CNY",
    }


def notice_call(
    box: Box, notice: Notice, trade: Trade, refund: Refund | None
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call to the merchant, signed and sealed anew for each try."""
    papers = box.papers.wechat
    failed = notice.event == "failed"
    kind = _refund_kind(refund) if refund else "failed" if failed else "transaction"
    content = (
        _refund_notice(papers, trade, refund)
        if refund
        else transaction(papers, trade if failed else _as_noticed(notice, trade))
    )
    return sealed_call(box, notice, kind, content)


def sealed_call(
    box: Box, notice: Notice, kind: str, content: dict[str, Any]
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call that tells of anything; a forged one is signed by a stranger."""
    papers = box.papers.wechat
    body = notice_body(papers, notice.number, notice.created_at, kind, content)
    sign_with = forged_headers if notice.flavour == "forged" else signed_headers
    headers = sign_with(papers, body, box.faults.stamp())
    return headers | {"Content-Type": "application/json"}, body


def _as_noticed(notice: Notice, trade: Trade) -> Trade:
    """The order at the moment of payment, whether or not the notice tells the truth."""
    return replace(
        trade,
        state="paid",
        paid_at=trade.paid_at or notice.created_at,
        refunded_fen=0,
        total_fen=trade.total_fen + (notice.flavour == "wrong_amount"),
    )


def _refund_kind(refund: Refund) -> str:
    return f"refund_{refund.ending}" if refund.ending else "refund"


def _refund_notice(papers: WeChatPapers, trade: Trade, refund: Refund) -> dict[str, Any]:
    content = {
        "mchid": papers.mchid,
        "transaction_id": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "refund_id": refund.gateway_no,
        "out_refund_no": refund.refund_no,
        "refund_status": refund.ending.upper() or "SUCCESS",
        "user_received_account": ACCOUNT,
        "amount": _refund_amount(trade, refund),
    }
    done = not refund.ending
    return content | {"success_time": clock.rfc3339(refund.settles_at)} if done else content
