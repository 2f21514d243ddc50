"""A customer's requests: listed, asked for, followed, taken back."""

from functools import partial

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from portal.access import customer_only
from portal.requests import deeds, filling, pages, saying
from portal.requests.who import asker, takes_photos
from service.requests import drafts, moving, reading, talking
from service.requests.kinds import kind as kind_of
from service.requests.kinds import kinds

ROOM = "requests"
blueprint = takes_photos(customer_only(Blueprint(ROOM, __name__, url_prefix="/requests")))
deeds.offer(blueprint, ROOM)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What is being done, the newest in full; what can be asked for; what has ended."""
    mine = reading.list_requests(g.session, asker())
    going = [each for each in mine if each.state not in moving.ENDED]
    return render_template(
        "requests/index.html",
        going=going,
        ended=[each for each in mine if each.state in moving.ENDED],
        timeline=reading.timeline(going[0]) if going else [],
        unread=talking.unread(g.session, [each.id for each in mine], "customer"),
        drafts=drafts.listed(g.session, asker()),
        groups=saying.groups(kinds()),
        saying=saying,
    )


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """Everything that can be asked for."""
    return render_template("requests/new.html", groups=saying.groups(kinds()), saying=saying)


@blueprint.route("/new/<kind>", methods=["GET", "POST"])
def fill(kind: str) -> ResponseReturnValue:
    return filling.fill(kind_of(kind), partial(pages.opened, ROOM))


@blueprint.get("/new/<kind>/check")
def look_over(kind: str) -> ResponseReturnValue:
    return filling.look_over(kind_of(kind))


@blueprint.post("/new/<kind>/draft")
def keep(kind: str) -> ResponseReturnValue:
    return filling.keep(kind_of(kind))


@blueprint.get("/<request_no>")
def show(request_no: str) -> ResponseReturnValue:
    return pages.show(ROOM, reading.request(g.session, asker(), request_no))


@blueprint.post("/<request_no>/photos")
def add_photos(request_no: str) -> ResponseReturnValue:
    return pages.add_photos(ROOM, request_no)


@blueprint.route("/<request_no>/cancel", methods=["GET", "POST"])
def cancel(request_no: str) -> ResponseReturnValue:
    return pages.cancel(ROOM, request_no)
