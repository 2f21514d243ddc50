"""Pages about which accounts a customer sees."""

from typing import cast

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access import customer_only
from portal.accounts.forms import ROLES, AliasForm, BindByCodeForm, BindByHolderForm
from portal.current import my_accounts, remember_account
from portal.forms import form_page, wants_code
from portal.i18n import language
from portal.navigation import way_back
from portal.security import asker_address, asker_id
from portal.unit import database
from runtime.errors import Refused
from service.access import Right, roles_with
from service.people import binding, links, sharing
from service.people.binding import Verifier

blueprint = customer_only(Blueprint("accounts", __name__, url_prefix="/accounts"))


@blueprint.context_processor
def _for_templates() -> dict[str, object]:
    return {"role_help": role_help}


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_template(
        "accounts/index.html",
        accounts=my_accounts(),
        roles=role_names(),
        managing=roles_with(Right.MANAGE_LINKS),
        paying=roles_with(Right.PAY),
    )


@blueprint.route("/bind", methods=["GET", "POST"])
def bind() -> ResponseReturnValue:
    form = BindByHolderForm()
    if form.validate_on_submit():
        try:
            number = binding.bind_by_holder(
                database(),
                core(),
                asker_id(),
                form.account_no.data,
                holder_name=form.holder_name.data,
                phone_last4=form.phone_last4.data,
                role=form.role.data,
                alias=form.alias.data,
            )
            return _bound(number)
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("accounts/bind.html", form)


@blueprint.route("/bind/code", methods=["GET", "POST"])
def bind_by_code() -> ResponseReturnValue:
    form = BindByCodeForm()
    if wants_code():
        return _send_code(form)
    if form.validate_on_submit():
        try:
            number = binding.bind_by_code(
                g.session,
                asker_id(),
                form.account_no.data,
                form.code.data,
                role=form.role.data,
                alias=form.alias.data,
            )
            return _bound(number)
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("accounts/bind_by_code.html", form)


@blueprint.post("/<account_no>/choose")
def choose(account_no: str) -> ResponseReturnValue:
    account = links.linked_account(g.session, asker_id(), account_no)
    response = redirect(way_back(request.form.get("next")))
    remember_account(response, account.link_id)
    return response


@blueprint.route("/<account_no>/name", methods=["GET", "POST"])
def name(account_no: str) -> ResponseReturnValue:
    account = links.linked_account(g.session, asker_id(), account_no)
    form = AliasForm(alias=account.alias)
    if form.validate_on_submit():
        links.set_alias(g.session, asker_id(), account_no, form.alias.data)
        flash(_("名字改好了。"))
        return redirect(url_for("accounts.index"))
    return form_page("accounts/name.html", form, account=account)


@blueprint.route("/<account_no>/unbind", methods=["GET", "POST"])
def unbind(account_no: str) -> ResponseReturnValue:
    account = links.linked_account(g.session, asker_id(), account_no)
    if request.method == "POST":
        links.unbind(g.session, asker_id(), account_no)
        flash(_("已经解绑。账单和缴费记录都还在，重新绑定就看得到。"))
        return redirect(url_for("accounts.index"))
    return render_template("accounts/unbind.html", account=account)


@blueprint.get("/<account_no>/people")
def people(account_no: str) -> ResponseReturnValue:
    found = sharing.viewers(g.session, asker_id(), account_no)
    account = links.linked_account(g.session, asker_id(), account_no)
    return render_template(
        "accounts/people.html",
        account=account,
        viewers=found,
        roles=viewer_names(),
        help=role_help(),
    )


@blueprint.route("/<account_no>/people/<int:link_id>/end", methods=["GET", "POST"])
def end_link(account_no: str, link_id: int) -> ResponseReturnValue:
    if request.method == "POST":
        sharing.end_link(g.session, asker_id(), account_no, link_id)
        flash(_("结束了，对方现在看不到这个户号了。"))
        return redirect(url_for("accounts.people", account_no=account_no))
    viewer = sharing.viewer(g.session, asker_id(), account_no, link_id)
    account = links.linked_account(g.session, asker_id(), account_no)
    return render_template("accounts/end_link.html", account=account, viewer=viewer)


def core() -> Verifier:
    """The client of the core that a proof is checked with."""
    return cast(Verifier, current_app.extensions["core"])


def role_names() -> dict[str, str]:
    """How each role is called."""
    return {
        **{role: str(words) for role, words in ROLES},
        "enterprise_admin": _("企业管理员"),
        "enterprise_finance": _("企业财务"),
        "enterprise_energy": _("企业能源管理"),
    }


def viewer_names() -> dict[str, str]:
    """How others with a role are called."""
    own = {"owner": _("户主"), "family_helper": _("家人"), "payer": _("代缴人")}
    return role_names() | own


def role_help() -> dict[str, str]:
    """What each role that a person may choose allows."""
    return {
        "owner": _("看账单和用电、缴费、办事"),
        "family_helper": _("看账单和用电，也能替他缴费"),
        "payer": _("看账单，替他缴；看不到每天的用电"),
    }


def _send_code(form: BindByCodeForm) -> ResponseReturnValue:
    sent = False
    try:
        binding.send_bind_code(
            g.session,
            asker_id(),
            form.account_no.data or "",
            address=asker_address(),
            language=language(),
        )
        sent = True
    except Refused as refusal:
        form.refuse(refusal)
    return form_page("accounts/bind_by_code.html", form, sent=sent)


def _bound(account_no: str) -> ResponseReturnValue:
    g.pop("my_accounts", None)
    account = links.linked_account(g.session, asker_id(), account_no)
    flash(_("绑定好了：%(address)s。", address=account.address))
    response = redirect(url_for("accounts.index"))
    remember_account(response, account.link_id)
    return response
