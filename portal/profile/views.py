"""Pages about the customer: profile, password, signed-in browsers."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from portal.access import signed_in_only
from portal.current import lifetime, my_accounts
from portal.devices import device_name
from portal.display import remember, theme, view
from portal.forms import Form, form_page, wants_code
from portal.i18n import language
from portal.notify import this_browser
from portal.profile.forms import PasswordByCodeForm, PasswordForm, ProfileForm
from portal.security import asker_address, asker_id
from runtime.errors import Refused
from service.people import codes, sessions, sign_in, users

blueprint = signed_in_only(Blueprint("profile", __name__, url_prefix="/profile"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    return render_template("profile/index.html", accounts=my_accounts())


@blueprint.route("/edit", methods=["GET", "POST"])
def edit() -> ResponseReturnValue:
    form = ProfileForm(
        name=current_user.name, language=language(), theme=theme(), elder_mode=view() == "elder"
    )
    if not form.validate_on_submit():
        return form_page("profile/edit.html", form)
    users.rename(g.session, asker_id(), form.name.data or "")
    users.set_display(
        g.session,
        asker_id(),
        theme=form.theme.data,
        language=form.language.data,
        elder_mode=form.elder_mode.data,
    )
    response = redirect(url_for("profile.index"))
    remember(
        response,
        theme=form.theme.data,
        language=form.language.data,
        view="elder" if form.elder_mode.data else "plain",
    )
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
            return _password_changed()
        except Refused as refusal:
            form.refuse(refusal)
    has_password = users.has_password(g.session, asker_id())
    return form_page("profile/password.html", form, has_password=has_password)


@blueprint.route("/password/code", methods=["GET", "POST"])
def password_by_code() -> ResponseReturnValue:
    form = PasswordByCodeForm()
    if wants_code():
        return _send_code(form)
    if form.validate_on_submit():
        try:
            sign_in.change_password_by_code(
                g.session,
                asker_id(),
                form.code.data,
                form.new.data,
                address=asker_address(),
                keep_session=current_user.session_id,
            )
            return _password_changed()
        except Refused as refusal:
            form.refuse(refusal)
    return _code_page(form)


@blueprint.get("/devices")
def devices() -> ResponseReturnValue:
    browsers = sessions.list_browsers(g.session, asker_id(), current_user.session_id, lifetime())
    return render_template("profile/devices.html", browsers=browsers, device_name=device_name)


@blueprint.post("/devices/<int:session_id>/sign-out")
def sign_out_device(session_id: int) -> ResponseReturnValue:
    sessions.revoke(g.session, asker_id(), session_id)
    flash(_("那台设备已经退出。"))
    _end_reminders_elsewhere()
    return redirect(url_for("profile.devices"))


@blueprint.post("/devices/sign-out-others")
def sign_out_others() -> ResponseReturnValue:
    sessions.revoke_others(g.session, asker_id(), current_user.session_id)
    flash(_("其他设备都退出了。"))
    _end_reminders_elsewhere()
    return redirect(url_for("profile.devices"))


def _send_code(form: Form) -> ResponseReturnValue:
    """Send the code and show the same form again."""
    sent = False
    try:
        sign_in.send_password_code(
            g.session, asker_id(), address=asker_address(), language=language()
        )
        sent = True
    except Refused as refusal:
        form.refuse(refusal)
    return _code_page(form, sent=sent)


def _code_page(form: Form, *, sent: bool = False) -> ResponseReturnValue:
    wait = codes.seconds_to_wait(g.session, codes.PASSWORD, current_user.phone)
    return form_page("profile/password_by_code.html", form, sent=sent, wait=wait)


def _password_changed() -> ResponseReturnValue:
    flash(_("密码改好了，其他设备都退出了。"))
    _end_reminders_elsewhere()
    return redirect(url_for("profile.index"))


def _end_reminders_elsewhere() -> None:
    """In all other browsers: which of them belongs to a sign-in that has ended is not known."""
    if this_browser.end_elsewhere(asker_id()):
        flash(_("其他设备上的提醒也关了。哪台还要收，在那台上再打开一次。"))
