"""Hooks under `/test`: what a tester does with a mouse, for tests and drills. JSON both ways."""

from dataclasses import asdict
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, current_app, request

from sandbox import box, messages, notices, paying, statement_faults, statements, trades
from sandbox.faults import CHANNELS, KINDS
from sandbox.json_answers import in_json
from sandbox.trades import RefusedError, Trade

hooks = Blueprint("hooks", __name__, url_prefix="/test")

SLOW = ("sms", "aliyun", "tencent")
"""Channels whose answers can be delayed."""
LONGEST_DELAY = 60_000
STATEMENTS = ("wechat", "alipay", "unionpay")
"""Gateways whose statements can be spoiled."""


class AskedWronglyError(Exception):
    """A hook was called with something it does not understand; one sentence says what."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@hooks.errorhandler(AskedWronglyError)
def explain(error: AskedWronglyError) -> Response:
    return in_json({"error": str(error)}, error.status)


@hooks.errorhandler(RefusedError)
def explain_refusal(refusal: RefusedError) -> Response:
    status = 404 if refusal.reason == "absent" else 409
    return in_json({"error": f"The order is {refusal.reason}.", "reason": refusal.reason}, status)


@hooks.post("/pay")
def pay() -> Response:
    """`out_trade_no`, `mode` (pay), `delay` seconds, `channel`, `force` for a closed order."""
    asked = asked_for()
    mode = asked.get("mode", "pay")
    if mode not in paying.MODES:
        raise AskedWronglyError(f"mode must be one of {', '.join(paying.MODES)}.")
    delay, force = _number(asked, "delay", paying.DELAY), bool(asked.get("force", False))
    with box.current().store.transaction() as db:
        trade = _trade(db, asked)
        sent = paying.act(db, trade, mode, delay=delay, force=force)
        trade = trades.by_id(db, trade.id)
    current_app.extensions["sender"].wake()
    return in_json({"order": _order(trade), "notifications": sent})


@hooks.get("/orders")
def orders() -> Response:
    """Newest first; `state` open, paid or closed narrows."""
    state = request.args.get("state")
    with box.current().store.reading() as db:
        found = trades.latest(db, 1000)
    return in_json({"orders": [_order(trade) for trade in found if state in (None, trade.state)]})


@hooks.get("/orders/<out_trade_no>")
def order(out_trade_no: str) -> Response:
    with box.current().store.reading() as db:
        return in_json(_order(_trade(db, {**request.args, "out_trade_no": out_trade_no})))


@hooks.get("/notifications")
def notifications() -> Response:
    """Newest first; `out_trade_no` narrows."""
    with box.current().store.reading() as db:
        trade = _trade(db, request.args.to_dict()) if "out_trade_no" in request.args else None
        found = notices.latest(db, trade.id if trade else None, 1000)
    return in_json({"notifications": [asdict(notice) for notice in found]})


@hooks.post("/notifications/<int:notice_id>/resend")
def resend(notice_id: int) -> Response:
    """Send it once more, lost, delivered or given up."""
    with box.current().store.transaction() as db:
        if not notices.resend(db, notice_id):
            raise AskedWronglyError(f"There is no notification {notice_id}.", 404)
    current_app.extensions["sender"].wake()
    return in_json({"resent": notice_id})


@hooks.post("/outage")
def begin_outage() -> Response:
    """`channel` (wechat, alipay, unionpay, sms, mail, all), `kind`, `seconds`, `share` (0 to 1)."""
    asked = asked_for()
    kind = asked.get("kind", "error")
    if kind not in KINDS:
        raise AskedWronglyError(f"kind must be one of {', '.join(KINDS)}.")
    seconds, share = _number(asked, "seconds", 3600), _number(asked, "share", 1)
    for each in _channels(asked):
        box.current().faults.begin(each, kind, seconds, share)
    return outages()


@hooks.post("/delay")
def delay() -> Response:
    """`channel` (sms, aliyun, tencent) answers rightly `milliseconds` later; 0 ends it."""
    asked = asked_for()
    channel, milliseconds = asked.get("channel"), _number(asked, "milliseconds", 0)
    if channel not in SLOW:
        raise AskedWronglyError(f"channel must be one of {', '.join(SLOW)}.")
    if not 0 <= milliseconds <= LONGEST_DELAY:
        raise AskedWronglyError(f"milliseconds must be from 0 to {LONGEST_DELAY}.")
    box.current().faults.slow(channel, milliseconds)
    return in_json({"milliseconds": milliseconds})


def _channels(asked: dict[str, Any]) -> tuple[str, ...]:
    channel = asked.get("channel", "all")
    if channel not in (*CHANNELS, "all"):
        raise AskedWronglyError(f"channel must be one of {', '.join(CHANNELS)}, all.")
    return CHANNELS if channel == "all" else (channel,)


@hooks.get("/outage")
def outages() -> Response:
    return in_json({"outages": [asdict(outage) for outage in box.current().faults.outages()]})


@hooks.delete("/outage")
def end_outage() -> Response:
    """All works again and stamps are right."""
    box.current().faults.end()
    return outages()


@hooks.post("/clock")
def skew() -> Response:
    """`seconds` by which stamps on answers and notices are off; negative is late."""
    seconds = _number(asked_for(), "seconds", 0)
    box.current().faults.skew(seconds)
    return in_json({"seconds": seconds})


@hooks.post("/close-day")
def close_day() -> Response:
    """Let today have statements already; those of days that are over need nothing."""
    with box.current().store.transaction() as db:
        return in_json({"day": statements.close_day(db).isoformat()})


@hooks.post("/statement-fault")
def spoil_statements() -> Response:
    """`channel`, `kind`, and for a fault of lines `out_trade_no` and `adjusted` (the totals)."""
    asked = asked_for()
    channel, kind = asked.get("channel"), asked.get("kind")
    if channel not in STATEMENTS:
        raise AskedWronglyError(f"channel must be one of {', '.join(STATEMENTS)}.")
    if kind not in statement_faults.KINDS or (kind == "wrong_hash" and channel != "wechat"):
        raise AskedWronglyError(f"kind must be one of {', '.join(statement_faults.KINDS)}.")
    number, adjusted = str(asked.get("out_trade_no", "")), asked.get("adjusted")
    if adjusted not in (None, True, False):
        raise AskedWronglyError("adjusted must be true or false.")
    with box.current().store.transaction() as db:
        return in_json(statement_faults.order(db, channel, kind, number, adjusted))


@hooks.delete("/statement-fault")
def heal_statements() -> Response:
    """Statements are right again."""
    with box.current().store.transaction() as db:
        statement_faults.heal(db)
    return in_json({"healed": True})


@hooks.get("/sms")
def sms() -> Response:
    """Newest first; `phone` narrows."""
    return _messages("sms", request.args.get("phone"))


@hooks.get("/mail")
def mail() -> Response:
    """Newest first; `to` narrows."""
    return _messages("mail", request.args.get("to"))


@hooks.post("/reset")
def reset() -> Response:
    """Forget all orders, notices, messages and faults."""
    box.current().store.empty()
    box.current().faults.end()
    return in_json({"reset": True})


def _messages(medium: str, recipient: str | None) -> Response:
    with box.current().store.reading() as db:
        found = messages.latest(db, medium, recipient)
    return in_json({"messages": [message.shown() for message in found]})


def _trade(db: Connection, asked: dict[str, Any]) -> Trade:
    number = str(asked.get("out_trade_no", ""))
    channel = asked.get("channel")
    found = [trade for trade in trades.named(db, number) if channel in (None, trade.channel)]
    if len(found) > 1:
        raise AskedWronglyError("Two gateways know this number: name the channel as well.", 409)
    if not found:
        raise RefusedError("absent")
    return found[0]


def _order(trade: Trade) -> dict[str, Any]:
    return asdict(trade) | {"cashier": f"/cashier/{trade.channel}/{trade.token}"}


def asked_for() -> dict[str, Any]:
    """What a hook was called with. Raises AskedWronglyError."""
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        raise AskedWronglyError("The body must be a JSON object.")
    return asked


def _number(asked: dict[str, Any], name: str, default: float) -> float:
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise AskedWronglyError(f"{name} must be a number of seconds.")
    return float(value)
