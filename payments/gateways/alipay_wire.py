"""Alipay's open gateway on the wire: the official SDK builds, signs and verifies; our own client
sends.

What orders, statements and agreements share. Pages of the gateway's documentation: signing,
verifying, asynchronous notification.
"""

import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

import rsa
from alipay.aop.api.util.SignatureUtils import get_sign_content, sign_with_rsa2, verify_with_rsa

from payments.gateways.base import (
    YEARS,
    Answer,
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
)
from payments.gateways.posted import posted_fields
from payments.settings import PaymentSettings, origin
from runtime import clock
from runtime.http import Outbound, OutboundError

NAME = "alipay"

REPEAT_WINDOW = timedelta(hours=26)
"""Alipay repeats a notification for 25 hours; one that is older is refused."""

AHEAD_WINDOW = timedelta(seconds=300)

_NOT_GIVEN_BACK = {
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": "not_enough",
    "ACQ.BUYER_ERROR": "account_closed",
    "ACQ.TRADE_HAS_FINISHED": "too_late",
}
"""Page alipay.trade.refund of the docs: codes that say why no money can be given back."""

_STAMP = "%Y-%m-%d %H:%M:%S"
_YUAN = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)


class AlipayWire:
    """Calls and messages of one app. Safe to share between threads."""

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        """Without `repeats` a call that fails is not tried again."""
        self.merchant = {
            "app_id": settings.alipay_appid or "",
            "seller_id": settings.alipay_seller_id or "",
        }
        self._address = settings.alipay_gateway
        self._path = urlsplit(self._address).path or "/"
        self._repeats = repeats
        secret = settings.alipay_private_key
        self._private_key = secret.get_secret_value() if secret else ""
        self._public_key = settings.alipay_public_key or ""
        self._http = Outbound(origin(self._address), timeout=settings.gateway_timeout, name=NAME)

    def page(self, request: Any) -> str:
        """The signed address that the customer's browser opens."""
        return f"{self._address}?{urlencode(self._signed(request))}"

    def call(self, request: Any) -> dict[str, Any]:
        """The verified answer. All calls name the order or the refund, so repeats are harmless."""
        parameters = self._signed(request)
        content = {"biz_content": parameters.pop("biz_content")}
        try:
            response = self._http.post(
                self._path, idempotent=self._repeats, params=parameters, data=content
            )
            return self._opened(response.content.decode("utf-8"), parameters["method"])
        except OutboundError as error:
            raise GatewayUnavailable(NAME, "unreachable") from error
        except (ValueError, KeyError) as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def notified(self, body: bytes) -> dict[str, str]:
        """The fields of a notification, proven and not too old. Raises NotificationRefused.

        Its `notify_id` is a text of 1 to 128 characters.
        """
        fields = posted_fields(NAME, body, "charset")
        signature = fields.pop("sign", "")
        if fields.pop("sign_type", "") != "RSA2" or not self.is_signed(fields, signature):
            raise NotificationRefused(NAME, "bad_signature")
        try:
            sent = instant(fields["notify_time"])
        except (KeyError, ValueError) as error:
            raise NotificationRefused(NAME, "malformed") from error
        if not 0 < len(fields.get("notify_id", "")) <= 128:
            raise NotificationRefused(NAME, "malformed")
        if not -REPEAT_WINDOW <= sent - clock.now() <= AHEAD_WINDOW:
            raise NotificationRefused(NAME, "stale")
        return fields

    def is_signed(self, fields: Mapping[str, str], signature: str) -> bool:
        """Whether Alipay has signed these fields."""
        return self._verified(get_sign_content(dict(fields)), signature)

    def close(self) -> None:
        self._http.close()

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
            "timestamp": stamp(clock.now()),
        }
        text = get_sign_content(parameters)
        return parameters | {"sign": sign_with_rsa2(self._private_key, text, "utf-8")}

    def _opened(self, text: str, method: str) -> dict[str, Any]:
        """The signature covers the exact characters of the method's own object."""
        name = f'"{method.replace(".", "_")}_response":'
        start = text.index(name) + len(name)
        start += len(text[start:]) - len(text[start:].lstrip())
        answer, end = json.JSONDecoder().raw_decode(text, start)
        if not isinstance(answer, dict) or not self._verified(
            text[start:end], str(json.loads(text)["sign"])
        ):
            raise GatewayUnavailable(NAME, "bad_signature")
        return answer


def reply(taken: bool) -> Answer:
    """What a message is answered with, as documented: heard, or say it again later."""
    return Answer(200 if taken else 400, "text/plain", b"success" if taken else b"failure")


def must_succeed(answer: Mapping[str, Any]) -> None:
    """Raises GatewayUnavailable("busy") or GatewayRefused with a reason of `Gateway.refund`."""
    if answer.get("code") == "10000":
        return
    if answer.get("code") == "20000" or answer.get("sub_code") in (
        "ACQ.SYSTEM_ERROR",
        "aop.ACQ.SYSTEM_ERROR",
    ):
        raise GatewayUnavailable(NAME, "busy")
    raise GatewayRefused(NAME, _NOT_GIVEN_BACK.get(str(answer.get("sub_code")), "refused"))


def yuan_text(fen: int) -> str:
    """`14951` fen as the `149.51` of the wire."""
    return str(Decimal(fen).scaleb(-2).quantize(Decimal("0.01")))


def fen_of(text: str) -> int:
    """Exact fen of an amount on the wire. Raises ValueError for anything but plain yuan."""
    if not _YUAN.fullmatch(text):
        raise ValueError("an amount on the wire is yuan with at most two decimals")
    return int(Decimal(text).scaleb(2))


def stamp(at: datetime) -> str:
    """The wall clock of Beijing, as Alipay writes it."""
    return at.astimezone(clock.BEIJING).strftime(_STAMP)


def instant(text: str) -> datetime:
    """The instant of a wall clock in Beijing, which may have milliseconds. Raises ValueError."""
    wall = datetime.strptime(text.partition(".")[0], _STAMP)  # noqa: DTZ007
    if wall.year not in YEARS:
        raise ValueError("an instant on the wire is of our time")
    return wall.replace(tzinfo=clock.BEIJING)
