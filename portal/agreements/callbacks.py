"""Where gateways tell of agreements: `POST /callbacks/<gateway>/agreements`."""

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from payments.agreements import hearing
from portal.access import callback
from portal.agreements.office import install, office
from portal.callbacks import message
from portal.pay.till import till
from portal.security import exempt_from_form_token
from portal.unit import database

blueprint = exempt_from_form_token(
    callback(Blueprint("agreement_callbacks", __name__, url_prefix="/callbacks"))
)
blueprint.record_once(install)


@blueprint.post("/<gateway>/agreements")
def notify(gateway: str) -> ResponseReturnValue:
    """Take a message; a gateway without agreements has no address here."""
    known = office().gateways.get(gateway)
    if known is None:
        abort(404)
    answer = hearing.take(database(), known, message(), till().settings)
    return Response(answer.body, answer.status, content_type=answer.content_type)
