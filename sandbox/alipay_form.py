"""What Alipay's gateway asks of a request, parameter by parameter."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from sandbox import clock
from sandbox.alipay_wire import request_is_signed
from sandbox.papers import AlipayPapers

OUT_TRADE_NO = re.compile(r"[0-9A-Za-z_]{1,64}", re.ASCII)
YUAN = re.compile(r"(0|[1-9]\d{0,8})(\.\d{1,2})?", re.ASCII)
TIMEOUT = re.compile(r"([1-9]\d{0,4})([mhd])", re.ASCII)
MINUTES = {"m": 1, "h": 60, "d": 1440}
MOST_FEN = 10_000_000_000
LONGEST = 15 * 24 * 3600.0
"""Seconds for which a trade can stay open; also the default."""


class AlipayError(Exception):
    """A refusal: code, msg, and documented sub_code with its sentence."""

    def __init__(self, code: str, sub_code: str, sub_msg: str) -> None:
        super().__init__(sub_msg)
        self.code = code
        self.msg = {
            "20000": "Service Currently Unavailable",
            "40001": "Missing Required Arguments",
            "40002": "Invalid Arguments",
            "40004": "Business Failed",
        }[code]
        self.sub_code = sub_code
        self.sub_msg = sub_msg

    def content(self) -> dict[str, Any]:
        """The object that the gateway answers with."""
        return {
            "code": self.code,
            "msg": self.msg,
            "sub_code": self.sub_code,
            "sub_msg": self.sub_msg,
        }


def _missing(name: str) -> AlipayError:
    return AlipayError("40001", f"isv.missing-{name.replace('_', '-')}", f"缺少{name}参数")


def _invalid(name: str, sentence: str) -> AlipayError:
    return AlipayError("40002", f"isv.invalid-{name}", sentence)


def _invalid_parameter(sentence: str) -> AlipayError:
    return AlipayError("40004", "ACQ.INVALID_PARAMETER", f"参数无效: {sentence}")


def check_common(papers: AlipayPapers, given: Mapping[str, str], methods: tuple[str, ...]) -> None:
    """Common parameters first, the signature last. Raises AlipayError."""
    for name in ("app_id", "method", "sign_type", "sign", "timestamp", "version"):
        if not given.get(name):
            raise _missing({"sign": "signature", "sign_type": "signature-type"}.get(name, name))
    if given["method"] not in methods:
        raise _invalid("method", "不存在的方法名")
    if given["app_id"] != papers.appid:
        raise _invalid("app-id", "无效的AppID参数")
    if given["sign_type"] != "RSA2":
        raise _invalid("signature-type", "无效的签名类型")
    if given.get("charset", "").lower() != "utf-8":
        raise _invalid("charset", "字符集错误")
    if given.get("format", "json").lower() != "json":
        raise _invalid("format", "无效的数据格式")
    _check_stamp(given["timestamp"])
    if not request_is_signed(papers, given):
        raise _invalid(
            "signature",
            "验签出错，请确认charset参数放在了URL查询字符串中且各参数值使用charset参数指示的字符集编码",
        )


def _check_stamp(text: str) -> None:
    try:
        clock.parse_wall(text)
    except ValueError as error:
        raise _invalid("timestamp", "非法的时间戳参数") from error


def biz_content(given: Mapping[str, str]) -> dict[str, Any]:
    """The object in `biz_content`. Raises AlipayError."""
    try:
        content = json.loads(given.get("biz_content", ""))
    except ValueError as error:
        raise _invalid_parameter("biz_content") from error
    if not isinstance(content, dict):
        raise _invalid_parameter("biz_content")
    return content


def text(content: Mapping[str, Any], name: str, most: int) -> str:
    """A required text."""
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise _invalid_parameter(name)
    return value


def optional_text(content: Mapping[str, Any], name: str, most: int) -> str:
    """The text, or an empty one."""
    return text(content, name, most) if content.get(name) is not None else ""


def out_trade_no(content: Mapping[str, Any]) -> str:
    value = text(content, "out_trade_no", 64)
    if not OUT_TRADE_NO.fullmatch(value):
        raise _invalid_parameter("out_trade_no")
    return value


def fen(content: Mapping[str, Any], name: str) -> int:
    """Exact fen of an amount in yuan with at most two decimals, as text or JSON number."""
    value = str(content.get(name))
    if not YUAN.fullmatch(value):
        raise _invalid_parameter(name)
    amount = int(Decimal(value).scaleb(2))
    if not 0 < amount <= MOST_FEN:
        raise _invalid_parameter(name)
    return amount


def expiry(content: Mapping[str, Any], now: float) -> float:
    """The instant after which the trade closes: `time_expire`, else `timeout_express`."""
    if content.get("time_expire") is not None:
        return _at(content["time_expire"], now)
    given = content.get("timeout_express")
    if given is None:
        return now + LONGEST
    found = TIMEOUT.fullmatch(str(given))
    if found is None:
        raise _invalid_parameter("timeout_express")
    return now + min(LONGEST, int(found[1]) * MINUTES[found[2]] * 60)


def _at(given: Any, now: float) -> float:
    try:
        instant = clock.parse_wall(given)
    except (TypeError, ValueError) as error:
        raise _invalid_parameter("time_expire") from error
    if instant <= now:
        raise _invalid_parameter("time_expire")
    return instant


def address(given: Mapping[str, Any], name: str) -> str:
    """An optional http(s) address."""
    value = given.get(name) or ""
    parts = urlsplit(str(value))
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or len(value) > 256):
        raise _invalid_parameter(name)
    return str(value)


def _product(code: str) -> Callable[[Mapping[str, Any]], None]:
    def check(content: Mapping[str, Any]) -> None:
        if content.get("product_code") != code:
            raise _invalid_parameter("product_code")

    return check


PRODUCTS = {
    "page": _product("FAST_INSTANT_TRADE_PAY"),
    "wap": _product("QUICK_WAP_WAY"),
}
"""The product code that each cashier wants."""
