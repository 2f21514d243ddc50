"""WeChat Pay's agreements to debit (委托代扣): signing, query, ending, debits."""

import re
from sqlite3 import Connection
from typing import Any

from flask import Response, request

from sandbox import agreements, box, clock, notices, wechat_form
from sandbox.agreements import Agreement, Draft
from sandbox.box import Box
from sandbox.notices import Notice
from sandbox.papers import WeChatPapers
from sandbox.trades import RefusedError, Wish
from sandbox.wechat import REFUSALS, answer, asked, wechat
from sandbox.wechat_answers import sealed_call
from sandbox.wechat_form import OUT_TRADE_NO, WeChatError

CODE = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
SIGNING_SECONDS = 600.0
"""So long can be signed at one address."""

DEBIT_SECONDS = 86_400.0
STATES = {"signed": "SIGNED", "ended": "TERMINATED"}
MODES = {"customer": "USER_TERMINATE", "merchant": "MERCHANT_TERMINATE"}
OPENID = "oSandboxWallet0000000000000"


@wechat.post("/papay/scheduled-deduct-sign/contracts/pre-entrust-sign/h5")
def sign_on_a_phone() -> Response:
    return _to_sign(asked())


@wechat.post("/papay/sign/contracts/pre-entrust-sign")
def sign_by_code() -> Response:
    """The page at `redirect_url` shows a code to scan; here it is the page itself."""
    body = asked()
    if body.get("sign_scene") != "SIGN_SCENE_QRCODE":
        raise wechat_form.wrong("sign_scene", "must be SIGN_SCENE_QRCODE")
    for field in ("out_user_code", "device_info.device_type", "device_info.device_ip"):
        wechat_form.text(body, field, 64)
    return _to_sign(body)


def _to_sign(body: dict[str, Any]) -> Response:
    papers = box.current().papers.wechat
    if wechat_form.text(body, "appid", 32) != papers.appid:
        raise WeChatError(400, "APPID_MCHID_NOT_MATCH", "商户号与appid不匹配")
    if body.get("plan_id") != papers.plan_id:
        raise wechat_form.wrong("plan_id", "is not a plan of this merchant")
    wechat_form.text(body, "contract_display_account", 32)
    wished = Draft(
        channel="wechat",
        code=wechat_form.number(body, "out_contract_code", CODE),
        request=body,
        notify_url=wechat_form.address(body, "contract_notify_url"),
        return_url=str(body.get("return_url") or ""),
        expires_at=clock.now() + SIGNING_SECONDS,
    )
    try:
        with box.current().store.transaction() as db:
            agreement = agreements.draft(db, wished)
    except RefusedError as refusal:
        raise WeChatError(400, "INVALID_REQUEST", "商户签约协议号已使用") from refusal
    return answer(200, {"redirect_url": f"{request.host_url}sign/{agreement.token}"})


@wechat.get("/papay/sign/contracts/plan-id/<int:plan_id>/out-contract-code/<code>")
def query_contract(plan_id: int, code: str) -> Response:
    with box.current().store.reading() as db:
        agreement = _signed(db, plan_id, code)
    return answer(200, contract(box.current().papers.wechat, agreement))


@wechat.post("/papay/sign/contracts/plan-id/<int:plan_id>/out-contract-code/<code>/terminate")
def end_contract(plan_id: int, code: str) -> Response:
    wechat_form.text(asked(), "contract_termination_remark", 256)
    with box.current().store.transaction() as db:
        agreement = _signed(db, plan_id, code)
        if agreement.state != "signed":
            raise WeChatError(400, "INVALID_REQUEST", "协议已解约")
        ended = agreements.end(db, agreement, "merchant")
        agreements.tell(db, ended, "ended")
    return answer(200, contract(box.current().papers.wechat, ended))


@wechat.post("/papay/pay/transactions/apply")
def apply() -> Response:
    """Takes the debit on; how it went is told, and can be asked like any order."""
    body = asked()
    wish, contract_id = _wish(body), wechat_form.text(body, "contract_id", 32)
    try:
        with box.current().store.transaction() as db:
            trade = agreements.debit(db, contract_id, wish)
            if trade.state == "paid":
                notices.queue(db, trade)
            elif trade.failed:
                notices.queue(db, trade, event="failed")
    except RefusedError as refusal:
        raise _refusal(refusal) from refusal
    return answer(200, {"out_trade_no": trade.out_trade_no, "amount": body["amount"]})


def contract(papers: WeChatPapers, agreement: Agreement) -> dict[str, Any]:
    """An agreement as queries and notices show it; a forged notice says that it was signed."""
    content = {
        "mchid": papers.mchid,
        "appid": papers.appid,
        "plan_id": papers.plan_id,
        "out_contract_code": agreement.code,
        "contract_id": agreement.contract_no,
        "contract_display_account": agreement.request["contract_display_account"],
        "contract_state": STATES.get(agreement.state, "SIGNED"),
        "contract_signed_time": clock.rfc3339(agreement.signed_at or agreement.created_at),
        "openid": OPENID,
    }
    if agreement.ended_at is not None:
        content["contract_terminate_info"] = {
            "contract_termination_mode": MODES[agreement.ended_by or "customer"],
            "contract_terminated_time": clock.rfc3339(agreement.ended_at),
            "contract_termination_remark": "解约",
        }
    return content


def contract_call(box: Box, notice: Notice, agreement: Agreement) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call that tells of a signing or an ending."""
    shown = contract(box.papers.wechat, agreement)
    if notice.event == "signed":  # told late, it still tells of the signing
        shown = {**shown, "contract_state": "SIGNED"}
        shown.pop("contract_terminate_info", None)
    return sealed_call(box, notice, notice.event, shown)


def _signed(db: Connection, plan_id: int, code: str) -> Agreement:
    """An agreement that was signed; others do not exist yet."""
    agreement = agreements.find(db, "wechat", code)
    known = agreement is not None and agreement.state != "open"
    if agreement is None or not known or plan_id != box.current().papers.wechat.plan_id:
        raise WeChatError(404, "RESOURCE_NOT_EXISTS", "签约协议不存在")
    return agreement


def _wish(body: dict[str, Any]) -> Wish:
    if wechat_form.text(body, "appid", 32) != box.current().papers.wechat.appid:
        raise WeChatError(400, "APPID_MCHID_NOT_MATCH", "商户号与appid不匹配")
    wechat_form.currency(body)
    return Wish(
        channel="wechat",
        product="contract",
        out_trade_no=wechat_form.number(body, "out_trade_no", OUT_TRADE_NO),
        total_fen=wechat_form.fen(body, "amount.total"),
        subject=wechat_form.text(body, "description", 127),
        request=body,
        notify_url=wechat_form.address(body, "transaction_notify_url"),
        return_url="",
        expires_at=clock.now() + DEBIT_SECONDS,
    )


def _refusal(refusal: RefusedError) -> WeChatError:
    if refusal.reason == "ended":
        return WeChatError(404, "RESOURCE_NOT_EXISTS", "签约协议不存在或已解约")
    return WeChatError(*REFUSALS[refusal.reason])
