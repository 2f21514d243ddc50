"""The page of one request, for whoever asked, and what can be done there."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.current import my_account
from portal.requests import receiving, saying
from portal.requests.who import asker
from runtime.errors import Refused
from service.requests import files, moving, reading
from service.requests.files import Owner
from service.requests.models import Request


def show(room: str, found: Request, refused: str | None = None, *, own: bool = True) -> str:
    """The page; `room` is the blueprint it belongs to. Who only follows sees no more than steps."""
    return render_template(
        "requests/show.html",
        made=found,
        room=room,
        own=own,
        account=my_account(found.account_no) if found.account_no else None,
        is_new="new" in request.args,
        may_cancel=own and moving.may_cancel(found),
        takes_photos=own and found.state not in moving.ENDED and len(found.files) < files.MOST,
        refused=refused,
        saying=saying,
        timeline=reading.timeline(found),
    )


def add_photos(room: str, request_no: str) -> ResponseReturnValue:
    """Photos for a request that is on its way."""
    found = reading.request(g.session, asker(), request_no)
    owner = Owner.of(found)
    refused = receiving.receive_all(asker(), owner, receiving.uploads())
    if refused:
        found = reading.request(g.session, asker(), request_no)
        return show(room, found, refused), 422
    return redirect(url_for(f"{room}.show", request_no=request_no) + "#photos", 303)


def cancel(room: str, request_no: str) -> ResponseReturnValue:
    """Asks once more before it takes a request back."""
    found = reading.request(g.session, asker(), request_no)
    if request.method == "GET":
        if not moving.may_cancel(found):
            return redirect(url_for(f"{room}.show", request_no=request_no))
        return render_template("requests/cancel.html", made=found, room=room, saying=saying)
    try:
        moving.cancel(g.session, asker(), request_no)
    except Refused as refusal:
        return show(room, found, words.refusal(refusal)), 409
    flash(_("撤回了。要办的时候再来。"))
    return redirect(url_for(f"{room}.show", request_no=request_no), 303)


def opened(room: str, made: Request) -> ResponseReturnValue:
    """To the page of a request that was just made."""
    return redirect(url_for(f"{room}.show", request_no=made.request_no, new=1), 303)
