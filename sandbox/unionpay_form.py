"""What UnionPay's gateway asks of a request, field by field."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from sandbox import clock
from sandbox.unionpay_papers import UnionPayPapers
from sandbox.unionpay_wire import is_the_merchants

FORMS = {
    "orderId": re.compile(r"[0-9A-Za-z]{8,40}", re.ASCII),
    "txnTime": re.compile(r"\d{14}", re.ASCII),
    "payTimeout": re.compile(r"\d{14}", re.ASCII),
    "txnAmt": re.compile(r"[1-9]\d{0,11}", re.ASCII),
    "currencyCode": re.compile("156"),
    "channelType": re.compile("07|08"),
    "origQryId": re.compile(r"\d{21}", re.ASCII),
    "settleDate": re.compile(r"\d{4}", re.ASCII),
    "fileType": re.compile("00"),
    "bizType": re.compile("000201|000000"),
}
ADDRESSES = ("frontUrl", "backUrl", "frontFailUrl")
ASKED = {
    ("01", "01"): (
        "channelType",
        "orderId",
        "txnTime",
        "txnAmt",
        "currencyCode",
        "frontUrl",
        "backUrl",
    ),
    ("00", "00"): ("orderId", "txnTime"),
    ("04", "00"): ("channelType", "orderId", "txnTime", "txnAmt", "origQryId", "backUrl"),
    ("76", "01"): ("txnTime", "settleDate", "fileType"),
}
"""What each kind of transaction needs besides the common fields."""

WINDOW = 2 * 3600.0
"""Seconds by which `txnTime` of a new order or refund may be off."""

REFUSALS = {
    "absent": ("34", "查无此交易"),
    "paid": ("12", "重复交易"),
    "closed": ("39", "交易不在受理时间范围内"),
    "differs": ("12", "重复交易"),
    "unpaid": ("35", "原交易不存在或状态不正确"),
    "too_much": ("36", "与原交易信息不符"),
    "not_enough": ("33", "交易金额超限"),
    "account_closed": ("63", "卡状态不正确"),
}


class UnionPayError(Exception):
    """A refusal: documented answer code and its sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def refused(reason: str) -> UnionPayError:
    return UnionPayError(*REFUSALS[reason])


def check(papers: UnionPayPapers, fields: Mapping[str, str], kind: tuple[str, str]) -> None:
    """Form first, the signature last. Raises UnionPayError."""
    common = {"version": "5.1.0", "signMethod": "01", "accessType": "0"}
    for name, value in common.items():
        if fields.get(name) != value:
            raise _malformed(name)
    if fields.get("encoding", "").upper() != "UTF-8":
        raise _malformed("encoding")
    if (fields.get("txnType"), fields.get("txnSubType")) != kind:
        raise _malformed("txnType")
    for name in ("bizType", *ASKED[kind]):
        if name not in fields:
            raise _malformed(name)
    _check_values(fields)
    if fields.get("merId") != papers.merid:
        raise UnionPayError("31", "商户状态不正确")
    if not is_the_merchants(papers, fields):
        raise UnionPayError("11", "验证签名失败")


def check_fresh(fields: Mapping[str, str]) -> None:
    """An order or a refund is sent when it is made. Raises UnionPayError."""
    if abs(instant(fields["txnTime"]) - clock.now()) > WINDOW:
        raise _malformed("txnTime")


def instant(text: str) -> float:
    """`20260301083000` by the wall clock of Beijing. Raises UnionPayError."""
    date, hour = f"{text[:4]}-{text[4:6]}-{text[6:8]}", f"{text[8:10]}:{text[10:12]}:{text[12:]}"
    try:
        return clock.parse_wall(f"{date} {hour}")
    except ValueError as error:
        raise _malformed("txnTime") from error


def subject(fields: Mapping[str, str]) -> str:
    """The name of what is paid, out of `riskRateInfo`."""
    found = re.search(r"commodityName=([^{}&=]{1,256})", fields.get("riskRateInfo", ""))
    return found[1].strip() if found else fields["orderId"]


def _check_values(fields: Mapping[str, str]) -> None:
    for name, value in fields.items():
        form = FORMS.get(name)
        if (form and not form.fullmatch(value)) or not value:
            raise _malformed(name)
        if name in ADDRESSES and urlsplit(value).scheme not in ("http", "https"):
            raise _malformed(name)


def _malformed(name: str) -> UnionPayError:
    return UnionPayError("10", f"报文格式错误[{name}]")
