"""The page that a letter leads to: looking at it confirms nothing, its button does."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from notifications.preferences import links, mailing
from notifications.preferences.links import WayOut
from notifications.preferences.models import ALL
from portal import words as sentences
from portal.access import public
from portal.i18n import language
from portal.preferences import words
from portal.security import asker_address
from runtime.errors import Refused

blueprint = public(Blueprint("mail_confirm", __name__, url_prefix="/mail/confirm"))


@blueprint.get("/<token>")
def ask(token: str) -> ResponseReturnValue:
    """One button, while the letter can still be answered. Whoever scans mail presses none."""
    waits = mailing.waits(g.session, token)
    state = "ask" if waits else "over"
    return _page(state), 200 if waits else 410


@blueprint.post("/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """The address is used from now on."""
    try:
        user_id = mailing.confirm(
            g.session,
            token,
            words=words.mail_consent(),
            language=language(),
            network=asker_address(),
        )
    except Refused as refusal:
        return _page("over", sentences.refusal(refusal)), 422
    return _page("done", all_off=links.is_stopped(g.session, WayOut(user_id, ALL)))


def _page(state: str, refused: str = "", *, all_off: bool = False) -> str:
    return render_template(
        "preferences/confirm.html", state=state, refused=refused, all_off=all_off, words=words
    )
