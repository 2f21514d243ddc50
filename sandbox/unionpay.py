"""UnionPay's online gateway: the cashier, the question, the refund, the file of a day."""

from collections.abc import Callable
from sqlite3 import Connection

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import box, clock, notices, refunds, trades, unionpay_form, unionpay_statement
from sandbox.trades import RefusedError, Wish
from sandbox.unionpay_answers import (
    SUCCESS,
    about_payment,
    about_refund,
    echo,
    refund_state,
)
from sandbox.unionpay_form import UnionPayError, refused
from sandbox.unionpay_wire import signed, text_of

unionpay = Blueprint("unionpay", __name__)

Fields = dict[str, str]
Handler = Callable[[Connection, Fields], Fields]
PRODUCTS = {"07": "page", "08": "wap"}
NOBODY = "http://www.specialUrl.com"
"""Whoever names this address wants no message."""


@unionpay.before_request
def suffer() -> AnyResponse | None:
    """An outage that does nothing; a lost answer is lost after the work."""
    if box.current().faults.refuses("unionpay"):
        return Response("Service Unavailable", 500, content_type="text/plain")
    return None


@unionpay.after_request
def lose(response: AnyResponse) -> AnyResponse:
    box.current().faults.lose("unionpay")
    return response


@unionpay.post("/gateway/api/frontTransReq.do")
def front() -> AnyResponse:
    """Open the order and send the browser to the cashier, or say on a page why not."""
    try:
        fields = _checked(("01", "01"))
        unionpay_form.check_fresh(fields)
        with box.current().store.transaction() as db:
            trade = trades.open_trade(db, _wish(fields))
    except RefusedError as refusal:
        return _error_page(refused(refusal.reason))
    except UnionPayError as error:
        return _error_page(error)
    return redirect(f"/cashier/unionpay/{trade.token}", 303)


@unionpay.post("/gateway/api/queryTrans.do")
def query() -> Response:
    return _answered(("00", "00"), _found)


@unionpay.post("/gateway/api/backTransReq.do")
def back() -> Response:
    return _answered(("04", "00"), _refund)


@unionpay.post("/unionpay/filedownload")
def file() -> Response:
    return _answered(("76", "01"), unionpay_statement.file_of)


def _checked(kind: tuple[str, str]) -> Fields:
    pairs = list(request.form.items(multi=True))
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise UnionPayError("10", "报文格式错误[重复]")
    unionpay_form.check(box.current().papers.unionpay, fields, kind)
    return fields


def _answered(kind: tuple[str, str], handle: Handler) -> Response:
    """A call from server to server: always HTTP 200, signed, refusals included."""
    try:
        fields = _checked(kind)
        with box.current().store.transaction() as db:
            said = echo(fields, *SUCCESS.values()) | handle(db, fields)
    except RefusedError as refusal:
        code, sentence = unionpay_form.REFUSALS[refusal.reason]
        said = echo(request.form, code, sentence)
    except UnionPayError as error:
        said = echo(request.form, error.code, error.sentence)
    text = text_of(signed(box.current().papers.unionpay, said))
    return Response(text, content_type="text/html;charset=UTF-8")


def _error_page(error: UnionPayError) -> Response:
    return Response(render_template("refused.html", code=error.code, reason=error.sentence), 400)


def _wish(fields: Fields) -> Wish:
    timeout = fields.get("payTimeout")
    asked = {name: value for name, value in fields.items() if name != "signature"}
    return Wish(
        channel="unionpay",
        product=PRODUCTS[fields["channelType"]],
        out_trade_no=fields["orderId"],
        total_fen=int(fields["txnAmt"]),
        subject=unionpay_form.subject(fields),
        request=asked,
        notify_url=fields["backUrl"],
        return_url=fields["frontUrl"],
        expires_at=unionpay_form.instant(timeout) if timeout else clock.now() + 3600,
    )


def _found(db: Connection, fields: Fields) -> Fields:
    """The state of an order or a refund; an order that nobody has tried to pay is not known."""
    trade = trades.find(db, "unionpay", fields["orderId"])
    if trade is not None:
        if trade.paid_at is None or trade.request["txnTime"] != fields["txnTime"]:
            raise RefusedError("absent")
        return about_payment(trade) | {"origRespCode": "00", "origRespMsg": "成功"}
    trade, refund = trades.refund_numbered(db, "unionpay", fields["orderId"])
    if refund.reason != fields["txnTime"]:
        raise RefusedError("absent")
    return about_refund(trade, refund) | refund_state(refund)


def _refund(db: Connection, fields: Fields) -> Fields:
    """Taken at once, done later. The same number and second again is refused as a repeat."""
    unionpay_form.check_fresh(fields)
    if _is_known(db, fields["orderId"]):
        raise RefusedError("differs")
    trade = trades.by_trade_no(db, "unionpay", fields["origQryId"])
    seconds = box.current().refund_seconds
    number, fen = fields["orderId"], int(fields["txnAmt"])
    refunds.may_begin(db, trade, number)
    taken, _ = trades.refund(db, trade, number, fen, fields["txnTime"], clock.now() + seconds)
    refund = refunds.begun(db, trade, taken)
    if fields["backUrl"] != NOBODY:
        url = fields["backUrl"]
        notices.queue(db, trade, event="refunded", refund=refund, url=url, delay=seconds)
    return about_refund(trade, refund)


def _is_known(db: Connection, refund_no: str) -> bool:
    try:
        trades.refund_numbered(db, "unionpay", refund_no)
    except RefusedError:
        return False
    return True
