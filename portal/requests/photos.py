"""Photos of forms and requests, shown to who they belong to."""

from flask import Blueprint, Response, g

from portal.access import public
from portal.requests import filling
from portal.requests.who import asker
from service.requests import photos

blueprint = public(Blueprint("request_photos", __name__, url_prefix="/photos"))


@blueprint.get("/<name>.jpg")
def show(name: str) -> Response:
    """The picture, for those alone whose it is."""
    jpeg = photos.content(g.session, filling.folder(), asker(), name)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Disposition": "inline"}
    return Response(jpeg, mimetype="image/jpeg", headers=headers)
