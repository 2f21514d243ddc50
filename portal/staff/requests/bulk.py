"""One deed for many requests of the queue."""

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import words
from portal.errors import status_of
from portal.security import asker_id
from portal.staff.frame import leads
from portal.staff.requests.queue import page
from portal.staff.requests.room import blueprint, view
from runtime.errors import Refused
from service.desk import notes, taking
from service.desk.queue import PAGE

NOBODY = "nobody"


@blueprint.post("/bulk")
def bulk() -> ResponseReturnValue:
    """Give, mark or note what was chosen; refused, what was ticked and typed stays."""
    chosen = request.form.getlist("no")[:PAGE]
    if not chosen:
        return page(_("先在前面勾上要办的。")), 400
    try:
        with g.session.begin_nested():
            said = _done(request.form.get("deed", ""), chosen)
    except Refused as refusal:
        return page(words.refusal(refusal)), status_of(refusal)
    flash(said)
    return redirect(view().to(".index"), 303)


def _done(deed: str, chosen: list[str]) -> str:
    """Do it, and say for how many. Raises Refused."""
    match deed:
        case "hand":
            return _handed(chosen)
        case "note":
            text, key = request.form.get("text", ""), request.form.get("key", "")
            count = notes.note(g.session, chosen, text, key, by=asker_id())
            return ngettext("给 %(num)s 件写了备注。", "给 %(num)s 件写了备注。", count)
        case "urge" | "calm":
            count = taking.urge(g.session, chosen, deed == "urge", asker_id())
            return ngettext("改了 %(num)s 件。", "改了 %(num)s 件。", count)
    raise Refused("desk.deed_unknown")


def _handed(chosen: list[str]) -> str:
    given = request.form.get("to", "")
    to = None if given == NOBODY else request.form.get("to", type=int) or 0
    handed = taking.hand(g.session, chosen, to, asker_id(), lead=leads())
    said = ngettext("转了 %(num)s 件。", "转了 %(num)s 件。", handed.changed)
    if handed.left:
        said += ngettext(
            "%(num)s 件没有转：办完了，或者在同事手里。",
            "%(num)s 件没有转：办完了，或者在同事手里。",
            handed.left,
        )
    return said
