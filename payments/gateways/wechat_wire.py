"""WeChat Pay API v3 on the wire, through `wechatpayv3` in public-key mode.

What orders, statements and agreements share: signed calls, their failures, verified messages.
Pages of the gateway's documentation: signature of requests, of answers and of notifications.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import requests
from pydantic import SecretStr
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from payments.gateways.base import (
    YEARS,
    Answer,
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
)
from payments.settings import PaymentSettings
from runtime import clock

NAME = "wechat"

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

_ABSENT = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_NOT_GIVEN_BACK = {"NOT_ENOUGH": "not_enough", "USER_ACCOUNT_ABNORMAL": "account_closed"}
"""Page "refund" of the docs: codes that say why no money can be given back."""

_NO_STATEMENT = frozenset({"NO_STATEMENT_EXIST", "STATEMENT_CREATING"})
_PASSING_CODES = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "FREQUENCY_LIMITED", "BANKERROR"})


class WeChatWire:
    """Calls and messages of one merchant. Safe to share between threads."""

    def __init__(self, settings: PaymentSettings) -> None:
        self.merchant = {
            "mchid": settings.wechatpay_mchid or "",
            "appid": settings.wechatpay_appid or "",
        }
        self._public_key_id = settings.wechatpay_public_key_id or ""
        self.sdk = _client(settings)

    def call(self, ask: Callable[..., tuple[int, Any]], /, **arguments: Any) -> dict[str, Any]:
        """The verified answer to a method of the library. Raises what every gateway raises."""
        status, content = self.content(ask, **arguments)
        try:
            answer = json.loads(content) if content else {}
        except ValueError as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error
        if not isinstance(answer, dict):
            raise GatewayUnavailable(NAME, "unreadable_answer")
        if status >= 300:
            raise _failure(status, str(answer.get("code", "")))
        return answer

    def content(self, ask: Callable[..., tuple[int, Any]], /, **arguments: Any) -> tuple[int, Any]:
        """Status and content as the library gives them, for answers that are no JSON."""
        try:
            return ask(**arguments)
        except requests.RequestException as error:
            raise GatewayUnavailable(NAME, "unreachable") from error
        except Exception as error:  # the library raises a bare Exception on a bad signature
            raise GatewayUnavailable(NAME, "unreadable_answer") from error

    def get(self, path: str) -> dict[str, Any]:
        """GET of a path the library has no method for."""
        return self.call(self.sdk._core.request, path=path)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST to a path the library has no method for."""
        return self.call(
            self.sdk._core.request, path=path, method=RequestType.POST, data=dict(body)
        )

    def authorization(self, target: str) -> str:
        """What proves a GET of a path and query to be ours.

        For answers that are too large for the library, which reads them whole into memory.
        """
        core = self.sdk._core
        signer = core._mchid, core._cert_serial_no, core._private_key
        return str(build_authorization(target, RequestType.GET.value, *signer))

    def opened(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """A notification, proven and fresh, its `resource` decrypted. Raises NotificationRefused.

        Its `id` is a text of 1 to 64 characters.
        """
        signed = {name: headers.get(name, "") for name in SIGNED_HEADERS}
        self._check_headers(signed)
        message = self._decrypted(signed, _text(body))
        if not isinstance(message.get("id"), str) or not 0 < len(message["id"]) <= 64:
            raise NotificationRefused(NAME, "malformed")
        return message

    def _check_headers(self, signed: Mapping[str, str]) -> None:
        if not all(signed.values()) or signed["Wechatpay-Signature-Type"] != SIGNATURE_TYPE:
            raise NotificationRefused(NAME, "bad_signature")
        if signed["Wechatpay-Serial"] != self._public_key_id:
            raise NotificationRefused(NAME, "unknown_serial")
        stamp = signed["Wechatpay-Timestamp"]
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise NotificationRefused(NAME, "stale")
        if abs(clock.now().timestamp() - int(stamp)) > FRESH_SECONDS:
            raise NotificationRefused(NAME, "stale")

    def _decrypted(self, signed: dict[str, str], body: str) -> dict[str, Any]:
        try:
            message = self.sdk.callback(signed, body)
        except Exception as error:  # the library raises whatever a hostile body provokes
            raise NotificationRefused(NAME, "malformed") from error
        if not isinstance(message, dict):
            raise NotificationRefused(NAME, "bad_signature")
        return message


def reply(taken: bool) -> Answer:
    """What a message is answered with, as documented: heard, or say it again later."""
    if taken:
        return Answer(200, "application/json", b'{"code":"SUCCESS","message":""}')
    return Answer(400, "application/json", b'{"code":"FAIL","message":"refused"}')


def instant(text: str) -> datetime:
    """The instant of an RFC 3339 text with its zone. Raises ValueError, TypeError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or at.year not in YEARS:
        raise ValueError("an instant on the wire names its zone, and is of our time")
    return at


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotificationRefused(NAME, "malformed") from error


def _failure(status: int, code: str) -> GatewayRefused | GatewayUnavailable:
    if code in _ABSENT:
        return GatewayRefused(NAME, "absent")
    if code in ("ORDERPAID", "ORDER_PAID"):
        return GatewayRefused(NAME, "paid")
    if code in ("ORDER_CLOSED", "ORDERCLOSED"):
        return GatewayRefused(NAME, "closed")
    if code in _NO_STATEMENT:
        return GatewayRefused(NAME, "no_statement")
    if code in _NOT_GIVEN_BACK:
        return GatewayRefused(NAME, _NOT_GIVEN_BACK[code])
    if status >= 500 or status == 429 or code in _PASSING_CODES:
        return GatewayUnavailable(NAME, "busy")
    return GatewayRefused(NAME, "refused")


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
