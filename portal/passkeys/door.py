"""Signing in with a passkey. The form comes from the script; the other ways need none."""

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import words
from portal.access import public
from portal.passkeys.site import browser, needed_site, site, to_script
from portal.security import asker_address
from portal.sign_in.views import origin, welcome
from runtime.errors import Refused
from service.people import passkeys
from service.people.sign_in import sign_in_with_passkey

blueprint = public(Blueprint("passkey_door", __name__, url_prefix="/sign-in/passkey"))
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(passkey_site=site))


@blueprint.post("")
def sign_in() -> ResponseReturnValue:
    """Let in whoever has signed; else back to the door, with the reason."""
    here, credential = needed_site(), request.form.get("credential", "")
    try:
        token = sign_in_with_passkey(g.session, credential, here, browser(), origin())
    except Refused as refusal:
        flash(words.refusal(refusal), "bad")
        return redirect(url_for("sign_in.sign_in", next=request.form.get("next") or None))
    return welcome(token, request.form.get("next"))


@blueprint.post("/options")
def options() -> ResponseReturnValue:
    """What the browser asks its passkeys."""
    here, mark = needed_site(), browser()
    return to_script(lambda: passkeys.sign_in_options(g.session, here, mark, asker_address()))
