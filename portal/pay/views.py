"""Pages of paying. All of them work without a script."""

import secrets

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from payments import history, landing
from payments.agreements.showing import held, planned
from payments.counter.gateway import COUNTER
from payments.gateways.base import Product
from payments.history import OrderView, Stage
from payments.orders import Payable, Selection, order_by_key, payable
from portal.access import customer_only
from portal.agreements.views import autopay_offered
from portal.current import current_account, my_accounts
from portal.forms import wants_code
from portal.passkeys.site import to_script
from portal.pay import choosing, landed, large, qr, slips, till, way_back
from portal.security import asker_id
from portal.unit import commit
from runtime.errors import Refused, Unavailable
from runtime.money import yuan
from service.access import RIGHTS, Right
from service.people.links import LinkedAccount

blueprint = customer_only(Blueprint("pay", __name__, url_prefix="/pay"))
blueprint.record_once(till.install)

_SAID_BESIDE_THE_SUM = frozenset(
    {
        "order.amount_changed",
        "order.amount_unseen",
        "gateway.unavailable",
        "gateway.not_offered",
    }
)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The order already begun, or the one bill ready to pay, or the bills to choose from."""
    waiting = payable(g.session, asker_id())
    if request.args.get("choose") or request.args.get("pick"):
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
    """Place the order and go where it is paid; a large one is confirmed first."""
    return _place(request.form.get("key", "")[:64] or secrets.token_urlsafe(24))


@blueprint.get("/large")
def large_again() -> ResponseReturnValue:
    """The step has no address of its own: what it is about came with a form."""
    return redirect(url_for("pay.index"))


@blueprint.post("/large")
def confirm_large() -> ResponseReturnValue:
    """Confirm a large payment and place its order; or have the code sent."""
    key = request.form.get("key", "")[:64]
    if known := order_by_key(g.session, asker_id(), key):
        return _onward(history.order_view(g.session, asker_id(), known.order_no))
    try:
        step = large.step(key)
    except Refused as refusal:
        return _refused(refusal)
    if wants_code():
        return large.send_code(step)
    try:
        confirmation_id = large.confirm(step)
    except Refused as refusal:
        return large.page(step, refusal)
    commit()
    return _place(key, confirmation_id)


@blueprint.post("/large/options")
def large_options() -> ResponseReturnValue:
    """What the browser asks its passkeys, to confirm this payment and no other."""
    return to_script(lambda: large.options(large.step(request.form.get("key", "")[:64])))


def _place(key: str, confirmation_id: int | None = None) -> ResponseReturnValue:
    gateway = request.form.get("way", "")
    if gateway not in till.till().gateways:
        abort(400)
    try:
        selection = choosing.agreed(request.form)
        order_no = till.till().checkout.place(
            asker_id(),
            selection,
            gateway,
            till.product(gateway),
            key,
            till.visit(),
            confirmation_id,
        )
    except Refused as refusal:
        if refusal.code == "order.unconfirmed":
            return large.page(large.step(key))
        return _refused(refusal)
    return _onward(history.order_view(g.session, asker_id(), order_no))


@blueprint.post("/counter")
def counter() -> ResponseReturnValue:
    """A code to pay the same in cash with: another order than the one the form may have made."""
    key = request.form.get("key", "")[:40] or secrets.token_urlsafe(24)
    try:
        order_no = till.till().checkout.place(
            asker_id(),
            choosing.agreed(request.form),
            COUNTER.name,
            Product.CODE,
            f"counter-{key}",
            till.visit(),
        )
    except Refused as refusal:
        return _refused(refusal)
    return redirect(url_for("pay.show", order_no=order_no), 303)


@blueprint.get("/<order_no>")
def show(order_no: str) -> ResponseReturnValue:
    """The order as it is at this moment."""
    order = history.order_view(g.session, asker_id(), order_no)
    return render_template("pay/order.html", **_of(order))


@blueprint.get("/<order_no>/state")
def state(order_no: str) -> ResponseReturnValue:
    """The part of `show` that changes; nothing when it is still as the page has it."""
    order = history.order_view(g.session, asker_id(), order_no)
    if request.args.get("seen") == _stage(order):
        return "", 204
    return render_template("pay/_state.html", **_of(order))


@blueprint.get("/<order_no>/back")
def back(order_no: str) -> ResponseReturnValue:
    """Where the cashier sends the customer: learn how it went, and leave its words behind."""
    order = history.order_view(g.session, asker_id(), order_no)
    cashier = till.till().gateways.get(order.gateway)
    led = cashier is not None and cashier.leads_back(order_no, request.args)
    if led or way_back.is_ticket(order_no, request.args.get("ticket", "")):
        return _learn(order_no)
    return redirect(url_for("pay.show", order_no=order_no), 303)


@blueprint.post("/<order_no>/check")
def check(order_no: str) -> ResponseReturnValue:
    """The customer says that they have paid."""
    history.order_view(g.session, asker_id(), order_no)
    return _learn(order_no)


@blueprint.post("/<order_no>/resume")
def resume(order_no: str) -> ResponseReturnValue:
    """Go on with an order that was started and left."""
    try:
        till.till().checkout.resume(asker_id(), order_no, till.visit())
    except Unavailable:  # the order is closed, and its page says why
        return redirect(url_for("pay.show", order_no=order_no), 303)
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
    if order.paid_at is not None:
        return redirect(url_for("pay.show", order_no=order_no), 303)
    return redirect(_once_more(order), 303)


def _choose(waiting: list[Payable], refusal: Refused | None = None) -> ResponseReturnValue:
    accounts = {account.account_no: account for account in my_accounts()}
    choosable = [each for each in waiting if each.hold is None or not each.hold.paid]
    nothing = refusal is not None and refusal.code == "order.nothing_chosen"
    ticked = [] if nothing else choosing.preset(choosable, request.values)
    page = render_template(
        "pay/choose.html",
        groups=choosing.by_account(waiting, accounts),
        ticked={each.due.bill_no for each in ticked},
        total_fen=sum(each.due.amount_fen for each in ticked),
        choosable=len(choosable),
        said=choosing.sentence(refusal) if refusal else None,
        here=_account_to_top_up(),
        typed=request.values.get("amount", ""),
    )
    return page, (409 if refusal else 200)


def _account_to_top_up() -> LinkedAccount | None:
    """The current account, if the customer may pay for it."""
    here = current_account()
    return here if here and Right.PAY in RIGHTS[here.role] else None


def _confirm(selection: Selection, refusal: Refused | None = None) -> ResponseReturnValue:
    summary = choosing.summary(g.session, asker_id(), selection)
    accounts = [each for each in my_accounts() if each.account_no in summary.account_nos]
    last = history.last_gateway(g.session, asker_id())
    page = render_template(
        "pay/confirm.html",
        summary=summary,
        accounts=accounts,
        topping_up=summary.own_amount and choosing.is_prepaid(accounts),
        debits=planned(g.session, asker_id(), summary.account_nos),
        ways=till.ways(),
        last=last,
        checked=_checked(last),
        key=secrets.token_urlsafe(24),
        said=choosing.sentence(refusal) if refusal else None,
    )
    return page, (409 if refusal else 200)


def _checked(last: str | None) -> str | None:
    """The way that is ticked: the one that was asked for, else the last one, else the first."""
    offered = list(till.till().gateways)
    wanted = (request.values.get("way"), last, *offered)
    return next((way for way in wanted if way in offered), None)


def _refused(refusal: Refused) -> ResponseReturnValue:
    """Say why, on the page where it can be put right."""
    if refusal.code in _SAID_BESIDE_THE_SUM:
        try:
            return _confirm(choosing.selection(request.form), refusal)
        except Refused as another:
            refusal = another
    return _choose(payable(g.session, asker_id()), refusal)


def _learn(order_no: str) -> ResponseReturnValue:
    """Ask the gateway at once; no connection waits with the customer, and none for long."""
    commit()
    till.till().checkout.ask(order_no)
    way_back.remember(order_no)
    return redirect(url_for("pay.show", order_no=order_no), 303)


def _onward(order: OrderView) -> ResponseReturnValue:
    away = order.destination.get("redirect_url")
    commit()
    if away and order.stage is Stage.AWAITING:
        return redirect(away, 303)
    return redirect(url_for("pay.show", order_no=order.order_no), 303)


def _once_more(order: OrderView) -> str:
    """Where the same can be paid in another way."""
    if order.purpose == "top_up":
        account_no, fen = order.items[0].account_no, order.amount_fen
        return url_for("pay.confirm", account=account_no, amount=yuan(fen))
    return url_for("pay.confirm", bill=[item.bill_no for item in order.items if item.bill_no])


def _stage(order: OrderView) -> str:
    """The stage as the page has it: what is said to be paid a moment ago is being confirmed."""
    confirming = order.stage is Stage.AWAITING and way_back.is_fresh(order.order_no)
    return "confirming" if confirming else order.stage.value


def _of(order: OrderView) -> dict[str, object]:
    code = order.destination.get("code_url")
    awaiting = order.stage is Stage.AWAITING
    accounts = [each for each in my_accounts() if each.account_no in order.account_nos]
    return {
        "order": order,
        "stage": _stage(order),
        "went": _went(order, accounts),
        "again": _once_more(order),
        "way": till.WAYS[order.gateway],
        "code": qr.drawn(code) if code and awaiting else None,
        "to_scan": awaiting and order.product == Product.NATIVE,
        "slip": slips.slip(g.session, order) if awaiting else None,
        "accounts": accounts,
        "topping_up": order.purpose == "top_up" and choosing.is_prepaid(accounts),
        "autopay_for": _autopay_for(order, accounts),
    }


def _went(order: OrderView, accounts: list[LinkedAccount]) -> tuple[str, str] | None:
    """What an amount of one's own did, title and sentence; a balance paid ahead is just that."""
    if (
        order.purpose != "top_up"
        or order.stage is not Stage.POSTED
        or choosing.is_prepaid(accounts)
    ):
        return None
    found = landing.landed(g.session, order)
    return landed.title(found), landed.sentence(found)


def _autopay_for(order: OrderView, accounts: list[LinkedAccount]) -> str | None:
    """The account for which this customer may want its bills debited from now on."""
    if not autopay_offered():
        return None
    if order.stage not in (Stage.CREDITING, Stage.POSTED) or len(accounts) != 1:
        return None
    number = accounts[0].account_no
    if accounts[0].settlement == "prepaid" or Right.PAY not in RIGHTS[accounts[0].role]:
        return None
    return None if held(g.session, asker_id(), [number]) else number
