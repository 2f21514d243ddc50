"""What is asked for a customer and another person must approve: a corrected bill, their data."""

from collections.abc import Callable

from flask import Response, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formats, words
from portal.files import attachment
from portal.security import asker_id
from portal.settings import current_settings
from portal.staff.asked import Asked, in_words
from portal.staff.customers.looking import SHEETS, page
from portal.staff.customers.room import blueprint, looked_at
from portal.staff.frame import done
from portal.unit import commit
from runtime.errors import NotFound, Refused
from service import approvals
from service.approvals import Approval
from service.customers import exports, rebills
from service.models import Bill


@blueprint.post("/<account_no>/rebill")
def rebill(account_no: str) -> ResponseReturnValue:
    """Ask that the core make a bill again."""
    bill_no, reason = request.form.get("bill_no", ""), request.form.get("reason", "")
    return _asked(
        account_no, lambda: rebills.ask(g.session, account_no, bill_no, reason, by=asker_id())
    )


@blueprint.post("/<account_no>/export")
def export(account_no: str) -> ResponseReturnValue:
    """Ask for the customer's data as a file."""
    what, reason = request.form.get("what", ""), request.form.get("reason", "")
    return _asked(
        account_no, lambda: exports.ask(g.session, account_no, what, reason, by=asker_id())
    )


@blueprint.post("/exports/<int:export_id>")
def fetch(export_id: int) -> Response:
    """The file, which only whoever asked for it may have; fetching it is written down."""
    where = exports.folder(current_settings().var)
    found, content = exports.fetch(g.session, export_id, where, by=asker_id())
    commit()
    name = f"{found.what}-{found.account_no[-4:]}.csv"
    return attachment(content, "text/csv", name)


@blueprint.post("/<account_no>/withdraw/<int:approval_id>")
def withdraw(account_no: str, approval_id: int) -> ResponseReturnValue:
    """Take back what one has asked for oneself."""
    here = url_for(".show", account_no=account_no, about=request.args.get("about"))
    return done(
        lambda: approvals.withdraw(g.session, approval_id, by=asker_id()), here, _("收回了。"), here
    )


@in_words(rebills.KIND)
def _rebill_in_words(session: Session, approval: Approval) -> Asked:
    """Which bill, of whom, and what it came to."""
    bill = session.get_one(Bill, approval.subject)
    lines = [
        (_("户号"), formats.grouped(bill.account_no)),
        (_("原来的数"), formats.amount(bill.total_fen)),
        (_("会怎样"), _("按现在的读数重新算这个月，原来的账单作废，多缴的转成余额。")),
    ]
    title = _("重新出 %(month)s的账单", month=formats.full_month(bill.period))
    return Asked(title, lines, url_for("desk_customers.show", account_no=bill.account_no))


@in_words(exports.KIND)
def _export_in_words(_session: Session, approval: Approval) -> Asked:
    """Whose data, and which."""
    account_no = approval.params["account_no"]
    lines = [
        (_("户号"), formats.grouped(account_no)),
        (_("会怎样"), _("申请的人 24 小时内可以下载一个表格文件，每次下载都记下来。")),
    ]
    title = _("导出客户数据：%(what)s", what=SHEETS[approval.params["what"]])
    return Asked(title, lines, url_for("desk_customers.show", account_no=account_no))


def _asked(account_no: str, ask: Callable[[], Approval]) -> ResponseReturnValue:
    """Ask, and go back to the customer; a refusal is said there. Raises NotFound."""
    looked = looked_at(account_no)
    if looked is None:
        return redirect(url_for(".show", account_no=account_no), 303)
    try:
        ask()
    except NotFound:
        raise
    except Refused as refusal:
        return page(looked, said=words.refusal(refusal)), 409
    flash(_("申请好了，等另一个人批。"))
    return redirect(looked.to(".show"), 303)
