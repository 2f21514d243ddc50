"""Pages of a person's own passkeys."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.access import signed_in_only
from portal.devices import device_name
from portal.forms import form_page
from portal.passkeys.forms import NewPasskeyForm, PasskeyForm
from portal.passkeys.site import needed_site, site, to_script
from portal.security import asker_id
from runtime.errors import Refused
from service.people import passkeys, proof

blueprint = signed_in_only(Blueprint("passkeys", __name__, url_prefix="/profile/passkeys"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    mine = passkeys.owned(g.session, asker_id())
    return render_template("passkeys/index.html", passkeys=mine, possible=site() is not None)


@blueprint.route("/add", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Name a new passkey and have the browser make it; only after a fresh proof."""
    here = needed_site()
    form = NewPasskeyForm(name=device_name(request.user_agent.string))
    if form.validate_on_submit():
        try:
            passkeys.register(
                g.session,
                here,
                asker_id(),
                current_user.session_id,
                form.credential.data or "",
                form.name.data or "",
            )
            flash(_("通行密钥添加好了。下次可以用它登录。"))
            return redirect(url_for("passkeys.index"))
        except Refused as refusal:
            form.refuse(refusal)
    elif not proof.is_fresh(g.session, current_user.session_id):
        return redirect(url_for("proof.by_password", next=url_for("passkeys.add")))
    return form_page("passkeys/add.html", form, site=here)


@blueprint.post("/add/options")
def options() -> ResponseReturnValue:
    """What the browser is asked to make."""
    here, session_id = needed_site(), current_user.session_id
    return to_script(lambda: passkeys.registration_options(g.session, here, asker_id(), session_id))


@blueprint.route("/<int:passkey_id>", methods=["GET", "POST"])
def edit(passkey_id: int) -> ResponseReturnValue:
    """Call a passkey differently."""
    passkey = passkeys.own(g.session, asker_id(), passkey_id)
    form = PasskeyForm(name=passkey.name)
    if form.validate_on_submit():
        passkeys.rename(g.session, asker_id(), passkey_id, form.name.data or "")
        return redirect(url_for("passkeys.index"))
    return form_page("passkeys/edit.html", form, passkey=passkey)


@blueprint.post("/<int:passkey_id>/remove")
def remove(passkey_id: int) -> ResponseReturnValue:
    passkeys.remove(g.session, asker_id(), passkey_id)
    flash(_("这把通行密钥删掉了，不能再用它登录。设备里存的那一份，也可以在设备上删掉。"))
    return redirect(url_for("passkeys.index"))
