"""Taking a request to the core, and every step that is made here: at least once from here, exactly
once there.

The core's order is made under the request's own number, so asking again makes no second one, and
an order is brought to a named status. What the core says comes by its change feed (`following`).
"""

from typing import Any

from sqlalchemy import select, update

from runtime.database import Database
from runtime.errors import Conflict, Refused, Unavailable
from runtime.logs import get_logger
from service.core_client import CoreClient
from service.requests import reading
from service.requests.kinds import STATUSES, kind
from service.requests.models import Request

_log = get_logger(__name__)


class NotCarried(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The core does not know yet what we know."""


def carry(database: Database, core: CoreClient, request_no: str) -> None:
    """Make the core's order of a request, and bring it to where the request stands.

    No connection to the database is held while the core is asked. Raises NotCarried when the core
    could not be reached or would not take it.
    """
    with database.unit_of_work() as session:
        request = session.scalars(select(Request).where(Request.request_no == request_no)).one()
        details = _details(request)
    try:
        order_no = request.core_order_no or _open(database, core, request, details)
        if request.state != "received":
            _bring(core, order_no, request)
    except Refused as refusal:
        _note_failure(database, request, refusal)
        raise NotCarried(request_no) from refusal


def _open(database: Database, core: CoreClient, request: Request, details: dict[str, Any]) -> str:
    """The number of the core's order; kept before anything else is asked."""
    order_no = core.open_order(
        key=order_key(request),
        kind=kind(request.kind).core.kind,
        account_no=request.account_no,
        details=details,
    )
    with database.unit_of_work() as session:
        session.execute(
            update(Request)
            .where(Request.id == request.id, Request.core_order_no.is_(None))
            .values(core_order_no=order_no, last_error=None)
        )
    return order_no


def _bring(core: CoreClient, order_no: str, request: Request) -> None:
    """An order that has gone another way meanwhile stays as it is; the feed tells of it."""
    try:
        for status in way(core.order(order_no).status, request.state):
            core.move_order(order_no, status, {"step": request.step})
    except Conflict:
        _log.warning("order_went_another_way", order=order_no, state=request.state)


def way(status: str, wanted: str) -> list[str]:
    """The statuses through which the core's order must go, one after the other.

    The core rejects only what was not begun; later an order can but be cancelled.
    """
    if status not in STATUSES[:-1]:
        return []
    if wanted == "rejected" and status == "in_progress":
        return ["cancelled"]
    if wanted in ("rejected", "cancelled"):
        return [wanted]
    return list(STATUSES[reading.rank_of(status) + 1 : reading.rank_of(wanted) + 1])


def order_key(request: Request) -> str:
    """What was opened again is another order."""
    return f"{request.request_no}-{request.reopened}" if request.reopened else request.request_no


def _details(request: Request) -> dict[str, Any]:
    """What the core is told. It must not change: a key that comes with other details is refused."""
    told = reading.values(request)
    fields = {name: told[name] for name in kind(request.kind).core.fields if name in told}
    return {"request_no": order_key(request), **fields}


def _note_failure(database: Database, request: Request, refusal: Refused) -> None:
    """A core that is away is a matter of time; one that says no is a matter for a person."""
    log = _log.warning if isinstance(refusal, Unavailable) else _log.error
    log("request_not_carried", request=request.request_no, code=refusal.code)
    with database.unit_of_work() as session:
        session.execute(
            update(Request)
            .where(Request.id == request.id)
            .values(attempts=Request.attempts + 1, last_error=refusal.code[:48])
        )
