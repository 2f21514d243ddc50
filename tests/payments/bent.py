"""True messages, bent in every way we have thought of, and the verdict about each; by gateway."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from payments.callbacks import LARGEST_BODY
from runtime import clock
from tests.payments.builders import new_key

Case = tuple[dict[str, Any], str]
"""How a true message is bent (see `Shop.message` in test_bad_messages), and the verdict."""

STRANGER = new_key()
NOBODY = f"{clock.now().astimezone(clock.BEIJING):%Y%m%d%H%M%S}nobodynobody"


def _padded(size: int) -> Callable[[bytes], bytes]:
    return lambda body: body + b"&a=".ljust(size - len(body), b"b")


def _gbk(body: bytes) -> bytes:
    if body.startswith(b"{"):
        return body.decode().encode("gbk")
    return urlencode(parse_qsl(body.decode()), encoding="gbk").encode()


COMMON: dict[str, Case] = {
    "another key": ({"key": STRANGER}, "bad_signature"),
    "amount altered": ({"signed_for": {}, "amount_fen": 14950}, "bad_signature"),
    "order altered": ({"signed_for": {}, "order_no": NOBODY}, "bad_signature"),
    "one byte altered": ({"cut": lambda body: body.replace(b"20", b"21", 1)}, "bad_signature"),
    "beginning lost": ({"cut": lambda body: body[1:]}, "bad_signature"),
    "empty": ({"cut": lambda _: b""}, "bad_signature"),
    "just not too large": ({"cut": _padded(LARGEST_BODY)}, "bad_signature"),
    "too large by a byte": ({"cut": _padded(LARGEST_BODY + 1)}, "too_large"),
    "GBK": ({"cut": _gbk}, "malformed"),
    "not UTF-8": ({"cut": lambda body: b"\xff\xfe" + body}, "malformed"),
    "NUL before": ({"cut": lambda body: b"\0" + body}, "bad_signature"),
    "NUL in the order's number": ({"order_no": "2026\0"}, "malformed"),
    "NUL in the trade's number": ({"trade_no": "4200\0"}, "malformed"),
    "trade's number too long": ({"trade_no": "4" * 65}, "malformed"),
    "another amount": ({"amount_fen": 14950}, "wrong_amount"),
    "nothing": ({"amount_fen": 0}, "wrong_amount"),
    "unknown order": ({"order_no": NOBODY}, "unknown_order"),
    "order's number too long": ({"order_no": NOBODY * 40}, "unknown_order"),
}


def _total(total: object, **change: object) -> Case:
    return {"more": {"amount": {"total": total, "currency": "CNY"} | change}}, "malformed"


def _sum(text: str) -> Case:
    return {"total": text}, "malformed"


def _refund(**named: object) -> dict[str, Any]:
    """A refund that nobody here asked for."""
    refund = {"refund_status": "SUCCESS", "success_time": "2026-11-21T18:00:00+08:00"}
    money = {"out_refund_no": "R1", "amount": {"total": 14951, "refund": 14951}}
    return {"event_type": "REFUND.SUCCESS", "more": refund | money | named}


def _refund_of_unionpay(**named: str) -> dict[str, Any]:
    more = {"orderId": "R1", "reqReserved": NOBODY}
    return {"txn_type": "04", "more": more | named}


OWN: dict[str, dict[str, Case]] = {
    "wechat": {
        "unknown key": ({"serial": "PUB_KEY_ID_9999"}, "unknown_serial"),
        "key without sense": ({"serial": "zz not a number"}, "unknown_serial"),
        "a field twice": ({"cut": lambda body: b'{"id": "n", ' + body[1:]}, "bad_signature"),
        "a field more": ({"cut": lambda body: body + b" "}, "bad_signature"),
        "three decimals": _total(149.510),
        "negative": ({"amount_fen": -14951}, "wrong_amount"),
        "exponent": _total("1.4951E4"),
        "full-width digits": _total("１４９５１"),
        "huge": ({"amount_fen": 10**40}, "wrong_amount"),
        "beyond all numbers": ({"body": '{"id": %s}' % ("9" * 5000)}, "malformed"),
        "another type": _total(14951.0),
        "text for a number": _total("14951"),
        "true for a number": _total(True),
        "another currency": _total(14951, currency="USD"),
        "another merchant": ({"mchid": "1900000002"}, "wrong_merchant"),
        "another app": ({"appid": "wx0000000000000002"}, "wrong_merchant"),
        "no amount": ({"more": {"amount": {}}}, "wrong_amount"),
        "no trade's number": ({"more": {"transaction_id": None}}, "malformed"),
        "number for a text": ({"more": {"transaction_id": 4200}}, "malformed"),
        "half a character": ({"trade_no": "4200\ud800"}, "malformed"),
        "a time without a zone": ({"more": {"success_time": "2026-11-21T18:00:00"}}, "malformed"),
        "paid in year one": ({"more": {"success_time": "0001-01-01T00:00:00+08:00"}}, "malformed"),
        "unknown state": ({"state": "SOMETHING_NEW"}, "malformed"),
        "no object": ({"body": "[]"}, "malformed"),
        "no fields": ({"body": "{}"}, "bad_signature"),
        "deep": ({"body": '"' + "[" * 30_000}, "malformed"),
        "own number too long": ({"notification_id": "x" * 65}, "malformed"),
        "own number no text": ({"notification_id": 7}, "malformed"),
        "something else": ({"event_type": "COUPON.USE"}, "ignored"),
        "refund before payment": (_refund(), "unknown_refund"),
    },
    "alipay": {
        "unknown key": ({"key": STRANGER, "more": {"alipay_cert_sn": "0"}}, "bad_signature"),
        "a field twice": ({"cut": lambda body: body + b"&total_amount=0.01"}, "malformed"),
        "a field more": ({"cut": lambda body: body + b"&discount=1"}, "bad_signature"),
        "three decimals": _sum("149.510"),
        "negative": _sum("-149.51"),
        "exponent": _sum("1.4951E2"),
        "full-width digits": _sum("１４９.５１"),
        "huge": _sum("9" * 30),
        "another type": ({"total": "14951"}, "wrong_amount"),
        "another currency": _sum("US$149.51"),
        "another merchant": ({"seller_id": "2088000000000002"}, "wrong_merchant"),
        "another app": ({"app_id": "2021000000000002"}, "wrong_merchant"),
        "another charset": ({"more": {"charset": "GBK"}}, "malformed"),
        "half in GBK": ({"cut": lambda body: body + b"&note=%B5%E7"}, "malformed"),
        "no form": ({"cut": lambda _: b"no form at all"}, "malformed"),
        "paid in year one": ({"more": {"gmt_payment": "0001-01-01 00:00:00"}}, "malformed"),
        "unknown state": ({"state": "SOMETHING_NEW"}, "malformed"),
        "own number too long": ({"notification_id": "x" * 129}, "malformed"),
        "refund before payment": (
            {"more": {"out_biz_no": "R1", "gmt_refund": "2026-11-21 18:00:00.000"}},
            "unknown_refund",
        ),
    },
    "unionpay": {
        "unknown key": ({"certificate": "x" * 20_000}, "bad_signature"),
        "a field twice": ({"cut": lambda body: body + b"&txnAmt=1"}, "malformed"),
        "a field more": ({"cut": lambda body: body + b"&discount=1"}, "bad_signature"),
        "three decimals": _sum("149.510"),
        "negative": _sum("-14951"),
        "exponent": _sum("1E4"),
        "full-width digits": _sum("１４９５１"),
        "huge": _sum("9" * 30),
        "another type": _sum("14951.0"),
        "another currency": ({"currency": "840"}, "malformed"),
        "another merchant": ({"merid": "777290058100002"}, "wrong_merchant"),
        "another charset": ({"encoding": "GBK"}, "malformed"),
        "no form": ({"cut": lambda _: b"no form at all"}, "malformed"),
        "paid in year one": ({"txn_time": "00010101000000"}, "stale"),
        "no such day": ({"txn_time": "20261331000000"}, "malformed"),
        "something else": ({"txn_type": "99"}, "ignored"),
        "refund before payment": (_refund_of_unionpay(), "unknown_refund"),
        "refund in dollars": (_refund_of_unionpay(currencyCode="840"), "malformed"),
    },
}
AFTER: dict[str, dict[str, Case]] = {
    "wechat": {
        "closed": ({"state": "CLOSED"}, "ignored"),
        "older": ({"state": "NOTPAY"}, "ignored"),
        "in other words": ({}, "duplicate"),
        "refund": (_refund(), "unknown_refund"),
    },
    "alipay": {
        "closed": ({"state": "TRADE_CLOSED"}, "ignored"),
        "older": ({"state": "WAIT_BUYER_PAY"}, "ignored"),
        "in other words": ({"state": "TRADE_FINISHED"}, "duplicate"),
        "refund": OWN["alipay"]["refund before payment"],
    },
    "unionpay": {
        "closed": ({"state": "61"}, "ignored"),
        "older": ({"state": "05"}, "ignored"),
        "in other words": ({"state": "A6"}, "duplicate"),
        "refund": OWN["unionpay"]["refund before payment"],
    },
}
"""What comes too late: the order is paid."""
