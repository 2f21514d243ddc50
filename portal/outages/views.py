"""Pages of outages, open to everybody: what is off, what will be, and one of them."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import public
from portal.outages import saying
from portal.outages.board import board, own_outages, repair_address, titles
from service.outages import finding

LONGEST_SEARCH = 60

blueprint = public(Blueprint("outages", __name__, url_prefix="/outages"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The list, by street or area when something is looked for."""
    text = " ".join(request.args.get("at", "").split())[:LONGEST_SEARCH]
    return render_template(
        "outages/index.html",
        board=board(g.session, text),
        text=text,
        saying=saying,
        repair=repair_address(),
    )


@blueprint.get("/<outage_no>")
def show(outage_no: str) -> ResponseReturnValue:
    """One outage; what concerns the reader's own accounts is for them alone."""
    outage = finding.find(g.session, outage_no)
    own = (each for each in own_outages(g.session) if each.outage.outage_no == outage_no)
    hit = next(own, None)
    return render_template(
        "outages/show.html",
        outage=outage,
        mine=titles(hit.account_nos) if hit else [],
        saying=saying,
        repair=repair_address(),
    )
