"""Pages where a tester signs and ends agreements, and the hooks that do the same."""

from dataclasses import asdict
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import agreements, alipay_agreements, box, notices, paying, trades
from sandbox.agreements import MOODS, Agreement
from sandbox.hooks import AskedWronglyError, asked_for, explain, explain_refusal
from sandbox.json_answers import in_json
from sandbox.trades import RefusedError

signing = Blueprint("signing", __name__)
signing.register_error_handler(AskedWronglyError, explain)
signing.register_error_handler(RefusedError, explain_refusal)

BUTTONS = {
    "sign": ("同意并签约", "Agree and sign"),
    "refuse": ("不同意", "Refuse"),
    "delay": ("签约，延迟通知", "Sign and delay the callback"),
    "duplicate": ("签约，通知三遍", "Sign and send the callback three times"),
    "lose": ("签约，丢失通知", "Sign and lose the callback"),
    "forged": ("不签，伪造签名的通知", "Do not sign, callback with a forged signature"),
}
MOOD_WORDS = {
    "pays": ("钱够，扣得成", "Debits succeed"),
    "no_money": ("余额不足，扣不成", "Debits fail for lack of money"),
    "pending": ("一直处理中", "Debits stay pending"),
}
STATES = {"open": "待签 Open", "signed": "生效中 In force", "ended": "已解约 Ended"}


@signing.get("/sign")
def index() -> str:
    with box.current().store.reading() as db:
        found = agreements.latest(db, 50)
    return render_template("agreements.html", agreements=found, STATES=STATES)


@signing.get("/sign/<token>")
def show(token: str) -> str:
    agreement = _found(token)
    with box.current().store.reading() as db:
        sent = notices.of_agreement(db, agreement.id)
    return render_template(
        "sign.html",
        agreement=agreement,
        title=agreement.request.get("contract_display_account")
        or agreement.request.get("external_logon_id", ""),
        notices=sent,
        BUTTONS=BUTTONS,
        MOOD_WORDS=MOOD_WORDS,
        STATES=STATES,
    )


@signing.post("/sign/<token>")
def act(token: str) -> AnyResponse:
    mode = request.form.get("mode", "")
    agreement = _found(token)
    if mode not in (*BUTTONS, *MOODS, "end"):
        abort(400)
    try:
        with box.current().store.transaction() as db:
            signed = do(db, agreements.by_id(db, agreement.id), mode)
    except RefusedError:
        return redirect(request.path, 303)
    current_app.extensions["sender"].wake()
    return redirect(_home(signed, mode) or request.path, 303)


def do(db: Connection, agreement: Agreement, mode: str) -> Agreement:
    """Do `mode` to the agreement. Raises RefusedError: used, late, absent."""
    if mode in MOODS:
        agreements.set_mood(db, agreement, mode)
    elif mode == "end":
        agreements.tell(db, agreements.end(db, agreement, "customer"), "ended")
    elif mode == "end_unheard":
        agreements.end(db, agreement, "customer")
    elif mode == "forged":
        agreements.tell(db, agreement, "signed", flavour="forged")
    elif mode != "refuse":
        _sign(db, agreement, mode)
    return agreements.by_id(db, agreement.id)


def _sign(db: Connection, agreement: Agreement, mode: str) -> None:
    agreements.tell(
        db,
        agreements.sign(db, agreement),
        "signed",
        copies=paying.COPIES if mode == "duplicate" else 1,
        delay=paying.DELAY if mode == "delay" else 0,
        lost=mode == "lose",
    )


def _home(agreement: Agreement, mode: str) -> str | None:
    """Where the browser goes; None where the merchant named no address, or nothing was decided."""
    if mode not in BUTTONS or mode == "forged" or not agreement.return_url:
        return None
    if agreement.channel == "alipay" and mode != "refuse":
        return alipay_agreements.way_back(box.current(), agreement)
    return agreement.return_url


def _found(token: str) -> Agreement:
    try:
        with box.current().store.reading() as db:
            return agreements.by_token(db, token)
    except RefusedError:
        abort(404)


@signing.post("/test/agreements")
def hook() -> Response:
    """`code`, `mode`: sign, refuse, delay, duplicate, lose, forged, end, end_unheard, or a mood."""
    given = asked_for()
    mode = given.get("mode", "sign")
    if mode not in (*BUTTONS, *MOODS, "end", "end_unheard"):
        raise AskedWronglyError("mode is not one of those that the page offers.")
    with box.current().store.transaction() as db:
        agreement = do(db, agreements.named(db, str(given.get("code", ""))), mode)
    current_app.extensions["sender"].wake()
    return in_json({"agreement": _shown(agreement)})


@signing.get("/test/agreements")
def all_agreements() -> Response:
    """Newest first."""
    with box.current().store.reading() as db:
        found = agreements.latest(db, 1000)
    return in_json({"agreements": [_shown(agreement) for agreement in found]})


@signing.post("/test/debits/fail")
def fail() -> Response:
    """A debit that was pending fails: `out_trade_no`, `channel`."""
    given = asked_for()
    with box.current().store.transaction() as db:
        trade = trades.get(db, str(given.get("channel")), str(given.get("out_trade_no")))
        failed = agreements.fail(db, trade)
        if failed.channel == "wechat":
            notices.queue(db, failed, event="failed")
    current_app.extensions["sender"].wake()
    return in_json({"failed": failed.out_trade_no})


def _shown(agreement: Agreement) -> dict[str, Any]:
    return asdict(agreement) | {"page": f"/sign/{agreement.token}"}
