"""Photos of forms and requests: added by a page or a chat, shown to who they belong to."""

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from portal import words
from portal.access import public
from portal.requests import filling
from portal.requests.who import asker, takes_photos
from runtime.errors import Refused
from service.requests import photos

blueprint = takes_photos(public(Blueprint("request_photos", __name__, url_prefix="/photos")))


@blueprint.post("")
def add() -> ResponseReturnValue:
    """One photo (`photo`) for the form or request of `draft`, the key that it is sent with.

    JSON: the photo's name and address; or 422 with the sentence that says why not.
    """
    contents = filling.uploaded("photo")[:1]
    key = request.form.get("draft", "")[:64]
    try:
        if not contents or not key:
            raise Refused("photo.not_one")
        photo = photos.add(g.session, filling.folder(), asker(), key, contents[0])
    except Refused as refusal:
        return jsonify(code=refusal.code, sentence=words.refusal(refusal)), 422
    address = url_for("request_photos.show", name=photo.name)
    return jsonify(name=photo.name, address=address, width=photo.width, height=photo.height), 201


@blueprint.get("/<name>.jpg")
def show(name: str) -> ResponseReturnValue:
    """The picture, for those alone whose it is."""
    jpeg = photos.content(g.session, filling.folder(), asker(), name)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Disposition": "inline"}
    return Response(jpeg, mimetype="image/jpeg", headers=headers)
