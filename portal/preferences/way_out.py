"""The way out that a letter brings: nobody signs in, and a mail program may press it (RFC 8058).

The signature in the address says who and what; no cookie is read, so no form token is asked for.
A mail program sends `List-Unsubscribe=One-Click` and wants a plain 200.
"""

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from notifications.preferences import links
from notifications.preferences.links import WayOut
from notifications.preferences.models import ALL
from portal.access import public
from portal.i18n import language
from portal.preferences import words
from portal.security import exempt_from_form_token

ONE_CLICK = "One-Click"

blueprint = exempt_from_form_token(
    public(Blueprint("unsubscribe", __name__, url_prefix="/unsubscribe"))
)


@blueprint.get("/<signed>")
def ask(signed: str) -> ResponseReturnValue:
    """What it stops, and the button that does it."""
    way = links.read(g.session, signed)
    return _page(way, "stopped" if links.is_stopped(g.session, way) else "ask")


@blueprint.post("/<signed>")
def stop(signed: str) -> ResponseReturnValue:
    """Stop it, or all mail; or take back what was stopped a moment ago."""
    way = links.read(g.session, signed)
    if request.form.get("what") == ALL:
        way = WayOut(way.user_id, ALL, way.language)
    if request.form.get("undo") == "yes":
        return _undo(way)
    links.stop(g.session, way, words=words.stops(way.topic), language=language())
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return Response("OK", content_type="text/plain")
    return _page(way, "stopped")


def _undo(way: WayOut) -> ResponseReturnValue:
    """What was stopped a moment ago; the rest is set by whoever signs in."""
    said = words.begins_again(way.topic)
    if links.undo(g.session, way, words=said, language=language()):
        return _page(way, "undone")
    return _page(way, "late"), 422


def _page(way: WayOut, state: str) -> str:
    return render_template(
        "preferences/unsubscribe.html",
        way=way,
        state=state,
        can_undo=state == "stopped" and bool(links.slipped(g.session, way)),
        all=ALL,
        words=words,
    )
