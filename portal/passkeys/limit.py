"""Above which sum a customer wants to be asked before paying."""

from flask import Blueprint, flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from payments.confirmations import rules
from portal.access import customer_only
from portal.forms import fen_typed, form_page
from portal.passkeys.forms import LimitForm
from portal.pay.till import till
from portal.security import asker_id
from runtime.errors import Forbidden, Refused
from runtime.money import yuan

blueprint = customer_only(Blueprint("limit", __name__, url_prefix="/profile/large-payments"))


@blueprint.route("", methods=["GET", "POST"])
def edit() -> ResponseReturnValue:
    """Asking earlier is done at once; asking later needs a fresh proof."""
    house = till().checkout.confirm_over_fen
    form = LimitForm(over=yuan(rules.asked_over(g.session, asker_id(), house)))
    if form.validate_on_submit():
        try:
            chosen = _typed(form.over.data or "", house)
            rules.set_limit(g.session, asker_id(), current_user.session_id, chosen, house_fen=house)
            flash(_("记住了。"))
            return redirect(url_for("profile.index"))
        except Forbidden:
            return redirect(url_for("proof.by_password", next=url_for("limit.edit")))
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("passkeys/limit.html", form, house_fen=house)


def _typed(text: str, house_fen: int) -> int | None:
    """Fen; None for nothing, and for the house's own sum. Raises Refused("limit.malformed")."""
    if not text.strip():
        return None
    fen = fen_typed(text, "limit.malformed")
    return None if fen == house_fen else fen
