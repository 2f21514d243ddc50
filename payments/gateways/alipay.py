"""Alipay's open gateway: the official SDK builds, signs and verifies; our own client sends.

Pages of the gateway's documentation: alipay.trade.page.pay, alipay.trade.wap.pay,
alipay.trade.query, alipay.trade.close, alipay.trade.refund, asynchronous notification.
"""

import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import rsa
from alipay.aop.api.domain.AlipayTradeCloseModel import AlipayTradeCloseModel
from alipay.aop.api.domain.AlipayTradePagePayModel import AlipayTradePagePayModel
from alipay.aop.api.domain.AlipayTradeQueryModel import AlipayTradeQueryModel
from alipay.aop.api.domain.AlipayTradeRefundModel import AlipayTradeRefundModel
from alipay.aop.api.domain.AlipayTradeWapPayModel import AlipayTradeWapPayModel
from alipay.aop.api.request.AlipayTradeCloseRequest import AlipayTradeCloseRequest
from alipay.aop.api.request.AlipayTradePagePayRequest import AlipayTradePagePayRequest
from alipay.aop.api.request.AlipayTradeQueryRequest import AlipayTradeQueryRequest
from alipay.aop.api.request.AlipayTradeRefundRequest import AlipayTradeRefundRequest
from alipay.aop.api.request.AlipayTradeWapPayRequest import AlipayTradeWapPayRequest
from alipay.aop.api.util.SignatureUtils import get_sign_content, sign_with_rsa2, verify_with_rsa

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
from runtime.http import Outbound, OutboundError

REPEAT_WINDOW = timedelta(hours=26)
"""Alipay repeats a notification for 25 hours; one that is older is refused."""

AHEAD_WINDOW = timedelta(seconds=300)

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

_STAMP = "%Y-%m-%d %H:%M:%S"
_YUAN = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)


