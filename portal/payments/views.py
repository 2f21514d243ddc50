"""Pages of payments: the list, one payment, its receipt, and where its money is."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from payments import history
from payments.history import Stage
from portal.access import customer_only
from portal.bills.listing import ALL, chosen
from portal.current import current_account, my_accounts, visitor
from portal.files import attachment
from portal.invoices.views import offered
from portal.payments.listing import listing
from portal.payments.page import PaymentPage, paid_page, payment_page
from portal.payments.where import seeker, sentence
from portal.security import asker_id
from portal.unit import commit
from service.people import limits

blueprint = customer_only(Blueprint("payments", __name__, url_prefix="/payments"))

NOT_BEGUN = (Stage.STARTED, Stage.AWAITING, Stage.CLOSED)
"""Orders that have only the page on which they are paid."""


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What the customer has paid; or all that was paid for one account, by whomever."""
    mine, here = my_accounts(), current_account()
    usual = mine if len(mine) == 1 else []
    choice = chosen(request.args, mine, usual)
    one = None if request.args.get("account") == ALL else choice.one
    return render_template(
        "payments/index.html",
        one=one,
        number=choice.page,
        page=listing(g.session, asker_id(), one, choice.page),
        here=here,
        names={each.account_no: each.title for each in mine},
    )


@blueprint.get("/<order_no>")
def show(order_no: str) -> ResponseReturnValue:
    """One payment: what it paid, and how far it is."""
    page = _page(order_no)
    if page.order.stage in NOT_BEGUN:
        return redirect(url_for("pay.show", order_no=order_no), 303)
    return render_template("payments/show.html", page=page, found=None)


@blueprint.post("/<order_no>/where")
def where(order_no: str) -> ResponseReturnValue:
    """Ask all three sides where the money is, and say it."""
    history.order_view(g.session, asker_id(), order_no)
    asker = asker_id()
    limits.take(g.session, limits.WHERE_USER, str(asker))
    commit()
    found = sentence(seeker().find(asker, order_no))
    return render_template("payments/show.html", page=_page(order_no), found=found)


@blueprint.get("/<order_no>/receipt.pdf")
def pdf(order_no: str) -> ResponseReturnValue:
    """The receipt as a file to keep."""
    from portal.payments.receipt import receipt, receipt_pdf  # here, as in portal.bills.views

    found = payment_page(g.session, asker_id(), order_no, my_accounts(), invoices=False)
    page, payer = paid_page(found), visitor()
    assert payer is not None  # noqa: S101 - the blueprint lets nobody else in
    paper = receipt(page, payer, page.order.trade_no, invoices=offered())
    return attachment(receipt_pdf(paper), "application/pdf", f"receipt-{order_no}.pdf")


def _page(order_no: str) -> PaymentPage:
    return payment_page(g.session, asker_id(), order_no, my_accounts(), invoices=offered())
