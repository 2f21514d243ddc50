"""Pages at the door."""

from collections.abc import Callable

from flask import Blueprint, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access import public
from portal.current import (
    browser_token,
    drop_token,
    half_way,
    keep_browser,
    keep_token,
    lifetime,
    token_in_cookie,
    visitor,
)
from portal.forms import Form, form_page, wants_code
from portal.i18n import chosen_language, language
from portal.navigation import home, way_back
from portal.notify import this_browser
from portal.security import asker_address
from portal.sign_in.forms import CodeSignInForm, PasswordSignInForm, SignUpForm
from portal.wechat.enter import OPENID
from runtime.errors import Refused
from service.people import codes, sessions, users
from service.people import sign_in as door
from service.people.sign_in import From

blueprint = public(Blueprint("sign_in", __name__))


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    if visitor():
        return redirect(way_back(request.args.get("next")))
    if request.method == "GET" and half_way():
        return redirect(url_for("second_step.show", next=request.args.get("next")))
    form = PasswordSignInForm(next=request.args.get("next"))
    if form.validate_on_submit():
        try:
            token = door.sign_in_with_password(
                g.session, form.phone.data, form.password.data, origin()
            )
            return welcome(token, form.next.data)
        except Refused as refusal:
            form.refuse(refusal)
    return _door("sign_in/password.html", form)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def sign_in_by_code() -> ResponseReturnValue:
    if visitor():
        return redirect(way_back(request.args.get("next")))
    form = CodeSignInForm(next=request.args.get("next"))
    if wants_code():
        return _send_code(form, door.send_sign_in_code, "sign_in/code.html", codes.SIGN_IN)
    if form.validate_on_submit():
        try:
            token = door.sign_in_with_code(g.session, form.phone.data, form.code.data, origin())
            return welcome(token, form.next.data)
        except Refused as refusal:
            form.refuse(refusal)
    return _door("sign_in/code.html", form, codes.SIGN_IN)


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    if visitor():
        return redirect(home())
    form = SignUpForm()
    if wants_code():
        return _send_code(form, door.send_sign_up_code, "sign_in/sign_up.html", codes.SIGN_UP)
    if form.validate_on_submit():
        try:
            token = door.sign_up(
                g.session,
                form.phone.data,
                form.code.data,
                form.password.data,
                origin(),
                name=form.name.data,
                language=chosen_language(),
            )
            response = welcome(token, "/accounts/bind")
            flash(_("注册好了。再绑定一个户号，就看得到账单。"))
            return response
        except Refused as refusal:
            form.refuse(refusal)
    return _door("sign_in/sign_up.html", form, codes.SIGN_UP)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    _end_present_session()
    this_browser.end()
    session.clear()
    flash(_("已经退出。"))
    response = redirect("/sign-in")
    drop_token(response)
    return response


def _send_code(
    form: Form, send: Callable[..., None], template: str, purpose: str
) -> ResponseReturnValue:
    """Send the code and show the same form, everything typed still in it."""
    try:
        send(g.session, form["phone"].data or "", origin(), language())
        g.code_sent = True
    except Refused as refusal:
        form.refuse(refusal)
    return _door(template, form, purpose)


def _door(template: str, form: Form, purpose: str | None = None) -> ResponseReturnValue:
    wait = _seconds_to_wait(form, purpose) if purpose and request.method == "POST" else 0
    return form_page(template, form, wait=wait, sent=g.get("code_sent", False))


def _seconds_to_wait(form: Form, purpose: str) -> int:
    try:
        phone = users.normal_phone(form["phone"].data or "")
    except Refused:
        return 0
    return codes.seconds_to_wait(g.session, purpose, phone)


def origin() -> From:
    """Where the asker is, and how long a sign-in lasts."""
    return From(asker_address(), request.user_agent.string, lifetime(), browser_token())


def welcome(token: str, next_page: str | None) -> ResponseReturnValue:
    """Into the house, with a new token and new form tokens; the old ones are worth nothing."""
    _end_present_session()
    follower = session.get(OPENID)  # whom WeChat has named, before they sign in to be connected
    session.clear()
    if follower:
        session[OPENID] = follower
    response = redirect(way_back(next_page))
    keep_token(response, token)
    keep_browser(response)
    this_browser.hand_over(response, token)
    return response


def _end_present_session() -> None:
    if token := token_in_cookie():
        sessions.end(g.session, token)