class AlipayGateway:
    """Page on a desktop, wap on a phone; both are addresses that the customer's browser opens."""

    name = "alipay"

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        """Without `repeats` a call that fails is not tried again."""
        address = urlsplit(settings.alipay_gateway)
        self.merchant = {
            "app_id": settings.alipay_appid or "",
            "seller_id": settings.alipay_seller_id or "",
        }
        self._address = settings.alipay_gateway
        self._path = address.path or "/"
        self._repeats = repeats
        secret = settings.alipay_private_key
        self._private_key = secret.get_secret_value() if secret else ""
        self._public_key = settings.alipay_public_key or ""
        self._http = Outbound(
            f"{address.scheme}://{address.netloc}",
            timeout=settings.gateway_timeout,
            name=self.name,
        )

    def create(self, charge: Charge) -> Destination:
        page = charge.product is Product.PAGE
        model: Any = AlipayTradePagePayModel() if page else AlipayTradeWapPayModel()
        model.out_trade_no = charge.order_no
        model.total_amount = yuan_text(charge.amount_fen)
        model.subject = charge.description
        model.product_code = "FAST_INSTANT_TRADE_PAY" if page else "QUICK_WAP_WAY"
        model.time_expire = _stamp(charge.expires_at)
        if not page:
            model.quit_url = charge.quit_url or charge.return_url
        request: Any = AlipayTradePagePayRequest if page else AlipayTradeWapPayRequest
        built = request(biz_model=model)
        built.notify_url, built.return_url = charge.notify_url, charge.return_url
        return Destination(redirect_url=f"{self._address}?{urlencode(self._signed(built))}")

    def query(self, order_no: str) -> Trade:
        model = AlipayTradeQueryModel()
        model.out_trade_no = order_no
        answer = self._call(AlipayTradeQueryRequest(biz_model=model))
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return Trade(order_no, TradeState.ABSENT)
        self._must_succeed(answer)
        try:
            return _trade(answer, "send_pay_date", {})
        except (KeyError, ValueError, TypeError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def close(self, order_no: str) -> None:
        model = AlipayTradeCloseModel()
        model.out_trade_no = order_no
        answer = self._call(AlipayTradeCloseRequest(biz_model=model))
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return
        if answer.get("sub_code") in _OVER:
            self._must_be_closed(order_no)
            return
        self._must_succeed(answer)

    def refund(self, refunding: Refunding) -> bool:
        model = AlipayTradeRefundModel()
        model.out_trade_no = refunding.order_no
        model.out_request_no = refunding.refund_no
        model.refund_amount = yuan_text(refunding.amount_fen)
        model.refund_reason = refunding.reason
        answer = self._call(AlipayTradeRefundRequest(biz_model=model))
        self._must_succeed(answer)
        try:
            return fen_of(str(answer["refund_fee"])) >= refunding.amount_fen
        except (KeyError, ValueError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Notification:
        fields = self._form(body)
        signature = fields.pop("sign", "")
        if fields.pop("sign_type", "") != "RSA2" or not self._is_signed(fields, signature):
            raise NotificationRefused(self.name, "bad_signature")
        try:
            sent = _instant(fields["notify_time"])
            merchant = {"app_id": fields["app_id"], "seller_id": fields["seller_id"]}
            notification = Notification(
                fields["notify_id"], _trade(fields, "gmt_payment", merchant)
            )
        except (KeyError, ValueError) as error:
            raise NotificationRefused(self.name, "malformed") from error
        if not 0 < len(notification.notification_id) <= 128:
            raise NotificationRefused(self.name, "malformed")
        if not -REPEAT_WINDOW <= sent - clock.now() <= AHEAD_WINDOW:
            raise NotificationRefused(self.name, "stale")
        return notification

    def leads_back(self, order_no: str, query: Mapping[str, str]) -> bool:
        """Synchronous return of the docs: signed like a notification, and no proof of payment."""
        fields = {name: value for name, value in query.items() if name not in ("sign", "sign_type")}
        ours = (fields.get("out_trade_no"), fields.get("app_id"))
        return ours == (order_no, self.merchant["app_id"]) and self._is_signed(
            fields, query.get("sign", "")
        )

    def answer(self, taken: bool) -> Answer:
        return Answer(200 if taken else 400, "text/plain", b"success" if taken else b"failure")

    def _form(self, body: bytes) -> dict[str, str]:
        try:
            pairs = parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
                max_num_fields=100,
            )
        except (UnicodeDecodeError, ValueError) as error:
            raise NotificationRefused(self.name, "malformed") from error
        fields = dict(pairs)
        if len(fields) != len(pairs) or fields.get("charset", "utf-8").lower() != "utf-8":
            raise NotificationRefused(self.name, "malformed")
        return fields

    def _is_signed(self, fields: Mapping[str, str], signature: str) -> bool:
        return self._verified(get_sign_content(dict(fields)), signature)

    def _verified(self, text: str, signature: str) -> bool:
        try:
            return bool(verify_with_rsa(self._public_key, text.encode("utf-8"), signature))
        except (rsa.VerificationError, binascii.Error, ValueError, OverflowError):
            return False

    def _signed(self, request: Any) -> dict[str, str]:
        """The request's parameters with those common to all, stamped in Beijing time."""
        parameters: dict[str, str] = request.get_params() | {
            "app_id": self.merchant["app_id"],
            "format": "json",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": _stamp(clock.now()),
        }
        text = get_sign_content(parameters)
        return parameters | {"sign": sign_with_rsa2(self._private_key, text, "utf-8")}

    def _call(self, request: Any) -> dict[str, Any]:
        """The verified answer. All calls name the order or the refund, so repeats are harmless."""
        parameters = self._signed(request)
        content = {"biz_content": parameters.pop("biz_content")}
        try:
            response = self._http.post(
                self._path, idempotent=self._repeats, params=parameters, data=content
            )
            return self._opened(response.content.decode("utf-8"), parameters["method"])
        except OutboundError as error:
            raise GatewayUnavailable(self.name, "unreachable") from error
        except (ValueError, KeyError) as error:
            raise GatewayUnavailable(self.name, "unreadable_answer") from error

    def _opened(self, text: str, method: str) -> dict[str, Any]:
        """The signature covers the exact characters of the method's own object."""
        name = f'"{method.replace(".", "_")}_response":'
        start = text.index(name) + len(name)
        start += len(text[start:]) - len(text[start:].lstrip())
        answer, end = json.JSONDecoder().raw_decode(text, start)
        if not isinstance(answer, dict) or not self._verified(
            text[start:end], str(json.loads(text)["sign"])
        ):
            raise GatewayUnavailable(self.name, "bad_signature")
        return answer

    def _must_succeed(self, answer: Mapping[str, Any]) -> None:
        if answer.get("code") == "10000":
            return
        if answer.get("code") == "20000" or answer.get("sub_code") in (
            "ACQ.SYSTEM_ERROR",
            "aop.ACQ.SYSTEM_ERROR",
        ):
            raise GatewayUnavailable(self.name, "busy")
        raise GatewayRefused(self.name, "refused")

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
        paid_at=_instant(said[paid_field]) if paid else None,
        merchant=merchant,
    )


def yuan_text(fen: int) -> str:
    """`14951` fen as the `149.51` of the wire."""
    return str(Decimal(fen).scaleb(-2).quantize(Decimal("0.01")))


def fen_of(text: str) -> int:
    """Exact fen of an amount on the wire. Raises ValueError for anything but plain yuan."""
    if not _YUAN.fullmatch(text):
        raise ValueError("an amount on the wire is yuan with at most two decimals")
    return int(Decimal(text).scaleb(2))


def _stamp(instant: datetime) -> str:
    return instant.astimezone(clock.BEIJING).strftime(_STAMP)


def _instant(text: str) -> datetime:
    """Alipay writes the wall clock of Beijing, sometimes with milliseconds."""
    wall = datetime.strptime(text.partition(".")[0], _STAMP)  # noqa: DTZ007
    return wall.replace(tzinfo=clock.BEIJING)
