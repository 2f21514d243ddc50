"""What a customer can do with a request that is on its way, in whichever room they follow it.

Each deed is a form of the request's page. It is done and leads back to the page, or is refused in
words, and nothing that was typed is lost.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial, update_wrapper

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import navigation, words
from portal.requests import calendar, pages, receiving, saying
from portal.requests.who import asker
from runtime.errors import NotFound, Refused
from service.requests import appointments, joining, moving, ratings, reading, talking
from service.requests.files import Owner
from service.requests.models import Request
from service.requests.talk_models import Appointment


def offer(blueprint: Blueprint, room: str) -> None:
    """The addresses of all deeds below a request's own, in a room."""
    for path, methods, view in (
        ("messages", ["POST"], say),
        ("step", ["POST"], do_step),
        ("power", ["POST"], power),
        ("visit", ["GET", "POST"], visit),
        ("visit.ics", ["GET"], visit_file),
        ("rating", ["POST"], rate),
        ("reopen", ["GET", "POST"], reopen),
    ):
        own = update_wrapper(partial(view, room), view)
        blueprint.add_url_rule(f"/<request_no>/{path}", view.__name__, own, methods=methods)
    for path in ("messages", "step", "power", "rating", "photos"):
        way = update_wrapper(partial(pages.back, room), pages.back)
        blueprint.add_url_rule(f"/<request_no>/{path}", f"from_{path}", way, methods=["GET"])


def say(room: str, request_no: str) -> ResponseReturnValue:
    """A message, with papers if there are any; an answer to what we asked lets the clock go on."""
    found = reading.request(g.session, asker(), request_no)
    sent = receiving.uploads()
    if said := receiving.receive_all(asker(), Owner.of(found), sent):
        return _refused(room, request_no, said)
    text, key = request.form.get("text", ""), request.form.get("key", "")
    if sent and not text.strip():
        text = _("材料传上去了。")
    return _do(
        room,
        request_no,
        lambda: talking.say(g.session, asker(), request_no, text, key),
        "",
        "talk",
    )


def do_step(room: str, request_no: str) -> ResponseReturnValue:
    """The customer has done what was theirs to do."""
    step = request.form.get("step", "")
    return _do(
        room,
        request_no,
        lambda: moving.complete_own(g.session, asker(), request_no, step),
        _("好，接下来由我们办。"),
    )


def power(room: str, request_no: str) -> ResponseReturnValue:
    """Whether the power is back after the outage that a report waited for."""
    if request.form.get("is") == "back":
        back = partial(joining.power_is_back, g.session, asker(), request_no)
        return _do(room, request_no, back, _("好，来电了就好。这件事办结了。"))
    dark = partial(joining.still_dark, g.session, asker(), request_no)
    return _do(room, request_no, dark, _("知道了，按单独一件派人，排在前面。"))


def visit(room: str, request_no: str) -> ResponseReturnValue:
    """Choosing when somebody comes."""
    found = reading.request(g.session, asker(), request_no)
    if request.method == "GET":
        return _windows(room, found)
    if request.form.get("action") == "call_off":
        off = partial(appointments.call_off, g.session, asker(), request_no)
        return _do(room, request_no, off, _("取消了。什么时候方便，再约。"))
    try:
        starts_at = datetime.fromisoformat(request.form.get("starts_at", ""))
        if starts_at.tzinfo is None:
            raise ValueError
    except ValueError:
        return _windows(room, found, _("请选一个时间。"))
    try:
        with g.session.begin_nested():
            booked = appointments.book(g.session, asker(), request_no, starts_at)
    except NotFound:
        raise
    except Refused as refusal:
        return _windows(room, found, words.refusal(refusal))
    flash(_booked(found, booked))
    return redirect(url_for(f"{room}.show", request_no=request_no), 303)


def _booked(found: Request, booked: Appointment) -> str:
    """When somebody comes; that it is later than promised, where the customer wants it so."""
    when, promised = saying.window(booked.starts_at, booked.ends_at), None
    if booked.made_by == "customer":
        promised = appointments.promised_at(found)
    if promised is None or booked.ends_at <= promised:
        return _("约好了，%(when)s。", when=when)
    return _(
        "约好了，%(when)s。说好的是 %(promised)s 前，晚了，因为您挑了这个时间。",
        when=when,
        promised=saying.until(promised),
    )


def visit_file(room: str, request_no: str) -> ResponseReturnValue:
    """The visit for a calendar of the customer's own."""
    found = reading.request(g.session, asker(), request_no)
    booked = appointments.current(g.session, found)
    if booked is None:
        raise NotFound("visit.not_found")
    address = url_for(f"{room}.show", request_no=request_no, _external=True)
    entry = calendar.visit(found, booked, address)
    name = f"{request_no}.ics"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(entry, mimetype="text/calendar", headers=headers)


def rate(room: str, request_no: str) -> ResponseReturnValue:
    """What the customer thought in the end."""
    given = request.form.get("stars", "")
    score = int(given) if given in {"1", "2", "3", "4", "5"} else 0
    comment = request.form.get("comment", "")
    return _do(
        room,
        request_no,
        lambda: ratings.rate(g.session, asker(), request_no, score, comment),
        _("谢谢，我们看到了。"),
    )


def reopen(room: str, request_no: str) -> ResponseReturnValue:
    """Opening again what was done, with the reason."""
    found = reading.request(g.session, asker(), request_no)
    back = url_for(f"{room}.show", request_no=request_no)
    if request.method == "GET":
        if "reopen" not in moving.deeds(found):
            return redirect(back)
        return _reopen_page(room, found)
    try:
        with g.session.begin_nested():
            moving.reopen(g.session, asker(), request_no, request.form.get("why", ""))
    except NotFound:
        raise
    except Refused as refusal:
        return _reopen_page(room, found, words.refusal(refusal))
    flash(_("又开始办了，期限从现在重新算。"))
    return redirect(back, 303)


def _do(
    room: str, request_no: str, deed: Callable[[], object], said: str, anchor: str | None = None
) -> ResponseReturnValue:
    """Do it and go back to the page, or say there why not."""
    try:
        with g.session.begin_nested():
            deed()
    except NotFound:
        raise
    except Refused as refusal:
        return _refused(room, request_no, words.refusal(refusal))
    if said:
        flash(said)
    return redirect(url_for(f"{room}.show", request_no=request_no, _anchor=anchor), 303)


def _refused(room: str, request_no: str, said: str) -> ResponseReturnValue:
    return pages.show(room, reading.request(g.session, asker(), request_no), said), 422


def _windows(room: str, found: Request, refused: str | None = None) -> ResponseReturnValue:
    navigation.stands_at(request.path)
    slots = appointments.offered(g.session, found)
    booked = appointments.current(g.session, found)
    if not slots and booked is None and refused is None:
        return redirect(url_for(f"{room}.show", request_no=found.request_no))
    page = render_template(
        "requests/visit.html",
        made=found,
        room=room,
        step=appointments.visit_step(found),
        booked=booked,
        may_change=booked is None or appointments.may_change(booked),
        slots=slots,
        refused=refused,
        saying=saying,
    )
    return page, 422 if refused else 200


def _reopen_page(room: str, found: Request, refused: str | None = None) -> ResponseReturnValue:
    navigation.stands_at(request.path)
    page = render_template(
        "requests/reopen.html", made=found, room=room, refused=refused, saying=saying
    )
    return page, 422 if refused else 200
