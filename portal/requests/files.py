"""Files of forms and requests, shown to who they belong to."""

from flask import Blueprint, Response, abort, g

from portal.access import public
from portal.requests.receiving import folder
from portal.requests.who import asker
from service.requests import files
from service.requests.files import SUFFIXES, Served

blueprint = public(Blueprint("request_files", __name__, url_prefix="/files"))


@blueprint.get("/<name>.<suffix>")
def show(name: str, suffix: str) -> Response:
    """The file, for those alone whose it is."""
    if suffix not in SUFFIXES.values():
        abort(404)
    return answer(files.serve(g.session, folder(), asker(), name))


def answer(file: Served) -> Response:
    """A picture or a paper as a browser shows it.

    The policy of all pages holds here too; `sandbox` would be stricter, but a browser's own viewer
    shows no PDF in one.
    """
    headers = {"Cache-Control": "private, max-age=3600", "Content-Disposition": "inline"}
    return Response(file.content, mimetype=file.media, headers=headers)
