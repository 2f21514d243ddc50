"""What is done to one request at the desk: taken, brought on, asked about, refused, handed on."""

from collections.abc import Callable
from datetime import datetime

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.errors import status_of
from portal.security import asker_id
from portal.staff.frame import leads
from portal.staff.requests.case import page
from portal.staff.requests.room import blueprint, view
from runtime.errors import Conflict, NotFound, Refused
from service.desk import notes, taking
from service.requests import appointments, moving, reading, talking


@blueprint.post("/<request_no>/take")
def take(request_no: str) -> ResponseReturnValue:
    return _deed(request_no, lambda: taking.take(g.session, request_no, asker_id()))


@blueprint.post("/<request_no>/step")
def step(request_no: str) -> ResponseReturnValue:
    """Bring it to the step that the page showed as the next."""
    given = request.form
    return _deed(
        request_no,
        lambda: moving.complete(
            g.session,
            request_no,
            given.get("step", ""),
            by=asker_id(),
            note=given.get("note", ""),
            values=_filled(),
            key=given.get("key") or None,
        ),
    )


@blueprint.post("/<request_no>/pause")
def pause(request_no: str) -> ResponseReturnValue:
    """Ask the customer for something; the clock stands."""
    needs, key = request.form.get("needs", ""), request.form.get("key") or None
    return _deed(
        request_no, lambda: moving.pause(g.session, request_no, needs, by=asker_id(), key=key)
    )


@blueprint.post("/<request_no>/resume")
def resume(request_no: str) -> ResponseReturnValue:
    return _deed(request_no, lambda: moving.resume(g.session, request_no, by=asker_id()))


@blueprint.post("/<request_no>/reject")
def reject(request_no: str) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    return _deed(request_no, lambda: moving.reject(g.session, request_no, reason, by=asker_id()))


@blueprint.post("/<request_no>/hand")
def hand(request_no: str) -> ResponseReturnValue:
    """Give it to a colleague, or back into the queue."""
    to = request.form.get("to", type=int)

    def give() -> None:
        if taking.hand(g.session, [request_no], to, asker_id(), lead=leads()).left:
            raise Conflict("request.moved_on" if leads() else "desk.not_yours")

    return _deed(request_no, give)


@blueprint.post("/<request_no>/urge")
def urge(request_no: str) -> ResponseReturnValue:
    urgent = request.form.get("urgent") == "yes"
    return _deed(request_no, lambda: taking.urge(g.session, [request_no], urgent, asker_id()))


@blueprint.post("/<request_no>/note")
def note(request_no: str) -> ResponseReturnValue:
    text, key = request.form.get("own", ""), request.form.get("key", "")
    return _deed(
        request_no, lambda: notes.note(g.session, [request_no], text, key, by=asker_id()), "notes"
    )


@blueprint.post("/<request_no>/say")
def say(request_no: str) -> ResponseReturnValue:
    """Write to the customer."""
    text, key = request.form.get("text", ""), request.form.get("key", "")
    return _deed(
        request_no, lambda: talking.answer(g.session, request_no, text, asker_id(), key), "say"
    )


@blueprint.post("/<request_no>/visit")
def visit(request_no: str) -> ResponseReturnValue:
    """Book a visit for the customer, move it, or call it off."""
    at = request.form.get("at", "")

    def book() -> None:
        if at:
            appointments.book_for(g.session, request_no, _moment(at), by=asker_id())
        else:
            appointments.call_off_for(g.session, request_no, by=asker_id())

    return _deed(request_no, book, "visit")


def _deed(
    request_no: str, deed: Callable[[], object], anchor: str | None = None
) -> ResponseReturnValue:
    """Do it and come back to the case; refused, what was typed stays with the reason."""
    found = reading.any_request(g.session, request_no)
    try:
        deed()
    except NotFound:
        raise
    except Refused as refusal:
        return page(found, words.refusal(refusal)), status_of(refusal)
    return redirect(view().to(".show", request_no=request_no, _anchor=anchor), 303)


def _moment(text: str) -> datetime:
    """The beginning of a window, as the page wrote it. Raises Refused("visit.not_offered")."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("visit.not_offered") from error


def _filled() -> dict[str, str]:
    """What was filled in of the step's form."""
    own = "in-"
    return {
        name.removeprefix(own): value
        for name, value in request.form.items()
        if name.startswith(own)
    }
