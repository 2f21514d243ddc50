"""The notify addresses of gateways: `POST /callbacks/<gateway>`."""

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from payments import callbacks
from payments.callbacks import LARGEST_BODY, Message
from portal.access import callback
from portal.pay import till
from portal.security import exempt_from_form_token
from portal.unit import database

ENDLESS = 1 << 40

blueprint = exempt_from_form_token(
    callback(Blueprint("callbacks", __name__, url_prefix="/callbacks"))
)
blueprint.record_once(till.install)


@blueprint.post("/<gateway>")
def notify(gateway: str) -> ResponseReturnValue:
    """Take a message; a gateway that this installation does not have has no address here."""
    known = till.till().gateways.get(gateway)
    if known is None:
        abort(404)
    answer = callbacks.take(database(), known, Message(dict(request.headers), _body()))
    return Response(answer.body, answer.status, content_type=answer.content_type)


def _body() -> bytes:
    """The body as it came, read a little past the limit so that too much is seen as such."""
    request.max_content_length = ENDLESS  # what is not read costs nothing
    try:
        return request.stream.read(LARGEST_BODY + 1)
    except ClientDisconnected:
        return b""
