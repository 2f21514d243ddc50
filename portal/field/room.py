"""The room itself: who may enter, what its pages may ask a phone for, how long a phone keeps them.

A worker who has seen a job gets a ticket for it with the page. What they send with it is taken up
even when the job has gone to somebody else meanwhile; without one a job of others is not there.
"""

from datetime import timedelta

from flask import Blueprint, Response, current_app, make_response
from flask_babel import lazy_gettext as _l
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.requests.who import takes_photos
from portal.security import asker_id, permits
from portal.staff.frame import FIELD, room
from runtime import clock

KEPT = timedelta(hours=16)
"""How long a phone without a signal shows what it has kept: a working day."""
TICKET = timedelta(days=7)

blueprint = permits(
    takes_photos(
        room(Blueprint("field", __name__, url_prefix="/field"), _l("外勤"), FIELD, icon="pin")
    ),
    "camera",
    "geolocation",
)


def kept(page: str, stamp: str = "") -> Response:
    """A page that the phone may keep; `stamp` changes when it would say something else."""
    response = make_response(page)
    response.headers["X-Worker"] = str(asker_id())
    response.headers["X-Stamp"] = stamp
    until = clock.now() + KEPT
    response.headers["X-Kept-Until"] = str(int(until.timestamp() * 1000))
    return response


def ticket(request_no: str) -> str:
    """Proves for a week that the asker has had this job."""
    return _tickets().dumps([asker_id(), request_no])


def has_ticket(text: str, request_no: str) -> bool:
    """Whether this is the asker's ticket for the job."""
    try:
        held = _tickets().loads(text, max_age=int(TICKET.total_seconds()))
    except BadData:
        return False
    return bool(held == [asker_id(), request_no])


def _tickets() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="field.job")
