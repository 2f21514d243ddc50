"""Alipay's agreements to debit (商家扣款): signing, query, ending, debits."""

import re
from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from sandbox import agreements, alipay_form, box, clock, notices
from sandbox.agreements import Agreement, Draft
from sandbox.alipay_answers import BUYER, signed_call, signed_return
from sandbox.alipay_form import AlipayError
from sandbox.box import Box
from sandbox.money import yuan
from sandbox.notices import Notice
from sandbox.trades import RefusedError, Trade, Wish

Content = dict[str, Any]

CODE = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
PERSONAL_PRODUCT = "GENERAL_WITHHOLDING_P"
PRODUCT = "GENERAL_WITHHOLDING"
CHANNELS = ("ALIPAYAPP", "QRCODE", "QRCODEORSMS")
SIGNING_SECONDS = 3600.0
FOR_EVER = "2115-02-01 00:00:00"

PAGES = ("alipay.user.agreement.page.sign",)


def open_agreement(given: dict[str, str]) -> Agreement:
    """What a browser asks for that opens the signing page. Raises AlipayError."""
    content = alipay_form.biz_content(given)
    access = content.get("access_params")
    if not isinstance(access, dict) or access.get("channel") not in CHANNELS:
        raise AlipayError("40004", "INVALID_PARAMETER", "参数无效: access_params")
    if content.get("product_code") != PRODUCT:
        raise AlipayError("40004", "INVALID_PARAMETER", "参数无效: product_code")
    wished = Draft(
        channel="alipay",
        code=_code(content),
        request=content,
        notify_url=alipay_form.address(given, "notify_url"),
        return_url=alipay_form.address(given, "return_url"),
        expires_at=clock.now() + SIGNING_SECONDS,
    )
    try:
        with box.current().store.transaction() as db:
            return agreements.draft(db, wished)
    except RefusedError as refusal:
        raise AlipayError("40004", "AGREEMENT_HAS_SIGNED", "用户协议已签约") from refusal


def _query(db: Connection, content: Content, _given: dict[str, str]) -> Content:
    return _shown(_in_force(db, content)) | {"principal_id": BUYER["buyer_user_id"]}


def _unsign(db: Connection, content: Content, _given: dict[str, str]) -> Content:
    ended = agreements.end(db, _in_force(db, content), "merchant")
    agreements.tell(db, ended, "ended")
    return {}


def _pay(db: Connection, content: Content, given: dict[str, str]) -> Content:
    """Debits at once; an answer with code 10003 says that it takes longer."""
    if content.get("product_code") != PRODUCT:
        raise AlipayError("40004", "ACQ.INVALID_PARAMETER", "参数无效: product_code")
    under = content.get("agreement_params")
    number = str(under.get("agreement_no", "")) if isinstance(under, dict) else ""
    try:
        trade = agreements.debit(db, number, _wish(content, given))
    except RefusedError as refusal:
        raise AlipayError("40004", *_REFUSALS[refusal.reason]) from refusal
    if trade.failed:
        return _NO_MONEY
    if trade.state == "open":
        return {"code": "10003", "msg": "order success pay inprocess"} | _numbers(trade)
    notices.queue(db, trade)
    return _paid(trade)


