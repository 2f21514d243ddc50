"""Drawers: open one, empty a machine's, count, close, hand back cash, and the report."""

from flask import g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from payments.counter import closing, coins, payouts, reading, shifts
from payments.counter.reading import Sheet
from portal import formats
from portal.security import asker_id
from portal.staff.asked import Asked, in_words
from portal.staff.counter.room import blueprint, my_shift, page, reach, typed_fen
from runtime.errors import Conflict, NotFound, Refused
from service.approvals import Approval


@blueprint.post("/shifts")
def open_shift() -> ResponseReturnValue:
    """Begin: a drawer, and the change in it."""
    drawer = request.form.get("drawer", "").strip()
    try:
        shifts.open_shift(g.session, asker_id(), drawer, typed_fen("float", empty=0))
    except Refused as refusal:
        return page("open", refusal, unclosed=reading.unclosed(g.session, of=reach()))
    return redirect(url_for(".index"), 303)


@blueprint.get("/shifts")
def list_shifts() -> ResponseReturnValue:
    """What is open, what waits, what was closed last."""
    return page(
        "shifts",
        unclosed=reading.unclosed(g.session, of=reach()),
        closed=reading.closed(g.session, of=reach()),
    )


@blueprint.get("/shifts/<shift_no>")
def report(shift_no: str) -> ResponseReturnValue:
    """All of a shift, to print."""
    return page("report", sheet=_sheet(shift_no), denominations=coins.DENOMINATIONS)


@blueprint.post("/shifts/<shift_no>/empty")
def empty(shift_no: str) -> ResponseReturnValue:
    """A machine's box is taken out."""
    _sheet(shift_no)
    shifts.empty_machine(g.session, shift_no)
    return redirect(url_for(".count", shift_no=shift_no), 303)


@blueprint.get("/shifts/<shift_no>/count")
def count(shift_no: str) -> ResponseReturnValue:
    """The form for what is in the drawer. What should be in it stands nowhere on it."""
    return _count_form(_sheet(shift_no))


@blueprint.post("/shifts/<shift_no>/count")
def close(shift_no: str) -> ResponseReturnValue:
    """Close the shift; or say what differs, and ask a second person."""
    sheet = _sheet(shift_no)
    try:
        closing.count(
            g.session, shift_no, _pieces(), by=asker_id(), reason=request.form.get("reason")
        )
    except Refused as refusal:
        return _count_form(sheet, refusal)
    return redirect(url_for(".report", shift_no=shift_no), 303)


@blueprint.get("/payouts/<refund_no>")
def payout(refund_no: str) -> ResponseReturnValue:
    """A refund that waits for whoever paid, to be handed over."""
    found = payouts.waiting(g.session, refund_no)
    if not found:
        raise NotFound("counter.payout_gone")
    return page("payout", each=found[0], shift=my_shift())


@blueprint.post("/payouts/<refund_no>")
def hand_over(refund_no: str) -> ResponseReturnValue:
    """The cash has been handed back."""
    shift = shifts.lock_open(g.session, asker_id())
    payouts.hand_over(g.session, refund_no, shift, by=asker_id())
    return redirect(url_for(".index"), 303)


@in_words(closing.APPROVAL)
def _difference(_session: Session, approval: Approval) -> Asked:
    """A count that does not agree, for the second person."""
    counted, expected = approval.params["counted_fen"], approval.params["expected_fen"]
    return Asked(
        _("按数出来的现金交班"),
        [
            (_("钱箱"), approval.params["drawer"]),
            (_("应该有"), formats.amount(expected)),
            (_("数出来"), formats.amount(counted)),
            (_("差额"), formats.amount(counted - expected)),
        ],
        url_for("desk_counter.report", shift_no=approval.subject),
    )


def _sheet(shift_no: str) -> Sheet:
    return reading.sheet(g.session, shift_no, of=reach())


def _pieces() -> dict[int, int]:
    """What was typed beside each denomination. Raises Refused("counter.count_malformed")."""
    typed = {each: request.form.get(str(each), "").strip() or "0" for each in coins.DENOMINATIONS}
    if not all(text.isascii() and text.isdigit() and len(text) < 7 for text in typed.values()):
        raise Refused("counter.count_malformed")
    return {each: int(text) for each, text in typed.items()}


def _count_form(sheet: Sheet, refusal: Refused | None = None) -> ResponseReturnValue:
    differs = isinstance(refusal, Conflict) and refusal.code == "counter.difference"
    return page(
        "count",
        None if differs else refusal,
        sheet=sheet,
        denominations=coins.DENOMINATIONS,
        difference=refusal.params if differs and refusal else None,
        typed=request.form,
    )
