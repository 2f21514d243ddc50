"""Refunds at WeChat Pay.

Pages of the gateway's documentation: refund, query a refund, refund notification. A refund is
taken at once and done later; one that is closed can be asked for again under another number only.
"""

from collections.abc import Mapping
from typing import Any

from payments.gateways.base import (
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
    Refunding,
    RefundReport,
    RefundState,
)
from payments.gateways.wechat_wire import NAME, WeChatWire, instant

_STATES = {
    "SUCCESS": RefundState.DONE,
    "PROCESSING": RefundState.PROCESSING,
    "CLOSED": RefundState.CLOSED,
    "ABNORMAL": RefundState.ABNORMAL,
}


def refund(wire: WeChatWire, refunding: Refunding) -> RefundReport:
    """Ask for it; asking again is answered with how it goes."""
    named = {"transaction_id": refunding.trade_no} if refunding.trade_no else {}
    told = {"notify_url": refunding.notify_url} if refunding.notify_url else {}
    answer = wire.call(
        wire.sdk.refund,
        out_refund_no=refunding.refund_no,
        out_trade_no=None if named else refunding.order_no,
        reason=refunding.reason,
        amount={
            "refund": refunding.amount_fen,
            "total": refunding.total_fen,
            "currency": "CNY",
        },
        **named,
        **told,
    )
    return _report(answer, "status")


def query(wire: WeChatWire, refunding: Refunding) -> RefundReport:
    try:
        answer = wire.call(wire.sdk.query_refund, out_refund_no=refunding.refund_no)
    except GatewayRefused as refusal:
        if refusal.reason == "absent":
            return RefundReport(refunding.order_no, refunding.refund_no, RefundState.ABSENT)
        raise
    return _report(answer, "status")


def notified(resource: object) -> RefundReport:
    """The refund of a notification. Raises NotificationRefused."""
    if not isinstance(resource, dict) or not isinstance(resource.get("mchid"), str):
        raise NotificationRefused(NAME, "malformed")
    try:
        return _report(resource, "refund_status", {"mchid": resource["mchid"]})
    except GatewayUnavailable as error:
        raise NotificationRefused(NAME, "malformed") from error


def _report(
    said: Mapping[str, Any], state_field: str, merchant: dict[str, str] | None = None
) -> RefundReport:
    """A refund from the gateway's own words. Raises GatewayUnavailable when they make none."""
    try:
        state, fen = _STATES[said[state_field]], said["amount"]["refund"]
        if type(fen) is not int:
            raise ValueError("the amount is not in fen")
        done = state is RefundState.DONE
        return RefundReport(
            order_no=str(said["out_trade_no"]),
            refund_no=str(said["out_refund_no"]),
            state=state,
            amount_fen=fen,
            done_at=instant(said["success_time"]) if done else None,
            merchant=merchant or {},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnavailable(NAME, "unreadable_answer") from error