CALLS: dict[str, Callable[[Connection, Content, dict[str, str]], Content]] = {
    "alipay.user.agreement.query": _query,
    "alipay.user.agreement.unsign": _unsign,
    "alipay.trade.pay": _pay,
}
_REFUSALS = {
    "ended": ("ACQ.AGREEMENT_NOT_EXIST", "用户协议不存在"),
    "paid": ("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
    "closed": ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
    "differs": ("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
}
_NO_MONEY = {
    "code": "40004",
    "msg": "Business Failed",
    "sub_code": "ACQ.BUYER_BALANCE_NOT_ENOUGH",
    "sub_msg": "买家余额不足",
}


def agreement_call(box: Box, notice: Notice, agreement: Agreement) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call that tells of a signing or an ending; it names no seller."""
    told = {
        "external_agreement_no": agreement.code,
        "agreement_no": agreement.contract_no,
        "personal_product_code": PERSONAL_PRODUCT,
        "sign_scene": box.papers.alipay.sign_scene,
        "alipay_user_id": BUYER["buyer_user_id"],
        "alipay_logon_id": BUYER["buyer_logon_id"],
    } | _moment(notice, agreement)
    kind = "dut_user_sign" if notice.event == "signed" else "dut_user_unsign"
    return signed_call(box, notice, kind, told)


def way_back(box: Box, agreement: Agreement) -> str:
    """`return_url` with what the browser carries home, signed."""
    told = {
        "external_agreement_no": agreement.code,
        "agreement_no": agreement.contract_no,
        "status": "NORMAL",
    }
    method = "alipay.user.agreement.page.sign.return"
    return signed_return(box, agreement.return_url, method, told)


def _code(content: Content) -> str:
    """The merchant's number, with product and scene as they were agreed on. Raises AlipayError."""
    papers = box.current().papers.alipay
    code = alipay_form.text(content, "external_agreement_no", 32)
    wanted = (PERSONAL_PRODUCT, papers.sign_scene)
    if (content.get("personal_product_code"), content.get("sign_scene")) != wanted:
        raise AlipayError("40004", "PRODUCT_CODE_NOT_SUPPORTED_ERROR", "无效的个人产品码")
    if not CODE.fullmatch(code):
        raise AlipayError("40004", "INVALID_PARAMETER", "参数无效: external_agreement_no")
    return code


def _in_force(db: Connection, content: Content) -> Agreement:
    """An agreement that holds; one that was not signed yet or has ended does not exist."""
    agreement = agreements.find(db, "alipay", _code(content))
    if agreement is None or agreement.state != "signed":
        raise AlipayError("40004", "USER_AGREEMENT_NOT_EXIST", "用户协议不存在")
    return agreement


def _shown(agreement: Agreement) -> Content:
    assert agreement.signed_at is not None  # noqa: S101 - it is in force
    return {
        "agreement_no": agreement.contract_no,
        "external_agreement_no": agreement.code,
        "personal_product_code": PERSONAL_PRODUCT,
        "sign_scene": box.current().papers.alipay.sign_scene,
        "status": "NORMAL",
        "sign_time": clock.wall(agreement.signed_at),
        "valid_time": clock.wall(agreement.signed_at),
        "invalid_time": FOR_EVER,
    }


def _moment(notice: Notice, agreement: Agreement) -> dict[str, str]:
    signed = clock.wall(agreement.signed_at or notice.created_at)
    if notice.event == "signed":
        return {
            "status": "NORMAL",
            "sign_time": signed,
            "valid_time": signed,
            "invalid_time": FOR_EVER,
        }
    return {"status": "UNSIGN", "unsign_time": clock.wall(agreement.ended_at or notice.created_at)}


def _wish(content: Content, given: dict[str, str]) -> Wish:
    return Wish(
        channel="alipay",
        product="contract",
        out_trade_no=alipay_form.out_trade_no(content),
        total_fen=alipay_form.fen(content, "total_amount"),
        subject=alipay_form.text(content, "subject", 256),
        request=content,
        notify_url=alipay_form.address(given, "notify_url"),
        return_url="",
        expires_at=alipay_form.expiry(content, clock.now()),
    )


def _numbers(trade: Trade) -> Content:
    return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no, **BUYER}


def _paid(trade: Trade) -> Content:
    total = yuan(trade.total_fen)
    return _numbers(trade) | {
        "total_amount": total,
        "receipt_amount": total,
        "buyer_pay_amount": total,
        "gmt_payment": clock.wall(trade.paid_at or clock.now()),
        "fund_bill_list": [{"amount": total, "fund_channel": "ALIPAYACCOUNT"}],
    }
