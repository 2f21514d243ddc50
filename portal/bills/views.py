"""Pages of bills: the list, one bill, and the bill as a PDF. All of them work without a script."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import customer_only
from portal.bills.listing import chosen, listing, number_named
from portal.bills.paper import paper
from portal.bills.reading import USUAL, bill_page, read_bill
from portal.bills.sheet import written
from portal.current import current_account, my_accounts
from portal.files import attachment
from portal.home.portfolio import is_portfolio, portfolio
from portal.owing import owing
from portal.security import asker_id
from runtime import clock

blueprint = customer_only(Blueprint("bills", __name__, url_prefix="/bills"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The bills of the current account by year; of a firm's accounts together, by month."""
    mine, here = my_accounts(), current_account()
    if here is None:
        return render_template("bills/index.html", choice=None)
    firm = is_portfolio(mine)
    choice = chosen(request.args, mine, mine if firm else [here])
    owed = owing(g.session, asker_id(), choice.accounts)
    by_month = firm or choice.one is None
    return render_template(
        "bills/index.html",
        choice=choice,
        by_month=by_month,
        page=listing(g.session, asker_id(), choice, by_month=by_month),
        owed=owed[0] if choice.one else portfolio(owed),
        names={each.account_no: each.title for each in mine},
    )


@blueprint.get("/<bill_no>")
def show(bill_no: str) -> ResponseReturnValue:
    """One bill: what it comes to, why, and what has been paid of it."""
    known = read_bill(g.session, asker_id(), number_named(bill_no))
    sheet = written(known, request.args.get("against"))
    return render_template("bills/show.html", period=known.rows.bill.period, sheet=sheet)


@blueprint.get("/<bill_no>.pdf")
def pdf(bill_no: str) -> ResponseReturnValue:
    """The bill as a file to keep."""
    from portal.bills.pdf import bill_pdf  # here: a second to load, and few ask for it

    known = read_bill(g.session, asker_id(), number_named(bill_no))
    page = bill_page(known, USUAL, clock.today())
    summary = page.bill.summary
    name = f"{summary.period}-{summary.account_no[-4:]}.pdf"
    return attachment(bill_pdf(paper(page)), "application/pdf", name)
