"""Taking cash: find what it is for, see the sum, see the change, confirm, print.

A scanner types a number and presses Enter, and Enter leads through all the steps: every page puts
the cursor where the next key belongs.
"""

import secrets
from collections.abc import Callable
from urllib.parse import urlencode

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from payments import holds
from payments.counter import cash, codes, payouts, reading, shifts
from payments.counter.cash import Handed, Wanted
from payments.counter.models import Cash
from payments.counter.reading import Sum
from portal.forms import fen_typed
from portal.pay import till
from portal.pay.choosing import MOST_DIGITS
from portal.security import asker_id
from portal.staff import trail
from portal.staff.counter.room import blueprint, my_shift, page, reach, typed_fen
from portal.unit import commit
from runtime.errors import Refused
from runtime.logs import get_logger
from service import dues

ACCOUNT_DIGITS = 12
COUNTER = "counter"
"""What a look is for, in the trail."""

_log = get_logger(__name__)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The field for the scanner; without an open drawer, the form to open one."""
    return _start()


@blueprint.post("/find")
def find() -> ResponseReturnValue:
    """A code leads to its sum, an account's number to what is due."""
    number = codes.plain(request.form.get("number", ""))
    if len(number) == ACCOUNT_DIGITS and number.isdecimal():
        return redirect(url_for(".account", account_no=number), 303)
    try:
        order_no = codes.find(g.session, number, asker=f"staff {asker_id()}")
    except Refused as refusal:
        return _start(refusal)
    return redirect(url_for(".code", order_no=order_no), 303)


@blueprint.get("/codes/<order_no>")
def code(order_no: str) -> ResponseReturnValue:
    """What a code is for."""
    trail.seen(order_no, "", COUNTER)
    try:
        return _ask_for_cash(_of_code(order_no))
    except Refused as refusal:
        return _start(refusal)


@blueprint.post("/codes/<order_no>")
def take_code(order_no: str) -> ResponseReturnValue:
    """The change of what was given; or, once confirmed, the receipt."""
    return _receive(
        lambda: _of_code(order_no),
        lambda handed: cash.take_for_code(g.session, order_no, handed),
    )


@blueprint.get("/accounts/<account_no>")
def account(account_no: str) -> ResponseReturnValue:
    """What an account owes, and who is paying it already."""
    trail.seen(account_no, "", COUNTER)
    try:
        return _account(account_no)
    except Refused as refusal:
        return _start(refusal)


@blueprint.get("/accounts/<account_no>/take")
def account_sum(account_no: str) -> ResponseReturnValue:
    """The sum of the chosen bills, or of an amount for the balance."""
    try:
        return _ask_for_cash(_of_account(_wanted(account_no, request.args)))
    except Refused as refusal:
        return _account(account_no, refusal)


@blueprint.post("/accounts/<account_no>/take")
def take_account(account_no: str) -> ResponseReturnValue:
    """The same for an account without a code."""
    return _receive(
        lambda: _of_account(_wanted(account_no, request.form)),
        lambda handed: cash.take_for_account(g.session, _wanted(account_no, request.form), handed),
    )


@blueprint.post("/accounts/<account_no>/free")
def free(account_no: str) -> ResponseReturnValue:
    """Close the open payment that holds a bill: who stands here pays in cash instead."""
    order_no = request.form.get("order_no", "")
    held = holds.held_bills(g.session, {account_no}).values()
    if order_no in {hold.order_no for hold in held if not hold.paid}:
        _log.info("counter_closed_order", order_no=order_no, staff=asker_id())
        commit()
        till.till().checkout.close(order_no, "replaced")
        flash(_("那一笔关掉了，可以收现金。"), "good")
    return redirect(url_for(".account", account_no=account_no), 303)


@blueprint.get("/receipts/<receipt_no>")
def receipt(receipt_no: str) -> ResponseReturnValue:
    """A receipt, to print."""
    return page("receipt", receipt=reading.receipt(g.session, receipt_no))


def _start(refusal: Refused | None = None) -> ResponseReturnValue:
    shift = my_shift()
    if shift is None:
        return page("open", refusal, unclosed=reading.unclosed(g.session, of=reach()))
    return page(
        "index",
        refusal,
        shift=shift,
        latest=reading.latest(g.session, shift),
        waiting=payouts.waiting(g.session),
    )


def _account(account_no: str, refusal: Refused | None = None) -> ResponseReturnValue:
    found = dues.account_at_the_desk(g.session, account_no)
    _log.info("counter_saw_account", account_no=account_no, staff=asker_id())
    return page(
        "account",
        refusal,
        account=found,
        dues=dues.dues_of(g.session, account_no),
        held=holds.held_bills(g.session, {account_no}),
        shift=my_shift(),
    )


def _wanted(account_no: str, form: MultiDict[str, str]) -> Wanted:
    """What the form wants to pay. Raises Refused("amount.malformed")."""
    seen = form.get("expected", "")
    known = seen.isascii() and seen.isdigit() and len(seen) <= MOST_DIGITS
    expected_fen = int(seen) if known else None
    if "amount" not in form:
        return Wanted(account_no, tuple(form.getlist("bill")), expected_fen=expected_fen)
    return Wanted(account_no, top_up_fen=fen_typed(form["amount"]), expected_fen=expected_fen)


def _of_code(order_no: str) -> Sum:
    return reading.sum_of(g.session, cash.payable(g.session, order_no).items)


def _of_account(wanted: Wanted) -> Sum:
    dues.account_at_the_desk(g.session, wanted.account_no)
    return reading.sum_of(g.session, cash.items_for(g.session, wanted))


def _ask_for_cash(due: Sum, refusal: Refused | None = None) -> ResponseReturnValue:
    key = request.form.get("key") or secrets.token_urlsafe(24)
    return page("sum", refusal, due=due, key=key, shift=my_shift(), sent=request.values)


def _receive(load: Callable[[], Sum], take: Callable[[Handed], Cash]) -> ResponseReturnValue:
    if "sure" in request.form:
        return _taken(load, take)
    try:
        due = load()
    except Refused as refusal:
        return _start(refusal)
    try:
        given_fen = typed_fen("given", empty=due.amount_fen)
        change_fen = cash.change_fen(due.amount_fen, given_fen)
    except Refused as refusal:
        return _ask_for_cash(due, refusal)
    return page(
        "change",
        due=due,
        given_fen=given_fen,
        change_fen=change_fen,
        key=request.form.get("key", ""),
        sent=request.form,
        again=_again(),
    )


def _again() -> str:
    """The address of the sum, to type anew what was given."""
    asked = {"bill": request.form.getlist("bill"), "amount": request.form.getlist("amount")}
    query = urlencode(asked, doseq=True)
    return f"{request.path}?{query}" if query else request.path


def _taken(load: Callable[[], Sum], take: Callable[[Handed], Cash]) -> ResponseReturnValue:
    """Take the cash; a refusal is said beside the sum, or where the next one begins."""
    try:
        key = f"{asker_id()}:{request.form.get('key', '')[:64] or secrets.token_urlsafe(24)}"
        shift = shifts.lock_open(g.session, asker_id())
        kept = take(Handed(shift, typed_fen("given"), key, asker_id()))
    except Refused as refusal:
        try:
            return _ask_for_cash(load(), refusal)
        except Refused:
            return _start(refusal)
    return redirect(url_for(".receipt", receipt_no=kept.receipt_no), 303)
