"""Alipay's open gateway: cashiers for desktop and phone, query, close, refund."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import (
    alipay_form,
    alipay_statement,
    box,
    clock,
    notices,
    refunds,
    statements,
    trades,
)
from sandbox.alipay_agreements import CALLS as AGREEMENT_CALLS
from sandbox.alipay_agreements import PAGES, open_agreement
from sandbox.alipay_answers import payment, refund_answer, refund_query_answer
from sandbox.alipay_form import PRODUCTS, AlipayError
from sandbox.alipay_wire import answer
from sandbox.trades import RefusedError, Trade, Wish

alipay = Blueprint("alipay", __name__)

Content = dict[str, Any]

REFUSALS = {
    "absent": ("ACQ.TRADE_NOT_EXIST", "交易不存在"),
    "paid": ("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
    "closed": ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
    "differs": ("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
}
REFUND_REFUSALS = REFUSALS | {
    "unpaid": ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
    "differs": ("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致"),
    "too_much": ("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效"),
    "not_enough": ("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"),
    "account_closed": ("ACQ.BUYER_ERROR", "买家状态异常"),
}


@alipay.route("/gateway.do", methods=["GET", "POST"])
def gateway() -> AnyResponse:
    """One address for everything; `method` says what is wanted."""
    faults = box.current().faults
    if faults.refuses("alipay"):
        return Response("Service Unavailable", 500, content_type="text/plain")
    method = request.values.get("method", "")
    pages = {**dict.fromkeys(CASHIERS, _cashier), **dict.fromkeys(PAGES, _sign)}
    reply = pages[method]() if method in pages else _call(method)
    faults.lose("alipay")
    return reply


def _checked() -> dict[str, str]:
    """The parameters of query and form together, proven to be the merchant's."""
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    given = dict(pairs)
    if len(given) != len(pairs):
        raise AlipayError("40002", "isv.invalid-parameter", "参数重复")
    methods = (*CASHIERS, *PAGES, *CALLS)
    alipay_form.check_common(box.current().papers.alipay, given, methods)
    return given


def _cashier() -> AnyResponse:
    """Open the trade and send the browser to the cashier, or say on a page why not."""
    try:
        given = _checked()
        wish = _wish(CASHIERS[given["method"]], given)
        with box.current().store.transaction() as db:
            trade = trades.open_trade(db, wish)
    except RefusedError as refusal:
        return _error_page(AlipayError("40004", *REFUSALS[refusal.reason]))
    except AlipayError as error:
        return _error_page(error)
    return redirect(f"/cashier/alipay/{trade.token}", 302)


def _sign() -> AnyResponse:
    """Send the browser to the page where an agreement is signed."""
    try:
        agreement = open_agreement(_checked())
    except AlipayError as error:
        return _error_page(error)
    return redirect(f"/sign/{agreement.token}", 302)


def _error_page(error: AlipayError) -> Response:
    return Response(render_template("refused.html", code=error.sub_code, reason=error.sub_msg), 400)


def _wish(product: str, given: dict[str, str]) -> Wish:
    content = alipay_form.biz_content(given)
    PRODUCTS[product](content)
    alipay_form.optional_text(content, "passback_params", 512)
    alipay_form.address(content, "quit_url")
    return Wish(
        channel="alipay",
        product=product,
        out_trade_no=alipay_form.out_trade_no(content),
        total_fen=alipay_form.fen(content, "total_amount"),
        subject=alipay_form.text(content, "subject", 256),
        request=content,
        notify_url=alipay_form.address(given, "notify_url"),
        return_url=alipay_form.address(given, "return_url"),
        expires_at=alipay_form.expiry(content, clock.now()),
    )


def _call(method: str) -> Response:
    """A call from server to server: always HTTP 200, signed, refusals included."""
    name = f"{method.replace('.', '_')}_response" if method in CALLS else "error_response"
    try:
        content = _done(_checked())
    except AlipayError as error:
        content = error.content()
    text = answer(box.current().papers.alipay, name, content)
    return Response(text, content_type="text/html;charset=utf-8")


