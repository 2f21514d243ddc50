"""The notify addresses of gateways: `POST /callbacks/<gateway>`; and where a cashier posts back."""

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected

from payments import callbacks
from payments.callbacks import LARGEST_BODY, Message
from portal.access import callback
from portal.pay import till, way_back
from portal.security import exempt_from_form_token
from portal.unit import database

ENDLESS = 10**4300
"""No length is more: `int` reads no longer number."""

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
    answer = callbacks.take(database(), known, message())
    return Response(answer.body, answer.status, content_type=answer.content_type)


@blueprint.post("/<gateway>/front/<order_no>")
def front(gateway: str, order_no: str) -> ResponseReturnValue:
    """The customer comes back from a cashier whose way back is a form (UnionPay's front notice).

    A browser that posts from another site brings no cookies, so nobody is signed in here. What
    the cashier says is proven and proves nothing about money: the page asks about that.
    """
    known = till.till().gateways.get(gateway)
    if known is None:
        abort(404)
    if not known.leads_back(order_no, request.form.to_dict()):
        return redirect(url_for("pay.show", order_no=order_no), 303)
    ticket = way_back.ticket(order_no)
    return redirect(url_for("pay.back", order_no=order_no, ticket=ticket), 303)


def message() -> Message:
    """What came, read a little past the limit so that too much is seen as such."""
    request.max_content_length = ENDLESS  # what is not read costs nothing
    wanted = LARGEST_BODY + 1
    try:
        body = request.stream.read(wanted)
    except ClientDisconnected:
        body = b""
    whole = len(body) >= min(request.content_length or 0, wanted)
    return Message(dict(request.headers), body, whole)
