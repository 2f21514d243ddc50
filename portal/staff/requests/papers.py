"""The files of a request: looked at by the desk, and added for customers who bring paper."""

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.errors import status_of
from portal.requests import receiving
from portal.requests.files import answer
from portal.security import asker_id
from portal.staff import trail
from portal.staff.requests.case import page
from portal.staff.requests.room import blueprint, view
from runtime.errors import Refused
from service.requests import files, reading
from service.requests.askers import Asker
from service.requests.files import Owner
from service.requests.kinds import kind
from service.requests.models import Request


@blueprint.get("/<request_no>/files/<name>")
def file(request_no: str, name: str) -> ResponseReturnValue:
    """A photo or a paper that came with it; that it was opened is written down."""
    found = reading.any_request(g.session, request_no)
    served = files.serve_of(g.session, receiving.folder(), found, name)
    trail.seen(name, "", about=request_no)
    return answer(served)


@blueprint.post("/<request_no>/files")
def add(request_no: str) -> ResponseReturnValue:
    """Photos and papers that the customer brought; whoever of the desk added them is kept."""
    found = reading.any_request(g.session, request_no)
    own, owner = Asker.of_user(asker_id()), Owner.of(found)
    try:
        for upload in receiving.uploads("files", _document(found)):
            receiving.receive(own, owner, upload, by=asker_id())
    except Refused as refusal:
        found = reading.any_request(g.session, request_no)
        return page(found, words.refusal(refusal)), status_of(refusal)
    return redirect(view().to(".show", request_no=request_no, _anchor="told"), 303)


def _document(found: Request) -> str | None:
    """For which of the documents they are; none for photos of something else."""
    named = request.form.get("document")
    return named if named in {each.name for each in kind(found.kind).documents} else None
