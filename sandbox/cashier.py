"""Pages for a tester: what is to be paid, and the buttons that decide how it goes."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Blueprint, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from sandbox import box, clock, notices, paying, statements, trades, unionpay_answers
from sandbox.alipay_answers import way_back
from sandbox.money import yuan
from sandbox.trades import RefusedError, Trade

cashier = Blueprint("cashier", __name__)

BUTTONS = {
    "pay": ("付款", "Pay"),
    "cancel": ("取消", "Cancel"),
    "delay": ("付款，延迟通知", "Pay and delay the callback"),
    "duplicate": ("付款，通知三遍", "Pay and send the callback three times"),
    "lose": ("付款，丢失通知", "Pay and lose the callback"),
    "wrong_amount": ("付款，通知里金额错 1 分", "Pay, callback with a wrong amount"),
    "forged": ("不付款，伪造签名的通知", "Do not pay, callback with a forged signature"),
}
STATES = {"open": "待付 Open", "paid": "已付 Paid", "closed": "已关闭 Closed"}
NOTICES = {
    "pending": "待送达 Pending",
    "delivered": "已送达 Delivered",
    "lost": "已丢失 Lost",
    "given_up": "已放弃 Given up",
}


@cashier.app_context_processor
def words() -> dict[str, Any]:
    return {
        "BUTTONS": BUTTONS,
        "STATES": STATES,
        "NOTICES": NOTICES,
        "yuan": yuan,
        "wall": clock.wall,
    }


@cashier.get("/")
def index() -> str:
    here = box.current()
    with here.store.reading() as db:
        found, sent = trades.latest(db, 50), notices.latest(db, limit=30)
        closed = statements.is_out(db, statements.today())
    return render_template(
        "index.html",
        trades=found,
        notices=sent,
        by_id={trade.id: trade for trade in found},
        outages=here.faults.outages(),
        closed=closed,
    )


@cashier.post("/close-day")
def close_day() -> Response:
    """Let the gateways write today's statements."""
    with box.current().store.transaction() as db:
        statements.close_day(db)
    return redirect("/", 303)


@cashier.get("/cashier/wechat/scan")
def scan() -> Response:
    """A code of a Native order, as the phone would read it from the screen."""
    code = request.args.get("code", "").strip()
    token = parse_qs(urlsplit(code).query).get("pr", [""])[0]
    return redirect(f"/cashier/wechat/{_found('wechat', token).token}", 303)


@cashier.get("/cashier/wechat/h5")
def h5() -> Response:
    """Where an H5 order's `h5_url` leads; the merchant may have added `redirect_url`."""
    trade = _found("wechat", request.args.get("prepay_id", ""))
    back = urlencode({"redirect_url": request.args.get("redirect_url", "")})
    return redirect(f"/cashier/wechat/{trade.token}?{back}", 303)


@cashier.get("/cashier/<any(wechat, alipay, unionpay):channel>/<token>")
def show(channel: str, token: str) -> str:
    trade = _found(channel, token)
    with box.current().store.reading() as db:
        sent = notices.latest(db, trade.id)
    return render_template(
        "cashier.html",
        trade=trade,
        notices=sent,
        delay=int(paying.DELAY),
        redirect_url=request.args.get("redirect_url", ""),
    )


@cashier.post("/cashier/<any(wechat, alipay, unionpay):channel>/<token>")
def act(channel: str, token: str) -> Response:
    mode = request.form.get("mode", "")
    delay = request.form.get("delay", paying.DELAY, type=float)
    if mode not in paying.MODES or not 0 <= delay <= 86400:
        abort(400)
    trade = _found(channel, token)
    try:
        with box.current().store.transaction() as db:
            paying.act(db, trades.by_id(db, trade.id), mode, delay=delay, force=False)
    except RefusedError:
        return redirect(request.url, 303)
    current_app.extensions["sender"].wake()
    home = None if mode == "forged" else _home(trade, mode)
    return redirect(home or request.url, 303)


@cashier.get("/cashier/unionpay/<token>/back")
def lead_back(token: str) -> str:
    """UnionPay's own way back: a form that the browser posts to the merchant."""
    trade = _found("unionpay", token)
    if trade.paid_at is None:
        abort(404)
    return render_template(
        "way_back.html", trade=trade, fields=unionpay_answers.way_back(box.current(), trade)
    )


@cashier.post("/notices/<int:notice_id>/resend")
def resend(notice_id: int) -> Response:
    with box.current().store.transaction() as db:
        if not notices.resend(db, notice_id):
            abort(404)
    current_app.extensions["sender"].wake()
    return redirect(request.referrer or "/", 303)


def _found(channel: str, token: str) -> Trade:
    try:
        with box.current().store.reading() as db:
            return trades.by_token(db, channel, token)
    except RefusedError:
        abort(404)


def _home(trade: Trade, mode: str) -> str | None:
    """Where the browser goes from the cashier; None where the merchant named no address."""
    if trade.channel == "wechat":
        return _web_address(request.args.get("redirect_url", ""))
    if trade.channel == "unionpay":
        left = _web_address(trade.request.get("frontFailUrl", ""))
        return left if mode == "cancel" else f"/cashier/unionpay/{trade.token}/back"
    if mode == "cancel":
        return _web_address(trade.request.get("quit_url") or trade.return_url)
    return way_back(box.current(), trade) if trade.return_url else None


def _web_address(url: str) -> str | None:
    return url if urlsplit(url).scheme in ("http", "https") else None
