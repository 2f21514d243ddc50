"""Pages of invoices. All of them work without a script."""

import secrets
from dataclasses import dataclass

from flask import (
    Blueprint,
    abort,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from payments.invoices import asking, listing, titles
from payments.invoices.asking import Invoiceable, Wish
from payments.invoices.models import Invoice
from portal import words
from portal.access import customer_only
from portal.current import current_account, my_account, my_accounts
from portal.files import attachment
from portal.forms import form_page
from portal.i18n import language
from portal.invoices.forms import TitleForm
from portal.navigation import way_back
from portal.pay.till import till
from portal.security import asker_id
from runtime.errors import Refused
from service.people.links import LinkedAccount

blueprint = customer_only(Blueprint("invoices", __name__, url_prefix="/invoices"))
PAPERS = {"pdf": "application/pdf", "xml": "application/xml"}


@blueprint.app_template_global("invoices_offered")
def offered() -> bool:
    """Whether customers can ask for invoices here."""
    return till().settings.invoice_url is not None


@blueprint.before_request
def _only_where_offered() -> None:
    if not offered():
        abort(404)


@dataclass(frozen=True)
class Shown:
    """An invoice with what a page says of it."""

    invoice: Invoice
    account: LinkedAccount | None
    red: Invoice | None

    @property
    def stage(self) -> str:
        """asked, issued, taken_back, refused; of a red one red_asked, red_issued."""
        if self.invoice.red_of is not None:
            return "red_issued" if self.invoice.state == "issued" else "red_asked"
        if self.red is not None:
            return "taken_back"
        return "asked" if self.invoice.state == "sent" else self.invoice.state

    @property
    def settled(self) -> bool:
        """Whether nothing will change by itself, so that the page may stop asking."""
        return self.stage not in ("asked", "red_asked")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The invoices so far, and the way to another."""
    mine = listing.invoices(g.session, asker_id())
    reds = {each.red_of: each for each in mine if each.red_of is not None}
    return render_template(
        "invoices/index.html",
        shown=[_shown(each, reds.get(each.id)) for each in mine],
        waiting=asking.how_many(g.session, asker_id()),
    )


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Choose bills of one account, a title, and where to send it."""
    return _form()


@blueprint.post("")
def ask() -> ResponseReturnValue:
    """Ask for an invoice; a form that is sent twice asks once."""
    chosen = request.form.get("title", "")
    wish = Wish(
        bill_nos=tuple(each for each in request.form.getlist("bill") if each),
        title_id=int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0,
        form=request.form.get("form", asking.ORDINARY),
        email=request.form.get("email", ""),
        language=language(),
    )
    key = request.form.get("key", "")[:64] or secrets.token_urlsafe(24)
    try:
        with g.session.begin_nested():
            invoice = asking.ask(g.session, asker_id(), wish, key)
    except Refused as refusal:
        if refusal.code == "account.not_found":
            raise
        return _form(refusal)
    return redirect(url_for("invoices.show", request_no=invoice.request_no), 303)


@blueprint.get("/<request_no>")
def show(request_no: str) -> ResponseReturnValue:
    return render_template("invoices/show.html", shown=_of(request_no))


@blueprint.get("/<request_no>/state")
def state(request_no: str) -> ResponseReturnValue:
    """The part of `show` that changes; nothing when it is still as the page has it."""
    shown = _of(request_no)
    if request.args.get("seen") == shown.stage:
        return "", 204
    return render_template("invoices/_state.html", shown=shown)


@blueprint.get("/<request_no>/invoice.<kind>")
def paper(request_no: str, kind: str) -> ResponseReturnValue:
    if kind not in PAPERS:
        abort(404)
    content = listing.paper(g.session, asker_id(), request_no, kind)
    number = listing.invoice(g.session, asker_id(), request_no).invoice_no
    return attachment(content, PAPERS[kind], f"{number}.{kind}")


@blueprint.get("/titles")
def all_titles() -> ResponseReturnValue:
    mine = titles.titles(g.session, asker_id())
    return render_template("invoices/titles.html", titles=mine)


@blueprint.route("/titles/new", methods=["GET", "POST"])
def add_title() -> ResponseReturnValue:
    form = TitleForm()
    if form.validate_on_submit():
        try:
            titles.add_title(
                g.session, asker_id(), form.kind.data, form.name.data, form.tax_no.data or ""
            )
            return redirect(_after_title(), 303)
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("invoices/title.html", form, next=request.values.get("next", ""))


@blueprint.post("/titles/<int:title_id>/prefer")
def prefer(title_id: int) -> ResponseReturnValue:
    titles.prefer(g.session, asker_id(), title_id)
    return redirect(url_for("invoices.all_titles"), 303)


@blueprint.post("/titles/<int:title_id>/remove")
def remove(title_id: int) -> ResponseReturnValue:
    titles.remove(g.session, asker_id(), title_id)
    flash(_("抬头删掉了，开过的发票不受影响。"))
    return redirect(url_for("invoices.all_titles"), 303)


def _after_title() -> str:
    given = request.values.get("next")
    return way_back(given) if given else url_for("invoices.all_titles")


def _form(refusal: Refused | None = None) -> ResponseReturnValue:
    """The form of an invoice; who has no title yet adds one first."""
    named = request.values.getlist("bill")
    kept = titles.titles(g.session, asker_id())
    if not kept:
        back = url_for("invoices.new", bill=named)
        return redirect(url_for("invoices.add_title", next=back), 303)
    waiting = asking.invoiceable(g.session, asker_id())
    having = _having(waiting)
    here = _account(having, {each.account_no for each in waiting if each.bill_no in named})
    bills = [each for each in waiting if here and each.account_no == here.account_no]
    picked = {each.bill_no for each in bills if each.bill_no in named}
    ticked = picked or {each.bill_no for each in bills[:1]}
    page = render_template(
        "invoices/new.html",
        bills=bills,
        ticked=ticked,
        total_fen=sum(each.amount_fen for each in bills if each.bill_no in ticked),
        here=here,
        others=[each for each in my_accounts() if each.account_no in having],
        titles=kept,
        typed=request.form,
        key=secrets.token_urlsafe(24),
        said=words.refusal(refusal) if refusal else None,
    )
    return page, (409 if refusal else 200)


def _having(waiting: list[Invoiceable]) -> dict[str, LinkedAccount]:
    """The accounts of these bills by their numbers, in the order of the bills."""
    mine = {each.account_no: each for each in my_accounts()}
    return {each.account_no: mine[each.account_no] for each in waiting if each.account_no in mine}


def _account(having: dict[str, LinkedAccount], of_named: set[str]) -> LinkedAccount | None:
    """The account of the named bills; else the one asked for, or the current one, if it has any."""
    present = current_account()
    asked = [*of_named, request.values.get("account"), present.account_no if present else None]
    return next((having[each] for each in [*asked, *having] if each in having), None)


def _of(request_no: str) -> Shown:
    invoice = listing.invoice(g.session, asker_id(), request_no)
    return _shown(invoice, listing.red_of(g.session, invoice))


def _shown(invoice: Invoice, red: Invoice | None) -> Shown:
    return Shown(invoice, my_account(invoice.account_no), red)
