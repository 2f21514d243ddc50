"""Pages about the customer: profile, password, signed-in browsers."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.access import customer_only
from portal.current import lifetime, my_accounts
from portal.devices import device_name
from portal.display import remember
from portal.profile.forms import PasswordForm, ProfileForm
from portal.security import asker_id
from runtime.errors import Refused
from service.people import sessions, sign_in, users

blueprint = customer_only(Blueprint("profile", __name__, url_prefix="/profile"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_template("profile/index.html", accounts=my_accounts())


@blueprint.route("/edit", methods=["GET", "POST"])
def edit() -> ResponseReturnValue:
    form = ProfileForm(obj=current_user)
    if not form.validate_on_submit():
        return render_template("profile/edit.html", form=form), 422 if form.errors else 200
    users.rename(g.session, asker_id(), form.name.data or "")
    users.set_display(
        g.session,
        asker_id(),
        theme=form.theme.data,
        language=form.language.data,
        elder_mode=form.elder_mode.data,
    )
    response = redirect(url_for("profile.index"))
    view = "elder" if form.elder_mode.data else "plain"
    remember(response, theme=form.theme.data, language=form.language.data, view=view)
    return response


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            sign_in.change_password(
                g.session,
                asker_id(),
                form.current.data,
                form.new.data,
                keep_session=current_user.session_id,
            )
            flash(_("密码改好了，其他设备都退出了。"))
            return redirect(url_for("profile.index"))
        except Refused as refusal:
            form.refuse(refusal)
    page = render_template(
        "profile/password.html", form=form, has_password=users.has_password(g.session, asker_id())
    )
    return page, 422 if form.errors else 200


@blueprint.get("/devices")
def devices() -> ResponseReturnValue:
    browsers = sessions.list_browsers(g.session, asker_id(), current_user.session_id, lifetime())
    return render_template("profile/devices.html", browsers=browsers, device_name=device_name)


@blueprint.post("/devices/<int:session_id>/sign-out")
def sign_out_device(session_id: int) -> ResponseReturnValue:
    sessions.revoke(g.session, asker_id(), session_id)
    flash(_("那台设备已经退出。"))
    return redirect(url_for("profile.devices"))


@blueprint.post("/devices/sign-out-others")
def sign_out_others() -> ResponseReturnValue:
    sessions.revoke_others(g.session, asker_id(), current_user.session_id)
    flash(_("其他设备都退出了。"))
    return redirect(url_for("profile.devices"))
