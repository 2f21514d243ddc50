"""`/desk/conversations/replies`: the ready replies, kept by those who lead the desk."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.access import staff_only
from portal.errors import status_of
from portal.staff.frame import LEADS
from runtime.errors import NotFound, Refused
from service.conversations import canned

blueprint = staff_only(
    Blueprint("desk_replies", __name__, url_prefix="/desk/conversations/replies"), LEADS
)


@blueprint.get("")
def index() -> ResponseReturnValue:
    return _page()


@blueprint.post("")
def add() -> ResponseReturnValue:
    return _written(None)


@blueprint.post("/<int:reply_id>")
def change(reply_id: int) -> ResponseReturnValue:
    return _written(reply_id)


@blueprint.post("/<int:reply_id>/remove")
def remove(reply_id: int) -> ResponseReturnValue:
    canned.remove(g.session, reply_id)
    flash(_("删掉了。"))
    return redirect(url_for(".index"), 303)


def _written(reply_id: int | None) -> ResponseReturnValue:
    """Keep what was typed; what is refused stays in its own form, with the reason."""
    given = [request.form.get(name, "") for name in ("title", "text_zh", "text_en")]
    try:
        if reply_id is None:
            canned.add(g.session, *given)
        else:
            canned.change(g.session, reply_id, *given)
    except NotFound:
        raise
    except Refused as refusal:
        return _page(reply_id or 0, words.refusal(refusal)), status_of(refusal)
    flash(_("存好了。"))
    return redirect(url_for(".index"), 303)


def _page(refused: int | None = None, said: str | None = None) -> str:
    """`refused` is the reply whose form was refused, 0 for a new one."""
    return render_template(
        "staff/conversations/replies.html",
        replies=canned.canned_replies(g.session),
        refused=refused,
        said=said,
        given=request.form,
        longest_title=canned.LONGEST_TITLE,
        longest_text=canned.LONGEST_TEXT,
    )
