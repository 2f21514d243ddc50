"""Showing once more that it is oneself, by password or by code, and then back to the task."""

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.access import signed_in_only
from portal.forms import Form, form_page, wants_code
from portal.i18n import language
from portal.navigation import way_back
from portal.passkeys.forms import ProveByCodeForm, ProveByPasswordForm
from portal.security import asker_address, asker_id
from runtime.errors import Refused
from service.people import codes, proof, users

blueprint = signed_in_only(Blueprint("proof", __name__, url_prefix="/profile/prove"))


@blueprint.route("", methods=["GET", "POST"])
def by_password() -> ResponseReturnValue:
    if not users.has_password(g.session, asker_id()):
        return redirect(url_for("proof.by_code", next=request.args.get("next")))
    form = ProveByPasswordForm(next=request.args.get("next"))
    if form.validate_on_submit():
        try:
            proof.prove_by_password(
                g.session, asker_id(), current_user.session_id, form.password.data
            )
            return redirect(way_back(form.next.data))
        except Refused as refusal:
            form.refuse(refusal)
    return form_page("passkeys/prove.html", form)


@blueprint.route("/code", methods=["GET", "POST"])
def by_code() -> ResponseReturnValue:
    form = ProveByCodeForm(next=request.args.get("next"))
    if wants_code():
        return _send_code(form)
    if form.validate_on_submit():
        try:
            proof.prove_by_code(
                g.session,
                asker_id(),
                current_user.session_id,
                form.code.data,
                address=asker_address(),
            )
            return redirect(way_back(form.next.data))
        except Refused as refusal:
            form.refuse(refusal)
    return _code_page(form)


def _send_code(form: Form) -> ResponseReturnValue:
    sent = False
    try:
        proof.send_code(g.session, asker_id(), address=asker_address(), language=language())
        sent = True
    except Refused as refusal:
        form.refuse(refusal)
    return _code_page(form, sent=sent)


def _code_page(form: Form, *, sent: bool = False) -> ResponseReturnValue:
    wait = codes.seconds_to_wait(g.session, codes.PROVE, current_user.phone)
    return form_page("passkeys/prove_by_code.html", form, sent=sent, wait=wait)
