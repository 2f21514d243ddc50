"""Pushes of the SMS providers: kept with their job in one transaction, then answered.

Neither provider signs what it pushes, so the address has a secret in it, which only they are
given. Whoever does not know it finds nothing here.
"""

from flask import Blueprint, Response, abort, g, request
from flask.typing import ResponseReturnValue

from notifications.channels import reporting
from notifications.channels.pushed import FORMS, UnreadableError
from portal.access import callback
from portal.notify.secret import is_known
from portal.security import exempt_from_form_token
from runtime.logs import get_logger

LARGEST_BODY = 256 * 1024
ANSWERS = {
    "aliyun": ('{"code":0,"msg":"OK"}', '{"code":1,"msg":"malformed"}'),
    "tencent": ('{"result":0,"errmsg":"OK"}', '{"result":1,"errmsg":"malformed"}'),
}
"""What each provider wants to hear: that it was taken, and that it was not."""

_log = get_logger(__name__)

blueprint = exempt_from_form_token(callback(Blueprint("notify", __name__, url_prefix="/notify")))


@blueprint.post("/sms/<provider>/<secret>")
def take(provider: str, secret: str) -> ResponseReturnValue:
    """Delivery reports and replies."""
    if provider not in FORMS or not is_known(secret):
        abort(404)
    request.max_content_length = LARGEST_BODY
    taken, refused = ANSWERS[provider]
    try:
        reporting.take(g.session, provider, request.get_data())
    except UnreadableError:
        _log.warning("push_refused", provider=provider)
        return Response(refused, 400, content_type="application/json")
    return Response(taken, content_type="application/json")
