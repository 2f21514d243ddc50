"""Without a sign-in: reporting that the power is off, and following a request by its number."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal import navigation, words
from portal.access import public
from portal.current import visitor
from portal.forms import Form, code_field, form_page, wants_code
from portal.i18n import language
from portal.requests import deeds, filling, pages
from portal.requests.who import asker, let_in, let_out, takes_photos
from portal.security import asker_address
from runtime.errors import NotFound, Refused
from service.people.networks import network
from service.people.typed import plain
from service.requests import guests, reading
from service.requests.kinds import Kind
from service.requests.kinds import kind as kind_of
from service.requests.models import Request

ROOM = "report"
FOLLOWED = "followed"
MOST_FOLLOWED = 5

blueprint = takes_photos(public(Blueprint(ROOM, __name__, url_prefix="/report")))
deeds.offer(blueprint, ROOM)


class ProveForm(Form):
    refusals = {"code.": "code"}  # noqa: RUF012
    code = code_field()


@blueprint.route("", methods=["GET", "POST"])
def index() -> ResponseReturnValue:
    """What can be asked for without a sign-in, and where a request is."""
    if request.method == "GET":
        return render_template("requests/report.html", said=None)
    number = plain(request.form.get("number", "")).upper()[:16]
    tail = plain(request.form.get("tail", ""))[:4]
    try:
        found = reading.by_phone_tail(g.session, number, tail, network(asker_address()))
    except Refused as refusal:
        navigation.stands_at(request.path)
        return render_template("requests/report.html", said=words.refusal(refusal)), 422
    _follow(found.request_no)
    return redirect(url_for("report.show", request_no=found.request_no), 303)


@blueprint.route("/new/<kind>", methods=["GET", "POST"])
def fill(kind: str) -> ResponseReturnValue:
    wanted = kind_of(kind)
    if wanted.sign_in or visitor() is not None:
        return redirect(url_for("requests.fill", kind=kind))
    return filling.fill(wanted, partial(pages.opened, ROOM))


@blueprint.get("/new/<kind>/check")
def look_over(kind: str) -> ResponseReturnValue:
    return filling.look_over(_of_stranger(kind))


@blueprint.post("/new/<kind>/draft")
def keep(kind: str) -> ResponseReturnValue:
    return filling.keep(_of_stranger(kind))


def _of_stranger(name: str) -> Kind:
    """A kind that can be asked for by who is not signed in, for them alone."""
    wanted = kind_of(name)
    if wanted.sign_in or visitor() is not None:
        abort(404)
    return wanted


@blueprint.get("/<request_no>")
def show(request_no: str) -> ResponseReturnValue:
    try:
        return pages.show(ROOM, reading.request(g.session, asker(), request_no))
    except NotFound:
        return pages.show(ROOM, _followed(request_no), own=False)


@blueprint.route("/<request_no>/prove", methods=["GET", "POST"])
def prove(request_no: str) -> ResponseReturnValue:
    """A code to the phone of the request lets whoever follows it do all that its customer may."""
    found, form, sent = _followed(request_no), ProveForm(), False
    navigation.stands_at(request.path)
    if wants_code():
        sent = _refused(form, partial(_send_code, request_no)) is None
    elif form.validate_on_submit():
        proving = partial(_prove, request_no, form.code.data)
        if _refused(form, proving) is None:
            let_in(request_no)
            return redirect(url_for("report.show", request_no=request_no), 303)
    return form_page(
        "requests/prove.html",
        form,
        request_no=request_no,
        phone=found.phone,
        sent=sent,
        wait=guests.seconds_to_wait(g.session, request_no),
    )


@blueprint.post("/<request_no>/leave")
def leave(request_no: str) -> ResponseReturnValue:
    """On a device that others use too: nobody sees more here than before."""
    let_out(request_no)
    session[FOLLOWED] = [each for each in session.get(FOLLOWED, []) if each != request_no]
    return redirect(url_for("report.index"), 303)


@blueprint.get("/<request_no>/leave")
def stay(request_no: str) -> ResponseReturnValue:
    return pages.back(ROOM, request_no)


@blueprint.post("/<request_no>/photos")
def add_photos(request_no: str) -> ResponseReturnValue:
    return pages.add_photos(ROOM, request_no)


@blueprint.route("/<request_no>/cancel", methods=["GET", "POST"])
def cancel(request_no: str) -> ResponseReturnValue:
    return pages.cancel(ROOM, request_no)


def _send_code(request_no: str) -> None:
    guests.send_code(g.session, request_no, address=asker_address(), language=language())


def _prove(request_no: str, code: str) -> None:
    guests.prove(g.session, request_no, code, address=asker_address())


def _refused(form: Form, deed: Callable[[], None]) -> Refused | None:
    """Do it; a refusal is said in the form."""
    try:
        deed()
    except Refused as refusal:
        form.refuse(refusal)
        return refusal
    return None


def _follow(request_no: str) -> None:
    """This browser has shown that it knows the number and the phone."""
    before = [each for each in session.get(FOLLOWED, []) if each != request_no]
    session[FOLLOWED] = [*before, request_no][-MOST_FOLLOWED:]


def _followed(request_no: str) -> Request:
    if request_no not in session.get(FOLLOWED, []):
        abort(404)
    return reading.any_request(g.session, request_no)
