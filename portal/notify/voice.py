"""What the provider of voice calls reports: whether somebody took the call."""

import msgspec
from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue

from notifications.channels import reported
from notifications.channels.voice import Call
from portal.access import callback
from portal.notify.secret import is_known
from portal.security import exempt_from_form_token

LARGEST_BODY = 4096

blueprint = exempt_from_form_token(
    callback(Blueprint("notify_voice", __name__, url_prefix="/notify/voice"))
)


@blueprint.post("/<secret>")
def take(secret: str) -> ResponseReturnValue:
    """One call; what is still under way is no news."""
    if not is_known(secret):
        abort(404)
    request.max_content_length = LARGEST_BODY
    try:
        call = msgspec.json.decode(request.get_data(), type=Call)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        abort(400)
    if call.is_answered is not None:
        reported.take(
            g.session, "voice", call.call_id, delivered=call.is_answered, reason=call.reason
        )
    return Response('{"taken":true}', content_type="application/json")
