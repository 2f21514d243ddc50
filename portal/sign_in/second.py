"""The second step of the utility's own people, between the door and the desk."""

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import public
from portal.current import half_way
from portal.forms import Form, form_page, wants_code
from portal.i18n import language
from portal.sign_in.forms import SecondByCodeForm, SecondByPasswordForm
from portal.sign_in.views import origin, welcome
from runtime.errors import Refused
from service.people import codes, second_step, users
from service.people.sessions import CODE, SignedIn

blueprint = public(Blueprint("second_step", __name__, url_prefix="/sign-in/second"))


@blueprint.route("", methods=["GET", "POST"])
def show() -> ResponseReturnValue:
    """Ask for what is not yet shown; whoever has shown nothing begins at the door."""
    person = half_way()
    if person is None:
        return redirect(url_for("sign_in.sign_in", next=request.args.get("next")), 303)
    owed = second_step.OWED[person.first_step or ""]
    return _by_code(person) if owed == CODE else _by_password(person)


def _by_code(person: SignedIn) -> ResponseReturnValue:
    form = SecondByCodeForm(next=request.args.get("next"))
    sent = wants_code() and _sent(person, form)
    if not wants_code() and form.validate_on_submit():
        try:
            token = second_step.by_code(g.session, person, form.code.data, origin())
            return welcome(token, form.next.data)
        except Refused as refusal:
            form.refuse(refusal)
    wait = codes.seconds_to_wait(g.session, codes.STAFF, person.phone)
    return form_page("sign_in/second_code.html", form, person=person, sent=sent, wait=wait)


def _sent(person: SignedIn, form: Form) -> bool:
    """Have a code sent; False, with the reason in the form, when none goes out."""
    try:
        second_step.send_code(g.session, person, language())
    except Refused as refusal:
        form.refuse(refusal)
        return False
    return True


def _by_password(person: SignedIn) -> ResponseReturnValue:
    form = SecondByPasswordForm(next=request.args.get("next"))
    if form.validate_on_submit():
        try:
            token = second_step.by_password(g.session, person, form.password.data, origin())
            return welcome(token, form.next.data)
        except Refused as refusal:
            form.refuse(refusal)
    has_one = users.has_password(g.session, person.user_id)
    return form_page("sign_in/second_password.html", form, person=person, has_password=has_one)