def _done(given: dict[str, str]) -> Content:
    content, method = alipay_form.biz_content(given), given["method"]
    with box.current().store.transaction() as db:
        if method in OTHER_CALLS:
            said = OTHER_CALLS[method](db, content, given)
        else:
            said = TRADE_CALLS[method](db, _trade(db, content), content, given)
    return {"code": "10000", "msg": "Success"} | said


def _trade(db: Connection, content: Content) -> Trade:
    """By `trade_no`, which wins, or by `out_trade_no`."""
    trade_no = alipay_form.optional_text(content, "trade_no", 64)
    try:
        if trade_no:
            return trades.by_trade_no(db, "alipay", trade_no)
        return trades.get(db, "alipay", alipay_form.out_trade_no(content))
    except RefusedError as refusal:
        raise AlipayError("40004", *REFUSALS[refusal.reason]) from refusal


def _query(_db: Connection, trade: Trade, _content: Content, _given: dict[str, str]) -> Content:
    return payment(trade)


def _close(db: Connection, trade: Trade, _content: Content, given: dict[str, str]) -> Content:
    url = alipay_form.address(given, "notify_url")
    try:
        closed = trades.close(db, trade)
    except RefusedError as refusal:
        raise AlipayError("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法") from refusal
    if url:
        notices.queue(db, closed, event="closed", url=url)
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}


def _refund(db: Connection, trade: Trade, content: Content, _given: dict[str, str]) -> Content:
    fen = alipay_form.fen(content, "refund_amount")
    reason = alipay_form.optional_text(content, "refund_reason", 256)
    number = _refund_no(trade, content)
    try:
        refunds.may_begin(db, trade, number)
        refund, is_new = trades.refund(db, trade, number, fen, reason, clock.now())
    except RefusedError as refusal:
        raise AlipayError("40004", *REFUND_REFUSALS[refusal.reason]) from refusal
    if is_new:
        notices.queue(db, trade, event="refunded", refund=refund)
    return refund_answer(trades.by_id(db, trade.id), is_new)


def _refund_no(trade: Trade, content: Content) -> str:
    """Without a number of its own a refund carries that of the trade, and can be made once."""
    return alipay_form.optional_text(content, "out_request_no", 64) or trade.out_trade_no


def _query_refund(
    db: Connection, trade: Trade, content: Content, _given: dict[str, str]
) -> Content:
    refund_no = alipay_form.text(content, "out_request_no", 64)
    return refund_query_answer(trade, trades.find_refund(db, trade, refund_no))


def _ask_statement(db: Connection, content: Content, _given: dict[str, str]) -> Content:
    return alipay_statement.ask(db, box.current().papers.alipay, content, request.host_url)


@alipay.get("/downloadBillFile.resource")
def statement_file() -> Response:
    """Whoever has the address may have the file, for a while."""
    if box.current().faults.outage("alipay"):
        return Response("Service Unavailable", 500, content_type="text/plain")
    with box.current().store.reading() as db:
        content = statements.file(db, "alipay", request.args.get("token", ""))
    if content is None:
        return Response("Forbidden", 403, content_type="text/plain")
    return Response(content, content_type="application/zip")


CASHIERS = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}
TRADE_CALLS: dict[str, Callable[[Connection, Trade, Content, dict[str, str]], Content]] = {
    "alipay.trade.query": _query,
    "alipay.trade.close": _close,
    "alipay.trade.refund": _refund,
    "alipay.trade.fastpay.refund.query": _query_refund,
}
OTHER_CALLS: dict[str, Callable[[Connection, Content, dict[str, str]], Content]] = {
    "alipay.data.dataservice.bill.downloadurl.query": _ask_statement,
    **AGREEMENT_CALLS,
}
"""Calls that are about no trade."""

CALLS = (*TRADE_CALLS, *OTHER_CALLS)
