"""`/arrangements/<account_no>`: a customer who cannot pay now says when they can.

What is chosen is shown with its days and sums before it holds (WCAG 3.3.4); then its progress.
"""

from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.access import customer_only
from portal.arrangements import reading
from portal.arrangements.reading import Plan, Ways
from portal.security import asker_id
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service.arrangements import making, showing
from service.arrangements.rules import rules

blueprint = customer_only(Blueprint("arrangements", __name__, url_prefix="/arrangements"))

ONCE_MORE = frozenset({"arrangement.amount_changed", "arrangement.unseen"})
"""Refusals after which the plan is shown again, with what has become of it."""


@blueprint.get("/<account_no>")
def index(account_no: str) -> ResponseReturnValue:
    """What was arranged and how far it is; else what is owed, and the two ways."""
    account = reading.account_of(account_no)
    living = showing.of_account(g.session, asker_id(), account_no)
    if living is not None:
        return render_template(
            "arrangements/show.html", account=account, progress=living, rules=rules()
        )
    found = reading.ways(g.session, account_no)
    return render_template("arrangements/index.html", ways=found, rules=rules())


@blueprint.get("/<account_no>/latest")
def latest(account_no: str) -> ResponseReturnValue:
    """The newest arrangement, also one that is over."""
    account = reading.account_of(account_no)
    found = showing.latest(g.session, asker_id(), account_no)
    return render_template("arrangements/show.html", account=account, progress=found, rules=rules())


@blueprint.route("/<account_no>/promise", methods=["GET", "POST"])
def promise(account_no: str) -> ResponseReturnValue:
    """Whole bills by a day: choose, see, agree."""
    return _make(account_no, reading.promise_plan, "arrangements/promise.html")


@blueprint.route("/<account_no>/instalments", methods=["GET", "POST"])
def instalments(account_no: str) -> ResponseReturnValue:
    """All of it in parts: choose, see, ask."""
    return _make(account_no, reading.instalment_plan, "arrangements/instalments.html")


@blueprint.post("/<account_no>/withdraw")
def withdraw(account_no: str) -> ResponseReturnValue:
    """Take it back, as long as it lives."""
    reading.account_of(account_no)
    try:
        making.withdraw(g.session, asker_id(), account_no)
        flash(_("收回了。欠费照常要缴。"))
    except NotFound as refusal:
        flash(words.refusal(refusal), "bad")
    return redirect(url_for(".index", account_no=account_no), 303)


def _make(account_no: str, plan_of: Callable[[Ways], Plan], template: str) -> ResponseReturnValue:
    """The form; then the plan before it is agreed to; then the arrangement."""
    found = reading.ways(g.session, account_no)
    if not _is_offered(found, template):
        return redirect(url_for(".index", account_no=account_no), 303)
    if request.method == "GET" or "change" in request.form:
        return _form(template, found)
    try:
        plan = plan_of(found)
    except Refused as refusal:
        return _form(template, found, refusal)
    if "agree" not in request.form:
        return _check(found, plan)
    return _agree(found, plan)


def _is_offered(found: Ways, template: str) -> bool:
    offered = found.promisable if template.endswith("promise.html") else found.counts
    return found.open and bool(offered)


def _agree(found: Ways, plan: Plan) -> ResponseReturnValue:
    here = url_for(".index", account_no=found.account.account_no)
    try:
        reading.agree(found, plan)
    except (NotFound, Forbidden):
        raise
    except Conflict as refusal:
        if refusal.code in ONCE_MORE:
            return _check(found, plan, refusal)
        flash(words.refusal(refusal), "bad")
        return redirect(here, 303)
    flash(_("说好了。") if plan.kind == "promise" else _("交上去了，等我们答复。"))
    return redirect(here, 303)


def _form(template: str, found: Ways, refusal: Refused | None = None) -> ResponseReturnValue:
    page = render_template(
        template,
        ways=found,
        rules=rules(),
        promise_days=making.promise_days(),
        first_days=making.first_days(),
        typed=request.form,
        ticked=_ticked(found),
        said=words.refusal(refusal) if refusal else None,
        most_reason=making.MOST_REASON,
    )
    return page, (422 if refusal else 200)


def _ticked(found: Ways) -> set[str]:
    """The bills whose boxes are ticked: all, until the form has said which."""
    if request.method == "POST":
        return set(request.form.getlist("bill"))
    return {due.bill_no for due in found.promisable}


def _check(found: Ways, plan: Plan, refusal: Refused | None = None) -> ResponseReturnValue:
    page = render_template(
        "arrangements/check.html",
        ways=found,
        plan=plan,
        typed=request.form,
        rules=rules(),
        said=words.refusal(refusal) if refusal else None,
    )
    return page, (409 if refusal else 200)
