"""The page of one request, for whoever asked, and what can be done there."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications import inbox
from portal import navigation, words
from portal.current import my_account, visitor
from portal.outages import saying as outages
from portal.requests import following, receiving, saying
from portal.requests.who import asker
from portal.unit import database
from runtime.errors import Refused
from service.requests import moving, reading, talking
from service.requests.files import Owner
from service.requests.kinds import kind
from service.requests.models import Request


def show(room: str, found: Request, refused: str | None = None, *, own: bool = True) -> str:
    """The page; `room` is the blueprint it belongs to. Who only follows sees no more than steps."""
    navigation.stands_at(url_for(f"{room}.show", request_no=found.request_no))
    followed = following.follow(found, own=own)
    page = render_template(
        "requests/show.html",
        made=found,
        followed=followed,
        room=room,
        own=own,
        account=my_account(found.account_no) if found.account_no else None,
        is_new="new" in request.args,
        refused=refused,
        saying=saying,
        outages=outages,
    )
    _mark_read(followed)
    return page


def add_photos(room: str, request_no: str) -> ResponseReturnValue:
    """Photos and papers for a request that is on its way."""
    found = reading.request(g.session, asker(), request_no)
    owner, sent = Owner.of(found), receiving.uploads(document=_document(found))
    wanted = kind(found.kind) if _document(found) else None
    if refused := receiving.receive_all(asker(), owner, sent, wanted):
        return show(room, reading.request(g.session, asker(), request_no), refused), 422
    return redirect(url_for(f"{room}.show", request_no=request_no) + "#photos", 303)


def back(room: str, request_no: str) -> ResponseReturnValue:
    """Who loads the target of a form again comes to the page that the form stands on."""
    return redirect(url_for(f"{room}.show", request_no=request_no), 303)


def _document(found: Request) -> str | None:
    """Which of the papers that are asked for is being sent; none for a photo of something else."""
    named = request.form.get("document")
    return named if named in {each.name for each in kind(found.kind).documents} else None


def _mark_read(followed: following.Followed) -> None:
    """What the desk has said is read now; a page alone cannot write, and nobody waits for it.

    Where the desk looks at the page as the customer, nobody has read anything.
    """
    if g.get("viewing") or not any(each.is_new for each in followed.talk):
        return
    with database().unit_of_work() as own:
        talking.mark_read(own, followed.made.id, "customer", followed.talk[-1].id)
        if person := visitor():
            inbox.mark_request(own, person.id, followed.made.request_no)


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
