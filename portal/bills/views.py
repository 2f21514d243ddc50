"""Pages of bills: the list, one bill, and the bill as a PDF. All of them work without a script."""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import customer_only
from portal.bills.listing import listing, number_named, period_named
from portal.bills.pdf import bill_pdf
from portal.bills.reading import read_bill
from portal.bills.sheet import written
from portal.current import current_account, my_accounts
from portal.formats import masked_name
from portal.i18n import language, utility_name
from portal.owing import owing
from portal.security import asker_id
from portal.settings import current_settings
from service import bills

blueprint = customer_only(Blueprint("bills", __name__, url_prefix="/bills"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The bills of the current account, by year."""
    account = current_account()
    if account is None:
        return render_template("bills/index.html", account=None)
    before = request.args.get("before")
    return render_template(
        "bills/index.html",
        account=account,
        before=before,
        page=listing(
            g.session, asker_id(), account.account_no, period_named(before) if before else None
        ),
        owed=owing(g.session, asker_id(), [account])[0],
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
    bill = bills.bill(g.session, asker_id(), number_named(bill_no))
    account = next(a for a in my_accounts() if a.account_no == bill.summary.account_no)
    content = bill_pdf(
        bill,
        utility=utility_name(),
        hotline=current_settings().hotline,
        holder=masked_name(account.holder_name),
        address=account.address,
        language=language(),
    )
    name = f"{bill.summary.period}-{bill.summary.account_no[-4:]}.pdf"
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
