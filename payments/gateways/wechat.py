"""WeChat Pay API v3 through `wechatpayv3`, in public-key mode.

Pages of the gateway's documentation: Native order, H5 order, JSAPI order, query by merchant order
number, close, refund, payment notification, signature of answers and notifications.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests
from pydantic import SecretStr
from wechatpayv3 import WeChatPay, WeChatPayType

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
    Trade,
    TradeState,
)
from payments.settings import PaymentSettings
from runtime import clock

FRESH_SECONDS = 300
"""A stamp further than this from our clock is refused; the library does not look at it."""

SIGNED_HEADERS = (
    "Wechatpay-Timestamp",
    "Wechatpay-Nonce",
    "Wechatpay-Serial",
    "Wechatpay-Signature",
    "Wechatpay-Signature-Type",
)
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"

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
_ABSENT = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_PASSING_CODES = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", "BANKERROR"})


class WeChatPayGateway:
    """Native on a desktop, H5 on a phone, JSAPI inside WeChat."""

    name = "wechat"

    def __init__(self, settings: PaymentSettings) -> None:
        self.merchant = {
            "mchid": settings.wechatpay_mchid or "",
            "appid": settings.wechatpay_appid or "",
        }
        self._public_key_id = settings.wechatpay_public_key_id or ""
        self._sdk = _client(settings)

    def create(self, charge: Charge) -> Destination:
        options: dict[str, Any] = {"pay_type": _PRODUCTS[charge.product]}
        if charge.product is Product.H5:
            options["scene_info"] = {
                "payer_client_ip": charge.client_ip,
                "h5_info": {"type": "Wap"},
            }
        if charge.product is Product.JSAPI:
            options["payer"] = {"openid": charge.openid or ""}
        answer = self._call(
            self._sdk.pay,
            description=charge.description,
            out_trade_no=charge.order_no,
            amount={"total": charge.amount_fen, "currency": "CNY"},
            time_expire=charge.expires_at.astimezone(clock.BEIJING).isoformat(timespec="seconds"),
            notify_url=charge.notify_url,
            **options,
        )
        return self._destination(charge, answer)

    def query(self, order_no: str) -> Trade:
        try:
            return self._trade(self._call(self._sdk.query, out_trade_no=order_no))
        except GatewayRefused as refusal:
            if refusal.reason == "absent":
                return Trade(order_no, TradeState.ABSENT)
            raise

    def close(self, order_no: str) -> None:
        try:
            self._call(self._sdk.close, out_trade_no=order_no)
        except GatewayRefused as refusal:
            if refusal.reason not in ("absent", "closed"):
                raise

    def refund(self, refunding: Refunding) -> bool:
        answer = self._call(
            self._sdk.refund,
            out_refund_no=refunding.refund_no,
            out_trade_no=refunding.order_no,
            reason=refunding.reason,
            amount={
                "refund": refunding.amount_fen,
                "total": refunding.total_fen,
                "currency": "CNY",
            },
        )
        if answer.get("status") in ("CLOSED", "ABNORMAL"):
            raise GatewayRefused(self.name, "refund_failed")
        return bool(answer.get("status") == "SUCCESS")

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        signed = {name: headers.get(name, "") for name in SIGNED_HEADERS}
        self._check_headers(signed)
        message = self._opened(signed, self._text(body))
        trade = None
        if str(message.get("event_type", "")).startswith("TRANSACTION."):
            trade = self._trade_of(message.get("resource"))
        if not isinstance(message.get("id"), str) or not 0 < len(message["id"]) <= 64:
            raise NotificationRefused(self.name, "malformed")
        return Notification(message["id"], trade)

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """Page "H5 order" of the docs: the address is opened as it was given, paid or not."""
        return True

    def answer(self, taken: bool) -> Answer:
        if taken:
            return Answer(200, "application/json", b'{"code":"SUCCESS","message":""}')
        return Answer(400, "application/json", b'{"code":"FAIL","message":"refused"}')

    def _check_headers(self, signed: Mapping[str, str]) -> None:
        if not all(signed.values()) or signed["Wechatpay-Signature-Type"] != SIGNATURE_TYPE:
            raise NotificationRefused(self.name, "bad_signature")
        if signed["Wechatpay-Serial"] != self._public_key_id:
            raise NotificationRefused(self.name, "unknown_serial")
        stamp = signed["Wechatpay-Timestamp"]
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise NotificationRefused(self.name, "stale")
        if abs(clock.now().timestamp() - int(stamp)) > FRESH_SECONDS:
            raise NotificationRefused(self.name, "stale")

    def _text(self, body: bytes) -> str:
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotificationRefused(self.name, "malformed") from error

    def _opened(self, signed: dict[str, str], body: str) -> dict[str, Any]:
        try:
            message = self._sdk.callback(signed, body)
        except Exception as error:  # the library raises whatever a hostile body provokes
            raise NotificationRefused(self.name, "malformed") from error
        if not isinstance(message, dict):
            raise NotificationRefused(self.name, "bad_signature")
        return message

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
            paid = state is TradeState.PAID
            return Trade(
                order_no=said["out_trade_no"],
                state=state,
                trade_no=said.get("transaction_id"),
                amount_fen=total,
                paid_at=datetime.fromisoformat(said["success_time"]) if paid else None,
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
            "paySign": self._sdk.sign([self.merchant["appid"], stamp, nonce, package]),
        }

    def _call(self, method: Callable[..., tuple[int, Any]], **arguments: Any) -> dict[str, Any]:
        try:
            status, text = method(**arguments)
            answer = json.loads(text) if text else {}
        except requests.RequestException as error:
            raise GatewayUnavailable(self.name, "unreachable") from error
        except Exception as error:  # the library raises a bare Exception on a bad signature
            raise GatewayUnavailable(self.name, "unreadable_answer") from error
        if not isinstance(answer, dict):
            raise GatewayUnavailable(self.name, "unreadable_answer")
        if status >= 300:
            raise self._failure(status, str(answer.get("code", "")))
        return answer

    def _failure(self, status: int, code: str) -> GatewayRefused | GatewayUnavailable:
        if code in _ABSENT:
            return GatewayRefused(self.name, "absent")
        if code in ("ORDERPAID", "ORDER_PAID"):
            return GatewayRefused(self.name, "paid")
        if code in ("ORDER_CLOSED", "ORDERCLOSED"):
            return GatewayRefused(self.name, "closed")
        if status >= 500 or status == 429 or code in _PASSING_CODES:
            return GatewayUnavailable(self.name, "busy")
        return GatewayRefused(self.name, "refused")


def _with_return(h5_url: str, charge: Charge) -> str:
    """The H5 page of the docs: without `redirect_url` the app leads back to the wrong page."""
    mark = "&" if "?" in h5_url else "?"
    return f"{h5_url}{mark}redirect_url={quote(charge.return_url, safe='')}"


def _client(settings: PaymentSettings) -> WeChatPay:
    """The one place that bends the library to our needs."""
    sdk = WeChatPay(
        WeChatPayType.NATIVE,
        mchid=settings.wechatpay_mchid,
        private_key=_plain(settings.wechatpay_private_key),
        cert_serial_no=settings.wechatpay_serial,
        appid=settings.wechatpay_appid,
        apiv3_key=_plain(settings.wechatpay_apiv3_key),
        public_key=settings.wechatpay_public_key,
        public_key_id=settings.wechatpay_public_key_id,
        timeout=(settings.gateway_timeout, settings.gateway_timeout),
        proxy={"http": "", "https": ""},
    )
    sdk._core._gate_way = settings.wechatpay_gateway
    # With a public key there are no certificates to fetch; unasked, every unknown serial would.
    sdk._core._update_certificates = lambda: None
    return sdk


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
