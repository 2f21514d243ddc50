"""`/slips`: what was done on the spot, for the customer to read and to keep."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from portal.access import public
from portal.field import paper, slips
from portal.requests.who import asker
from service.field import handing
from service.requests import reading

blueprint = public(Blueprint("slips", __name__, url_prefix="/slips"))


@blueprint.get("/<request_no>/<int:visit_id>")
def show(request_no: str, visit_id: int) -> ResponseReturnValue:
    """The slip, for those alone whose request it is."""
    visit, made = _found(request_no, visit_id)
    return render_template(
        "field/slip.html",
        slip=paper.slip(visit, made),
        signature=visit.signature,
        visit=visit,
        made=made,
        own=False,
        refusal=None,
        may_send=False,
    )


@blueprint.get("/<request_no>/<int:visit_id>.pdf")
def pdf(request_no: str, visit_id: int) -> ResponseReturnValue:
    """The same as a file."""
    return slips.pdf(_found(request_no, visit_id))


def _found(request_no: str, visit_id: int) -> slips.Found:
    made = reading.request(g.session, asker(), request_no)
    return handing.of_request(g.session, made, visit_id), made
