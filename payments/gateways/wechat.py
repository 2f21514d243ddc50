"""WeChat Pay API v3 through `wechatpayv3`, in public-key mode.

Pages of the gateway's documentation: Native order, H5 order, JSAPI order, query by merchant order
number, close, payment notification; for refunds see `wechat_refunds`.
"""

import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wechatpayv3 import WeChatPayType

from payments.gateways import wechat_refunds
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
from payments.gateways.wechat_wire import WeChatWire, instant, reply
from payments.settings import PaymentSettings
from runtime import clock

_STATES = {
    "SUCCESS": TradeState.PAID,
    "NOTPAY": TradeState.AWAITING,
    "USERPAYING": TradeState.AWAITING,
    "PAYERROR": TradeState.AWAITING,
    "ACCEPT": TradeState.AWAITING,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
    "REFUND": TradeState.REFUNDED,
}
_PRODUCTS = {
    Product.NATIVE: WeChatPayType.NATIVE,
    Product.H5: WeChatPayType.H5,
    Product.JSAPI: WeChatPayType.JSAPI,
}


class WeChatPayGateway:
    """Native on a desktop, H5 on a phone, JSAPI inside WeChat."""

    name = "wechat"

    def __init__(self, settings: PaymentSettings) -> None:
        self._wire = WeChatWire(settings)
        self.merchant = self._wire.merchant

    def create(self, charge: Charge) -> Destination:
        options: dict[str, Any] = {"pay_type": _PRODUCTS[charge.product]}
        if charge.product is Product.H5:
            options["scene_info"] = {
                "payer_client_ip": charge.client_ip,
                "h5_info": {"type": "Wap"},
            }
        if charge.product is Product.JSAPI:
            options["payer"] = {"openid": charge.openid or ""}
        answer = self._wire.call(
            self._wire.sdk.pay,
            description=charge.description,
            out_trade_no=charge.order_no,
            amount={"total": charge.amount_fen, "currency": "CNY"},
            time_expire=charge.expires_at.astimezone(clock.BEIJING).isoformat(timespec="seconds"),
            notify_url=charge.notify_url,
            **options,
        )
        return self._destination(charge, answer)

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        which = {"transaction_id": trade_no} if trade_no else {"out_trade_no": order_no}
        try:
            return self._trade(self._wire.call(self._wire.sdk.query, **which))
        except GatewayRefused as refusal:
            if refusal.reason == "absent":
                return Trade(order_no, TradeState.ABSENT)
            raise

    def close(self, order_no: str) -> None:
        try:
            self._wire.call(self._wire.sdk.close, out_trade_no=order_no)
        except GatewayRefused as refusal:
            if refusal.reason not in ("absent", "closed"):
                raise

    def refund(self, refunding: Refunding) -> RefundReport:
        return wechat_refunds.refund(self._wire, refunding)

    def query_refund(self, refunding: Refunding) -> RefundReport:
        return wechat_refunds.query(self._wire, refunding)

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        message = self._wire.opened(headers, body)
        event, told = str(message.get("event_type", "")), message.get("resource")
        if event.startswith("REFUND."):
            return Notification(message["id"], None, wechat_refunds.notified(told))
        trade = self._trade_of(told) if event.startswith("TRANSACTION.") else None
        return Notification(message["id"], trade)

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """Page "H5 order" of the docs: the address is opened as it was given, paid or not."""
        return True

    def answer(self, taken: bool) -> Answer:
        return reply(taken)

    def _trade_of(self, resource: object) -> Trade:
        if not isinstance(resource, dict) or not isinstance(resource.get("out_trade_no"), str):
            raise NotificationRefused(self.name, "malformed")
        try:
            return self._trade(resource)
        except GatewayUnavailable as error:
            raise NotificationRefused(self.name, "malformed") from error

    def _trade(self, said: Mapping[str, Any]) -> Trade:
        """A trade from the gateway's own words. Raises GatewayUnavailable when they make none."""
        try:
            state = _STATES[said["trade_state"]]
            amount = said.get("amount") or {}
            total = amount.get("total")
            if total is not None and (type(total) is not int or amount["currency"] != "CNY"):
                raise ValueError("the amount is not in fen")
            paid, trade_no = state is TradeState.PAID, said.get("transaction_id")
            if not isinstance(trade_no, str if paid else str | None):
                raise ValueError("a paid trade has a number, which is a text")
            return Trade(
                order_no=said["out_trade_no"],
                state=state,
                trade_no=trade_no,
                amount_fen=total,
                paid_at=instant(said["success_time"]) if paid else None,
                merchant={"mchid": str(said["mchid"]), "appid": str(said.get("appid", ""))},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def _destination(self, charge: Charge, answer: Mapping[str, Any]) -> Destination:
        try:
            if charge.product is Product.NATIVE:
                return Destination(code_url=str(answer["code_url"]))
            if charge.product is Product.H5:
                return Destination(redirect_url=_with_return(str(answer["h5_url"]), charge))
            return Destination(jsapi=self._jsapi(str(answer["prepay_id"])))
        except KeyError as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def _jsapi(self, prepay_id: str) -> dict[str, str]:
        """What the page hands to `WeixinJSBridge`, signed as the JSAPI page of the docs says."""
        stamp, nonce = str(int(time.time())), uuid.uuid4().hex
        package = f"prepay_id={prepay_id}"
        return {
            "appId": self.merchant["appid"],
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._wire.sdk.sign([self.merchant["appid"], stamp, nonce, package]),
        }


def _with_return(h5_url: str, charge: Charge) -> str:
    """The H5 page of the docs: without `redirect_url` the app leads back to the wrong page."""
    mark = "&" if "?" in h5_url else "?"
    return f"{h5_url}{mark}redirect_url={quote(charge.return_url, safe='')}"
