"""How low a prepaid balance may sink before this customer is told."""

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import InputRequired

from payments.thresholds import setting
from portal import formats
from portal.access import customer_only
from portal.current import my_account
from portal.forms import Form, fen_typed, form_page, one_of
from portal.security import asker_id
from runtime.errors import NotFound, Refused
from runtime.money import yuan
from service.people.links import LinkedAccount

blueprint = customer_only(Blueprint("low_balance", __name__, url_prefix="/payments/low-balance"))

PRESETS = (20_00, 50_00, 100_00, 200_00)
OFF, OWN = "off", "own"


class LowBalanceForm(Form):
    refusals = {"threshold.": "own"}  # noqa: RUF012
    below = one_of(
        _l("余额低于多少时发短信提醒您"),
        [
            (OFF, _l("不提醒")),
            *((str(fen), formats.about(fen)) for fen in PRESETS),
            (OWN, _l("别的数")),
        ],
        validators=[InputRequired(_l("请选一项"))],
    )
    own = StringField(_l("别的数（元）"))


@blueprint.route("/<account_no>", methods=["GET", "POST"])
def edit(account_no: str) -> ResponseReturnValue:
    """Choose a sum, or no message; it is the customer's own, not the account's."""
    account = _account(account_no)
    form = LowBalanceForm(**_chosen(setting.threshold(g.session, asker_id(), account_no)))
    if form.validate_on_submit():
        try:
            below_fen = _wanted(form)
            setting.set_threshold(g.session, asker_id(), account_no, below_fen)
            flash(_said(below_fen))
            return redirect(url_for("home.index"), 303)
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("payments/low_balance.html", form, account=account)


def _account(account_no: str) -> LinkedAccount:
    """One of the asker's own; what they may do with it is asked where it is done."""
    account = my_account(account_no)
    if account is None:
        raise NotFound("account.not_found")
    return account


def _chosen(below_fen: int | None) -> dict[str, str]:
    if request.method == "POST" or below_fen is None:
        return {"below": OFF}
    if below_fen in PRESETS:
        return {"below": str(below_fen)}
    return {"below": OWN, "own": yuan(below_fen)}


def _wanted(form: LowBalanceForm) -> int | None:
    """Fen; None for no message. Raises Refused("threshold.malformed")."""
    if form.below.data != OWN:
        return None if form.below.data == OFF else int(form.below.data)
    return fen_typed(form.own.data or "", "threshold.malformed")


def _said(below_fen: int | None) -> str:
    if below_fen is None:
        return _("记住了，不再提醒。")
    return _("记住了，余额低于 %(amount)s 就发短信给您。", amount=formats.amount(below_fen))
