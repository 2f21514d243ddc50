"""Pages of paying. All of them work without a script."""

import secrets

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from payments import history, soon
from payments.gateways.base import Product
from payments.history import OrderView, Stage
from payments.orders import Payable, Selection, payable
from portal.access import customer_only
from portal.current import current_account, my_accounts
from portal.pay import choosing, qr, till
from portal.security import asker_id
from portal.unit import commit
from runtime.errors import Refused, Unavailable

blueprint = customer_only(Blueprint("pay", __name__, url_prefix="/pay"))
blueprint.record_once(till.install)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The order already begun, or the one bill ready to pay, or the bills to choose from."""
    waiting = payable(g.session, asker_id())
    if request.args.get("choose"):
        return _choose(waiting)
    if begun := choosing.begun(waiting, asker_id()):
        return redirect(url_for("pay.show", order_no=begun), 303)
    if len(waiting) == 1 and waiting[0].hold is None:
        return _confirm(Selection(bill_nos=(waiting[0].due.bill_no,)))
    return _choose(waiting)


@blueprint.get("/confirm")
def confirm() -> ResponseReturnValue:
    """The chosen bills or amount, and how to pay."""
    try:
        return _confirm(choosing.selection(request.args))
    except Refused as refusal:
        return _choose(payable(g.session, asker_id()), refusal)


@blueprint.post("")
def place() -> ResponseReturnValue:
    """Place the order and go where it is paid."""
    gateway = request.form.get("way", "")
    if gateway not in till.till().gateways:
        abort(400)
    try:
        selection = choosing.selection(request.form)
        order_no = till.till().checkout.place(
            asker_id(),
            selection,
            gateway,
            till.product(gateway),
            request.form.get("key", "")[:64] or secrets.token_urlsafe(24),
            till.visit(),
        )
    except Refused as refusal:
        return _refused(refusal)
    return _onward(history.order_view(g.session, asker_id(), order_no))


@blueprint.get("/<order_no>")
def show(order_no: str) -> ResponseReturnValue:
    """The order as it is at this moment."""
    return render_template("pay/order.html", **_of_order(order_no))


@blueprint.get("/<order_no>/state")
def state(order_no: str) -> ResponseReturnValue:
    """The part of `show` that changes; nothing when it is still as the page has it."""
    order = history.order_view(g.session, asker_id(), order_no)
    if request.args.get("seen") == order.stage:
        return "", 204
    return render_template("pay/_state.html", **_of_order(order_no))


@blueprint.post("/<order_no>/check")
def check(order_no: str) -> ResponseReturnValue:
    """Have the gateway asked at once."""
    history.order_view(g.session, asker_id(), order_no)
    soon.ask(g.session, order_no)
    return redirect(url_for("pay.show", order_no=order_no), 303)


@blueprint.post("/<order_no>/resume")
def resume(order_no: str) -> ResponseReturnValue:
    """Go on with an order that was started and left."""
    till.till().checkout.resume(asker_id(), order_no, till.visit())
    return _onward(history.order_view(g.session, asker_id(), order_no))


@blueprint.post("/<order_no>/cancel")
def cancel(order_no: str) -> ResponseReturnValue:
    """Give the order up and choose another way; one that was paid after all is shown."""
    try:
        till.till().checkout.cancel(asker_id(), order_no)
    except Unavailable as refusal:
        flash(choosing.sentence(refusal), "bad")
        return redirect(url_for("pay.show", order_no=order_no), 303)
    order = history.order_view(g.session, asker_id(), order_no)
    if order.paid_at is not None or order.purpose == "top_up":
        return redirect(url_for("pay.show", order_no=order_no), 303)
    bills = [item.bill_no for item in order.items]
    return redirect(url_for("pay.confirm", bill=bills), 303)


def _choose(waiting: list[Payable], refusal: Refused | None = None) -> ResponseReturnValue:
    accounts = {account.account_no: account for account in my_accounts()}
    page = render_template(
        "pay/choose.html",
        groups=choosing.by_account(waiting, accounts),
        total_fen=sum(each.due.amount_fen for each in waiting if each.hold is None),
        choosable=any(each.hold is None or not each.hold.paid for each in waiting),
        said=choosing.sentence(refusal) if refusal else None,
        here=current_account(),
        typed=request.values.get("amount", ""),
    )
    return page, (409 if refusal else 200)


def _confirm(selection: Selection, refusal: Refused | None = None) -> ResponseReturnValue:
    summary = choosing.summary(g.session, asker_id(), selection)
    offered = till.ways()
    last = history.last_gateway(g.session, asker_id())
    page = render_template(
        "pay/confirm.html",
        summary=summary,
        accounts=[each for each in my_accounts() if each.account_no in summary.account_nos],
        ways=offered,
        last=last,
        checked=last if last in till.till().gateways else offered[0].name if offered else None,
        key=secrets.token_urlsafe(24),
        said=choosing.sentence(refusal) if refusal else None,
    )
    return page, (409 if refusal else 200)


def _refused(refusal: Refused) -> ResponseReturnValue:
    """Say why, on the page where it can be put right."""
    if refusal.code in ("order.amount_changed", "gateway.unavailable", "gateway.not_offered"):
        selection = choosing.selection(request.form, expected=False)
        return _confirm(selection, refusal)
    return _choose(payable(g.session, asker_id()), refusal)


def _onward(order: OrderView) -> ResponseReturnValue:
    away = order.destination.get("redirect_url")
    commit()
    if away and order.stage is Stage.AWAITING:
        return redirect(away, 303)
    return redirect(url_for("pay.show", order_no=order.order_no), 303)


def _of_order(order_no: str) -> dict[str, object]:
    order = history.order_view(g.session, asker_id(), order_no)
    code = order.destination.get("code_url")
    awaiting = order.stage is Stage.AWAITING
    return {
        "order": order,
        "way": till.WAYS[order.gateway],
        "code": qr.drawn(code) if code and awaiting else None,
        "to_scan": awaiting and order.product == Product.NATIVE,
        "accounts": [each for each in my_accounts() if each.account_no in order.account_nos],
    }
