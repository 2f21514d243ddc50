"""Pages of the inbox. A message is opened by a form, for opening it marks it as read."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from notifications import inbox
from portal.access import signed_in_only
from portal.inbox.saying import lines
from portal.security import asker_id

MOST_DIGITS = 18
"""An id has no more: what is longer is none."""

blueprint = signed_in_only(Blueprint("inbox", __name__, url_prefix="/inbox"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The newest messages, or those before one; all of them or the unread."""
    unread_only = request.args.get("show") == "unread"
    before = _number("before")
    found = inbox.page(g.session, asker_id(), before=before, unread_only=unread_only)
    shown = found[: inbox.PAGE]
    return render_template(
        "inbox/index.html",
        lines=lines(g.session, shown),
        older=shown[-1].id if len(found) > inbox.PAGE else None,
        newest=shown[0].id if shown else None,
        is_first=before is None,
        unread_only=unread_only,
        any_unread=any(not each.is_read for each in shown),
    )


@blueprint.post("/<int(max=999999999999999999):message_id>")
def open_one(message_id: int) -> ResponseReturnValue:
    """To what a message is about; it counts as read."""
    (line,) = lines(g.session, [inbox.mark(g.session, asker_id(), message_id, read=True)])
    return redirect(line.said.address, 303)


@blueprint.post("/<int(max=999999999999999999):message_id>/mark")
def mark(message_id: int) -> ResponseReturnValue:
    """As read, or as new again."""
    inbox.mark(g.session, asker_id(), message_id, read=request.form.get("as") != "unread")
    return _back()


@blueprint.post("/read")
def read_all() -> ResponseReturnValue:
    """Everything that the page showed, and what is older, was read."""
    inbox.mark_all(g.session, asker_id(), _number("up_to") or 0)
    return _back()


def _back() -> ResponseReturnValue:
    """To the same part of the list."""
    show, before = (request.form.get(name) or None for name in ("show", "before"))
    return redirect(url_for("inbox.index", show=show, before=before), 303)


def _number(name: str) -> int | None:
    """An id out of the request; None for what is none."""
    text = request.values.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
