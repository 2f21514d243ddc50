"""Pages of outages, open to everybody: what is off, what will be, one of them, and by area."""

from collections.abc import Collection

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import words
from portal.access import public
from portal.current import visitor
from portal.outages import saying
from portal.outages.areas import area_map, area_page, watched_areas
from portal.outages.board import board, own_outages, repair_address, titles
from portal.outages.history import history
from runtime.errors import Refused
from service.outages import finding, watching

LONGEST_SEARCH = 60

blueprint = public(Blueprint("outages", __name__, url_prefix="/outages"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The list, by street or area when something is looked for."""
    text = " ".join(request.args.get("at", "").split())[:LONGEST_SEARCH]
    return render_template(
        "outages/index.html",
        board=board(g.session, text),
        watched=sorted(watched_areas(g.session)),
        text=text,
        saying=saying,
        repair=repair_address(),
    )


@blueprint.get("/areas")
def areas() -> ResponseReturnValue:
    """Every area, and what is off or will be there."""
    return render_template("outages/areas.html", map=area_map(g.session), saying=saying)


@blueprint.get("/areas/<area>")
def area(area: str) -> ResponseReturnValue:
    """One area: what is off, what comes and what was."""
    found = area_page(g.session, area)
    return render_template("outages/area.html", area=found, saying=saying, repair=repair_address())


@blueprint.post("/areas/<area>/watch")
def watch_area(area: str) -> ResponseReturnValue:
    """Hear of this area from now on, or no longer."""
    return _watch([area], url_for("outages.area", area=area))


@blueprint.post("/<outage_no>/watch")
def watch_outage(outage_no: str) -> ResponseReturnValue:
    """The same for all areas of an outage."""
    outage = finding.find(g.session, outage_no)
    return _watch(outage.areas, url_for("outages.show", outage_no=outage_no))


def _watch(areas: Collection[str], page: str) -> ResponseReturnValue:
    person = visitor()
    if person is None:
        return redirect(url_for("sign_in.sign_in", next=page), 303)
    if request.form.get("watch") == "no":
        watching.unwatch(g.session, person.id, areas)
        flash(_("不再告诉您这一片的停电了。"))
        return redirect(page, 303)
    try:
        watching.watch(g.session, person.id, areas)
    except Refused as refusal:
        flash(words.refusal(refusal), "bad")
    else:
        flash(_("记下了。这一片要停电，消息里告诉您。"))
    return redirect(page, 303)


@blueprint.get("/<outage_no>")
def show(outage_no: str) -> ResponseReturnValue:
    """One outage; what concerns the reader's own accounts is for them alone."""
    outage = finding.find(g.session, outage_no)
    own = (each for each in own_outages(g.session) if each.outage.outage_no == outage_no)
    hit = next(own, None)
    return render_template(
        "outages/show.html",
        outage=outage,
        history=history(g.session, outage),
        households=watching.households(g.session, outage.areas),
        is_watched=watched_areas(g.session) >= set(outage.areas),
        mine=titles(hit.account_nos) if hit else [],
        saying=saying,
        repair=repair_address(),
    )
