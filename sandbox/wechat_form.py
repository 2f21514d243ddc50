"""What WeChat Pay asks of a request, field by field."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox import clock

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}", re.ASCII)
OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}", re.ASCII)
MOST_FEN = 10_000_000_000
ORDER_HOURS = 2
"""An order without `time_expire` can be paid for two hours."""


class WeChatError(Exception):
    """An answer that is not 2xx: HTTP status, documented code, sentence, details."""

    def __init__(
        self, status: int, code: str, message: str, detail: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail


def wrong(field: str, issue: str, location: str = "body") -> WeChatError:
    """PARAM_ERROR that names the field."""
    detail = {"field": f"/{field.replace('.', '/')}", "issue": issue, "location": location}
    return WeChatError(400, "PARAM_ERROR", f"参数错误: {field} {issue}", detail)


def text(body: dict[str, Any], field: str, most: int) -> str:
    """A required text of at most `most` characters; `a.b` is b inside a."""
    value = _value(body, field)
    if not isinstance(value, str) or not value:
        raise wrong(field, "is required and must be a string")
    if len(value) > most:
        raise wrong(field, f"must have at most {most} characters")
    return value


def optional_text(body: dict[str, Any], field: str, most: int) -> str:
    """The text, or an empty one."""
    return text(body, field, most) if _value(body, field) is not None else ""


def fen(body: dict[str, Any], field: str) -> int:
    """A required positive integer; JSON's 1.0 and true are none."""
    value = _value(body, field)
    if type(value) is not int or not 0 < value <= MOST_FEN:
        raise wrong(field, "must be a positive integer of fen")
    return value


def currency(body: dict[str, Any]) -> None:
    if _value(body, "amount.currency") not in (None, "CNY"):
        raise wrong("amount.currency", "must be CNY")


def number(body: dict[str, Any], field: str, form: re.Pattern[str]) -> str:
    """A merchant's number of an order or a refund."""
    value = text(body, field, 64)
    if not form.fullmatch(value):
        raise wrong(field, f"must match {form.pattern}")
    return value


def address(body: dict[str, Any], field: str, *, required: bool = True) -> str:
    """Where notices go: an address without a query, as documented."""
    if not required and _value(body, field) is None:
        return ""
    value = text(body, field, 255)
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise wrong(field, "must be an http(s) address without a query")
    return value


def expiry(body: dict[str, Any], now: float) -> float:
    """The instant after which the order cannot be paid."""
    value = _value(body, "time_expire")
    if value is None:
        return now + ORDER_HOURS * 3600
    instant = _parsed(value)
    if instant <= now:
        raise wrong("time_expire", "must lie in the future")
    return instant


def _parsed(value: Any) -> float:
    try:
        return clock.parse_rfc3339(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong("time_expire", "must be an instant like 2018-06-08T10:34:56+08:00") from error


def _h5(body: dict[str, Any]) -> None:
    text(body, "scene_info.payer_client_ip", 45)
    text(body, "scene_info.h5_info.type", 32)


def _jsapi(body: dict[str, Any]) -> None:
    text(body, "payer.openid", 128)


def _native(_body: dict[str, Any]) -> None:
    return


PRODUCTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "native": _native,
    "h5": _h5,
    "jsapi": _jsapi,
}
"""What each product wants besides the common fields."""


def _value(body: dict[str, Any], field: str) -> Any:
    value: Any = body
    for name in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
