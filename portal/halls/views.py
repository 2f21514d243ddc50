"""The page of business halls, open to everybody."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import public
from portal.halls import saying
from runtime import clock
from service.halls.places import halls

LONGEST_SEARCH = 60

blueprint = public(Blueprint("halls", __name__, url_prefix="/halls"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """All halls with today's hours; those that words mean stand first."""
    text = " ".join(request.args.get("at", "").split())[:LONGEST_SEARCH]
    every, now = halls(), clock.now()
    meant = halls(text) if text else []
    others = [hall for hall in every if hall not in meant]
    return render_template(
        "halls/index.html",
        text=text,
        meant=[(hall, hall.opening(now)) for hall in meant],
        others=[(hall, hall.opening(now)) for hall in others],
        saying=saying,
    )
