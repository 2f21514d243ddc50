"""Taking a request to the core: at least once from here, exactly once there.

The core's order is made under the request's own number, so asking again makes no second one. What
the core says afterwards comes by its change feed (`following`).
"""

from typing import Any

from sqlalchemy import select, update

from runtime.database import Database
from runtime.errors import Conflict, Refused, Unavailable
from runtime.logs import get_logger
from service.core_client import CoreClient
from service.requests.kinds import kind
from service.requests.models import Request
from service.requests.reading import values

_log = get_logger(__name__)


class NotCarried(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The core does not know yet what we know."""


def carry(database: Database, core: CoreClient, request_no: str) -> None:
    """Make the core's order of a request, and end it when its customer took the request back.

    No connection to the database is held while the core is asked. Raises NotCarried when the core
    could not be reached or would not take it.
    """
    with database.unit_of_work() as session:
        request = session.scalars(select(Request).where(Request.request_no == request_no)).one()
        details = _details(request)
    try:
        order_no = request.core_order_no or _open(database, core, request, details)
        if request.state == "cancelled" and request.core_status != "cancelled":
            _cancel(core, order_no)
    except Refused as refusal:
        _note_failure(database, request, refusal)
        raise NotCarried(request_no) from refusal


def _open(database: Database, core: CoreClient, request: Request, details: dict[str, Any]) -> str:
    """The number of the core's order; kept before anything else is asked."""
    order_no = core.open_order(
        key=request.request_no,
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


def _cancel(core: CoreClient, order_no: str) -> None:
    """An order that has ended otherwise meanwhile stays as it is; the feed tells of it."""
    try:
        core.cancel_order(order_no)
    except Conflict:
        _log.warning("order_ended_before_it_was_cancelled", order=order_no)


def _details(request: Request) -> dict[str, Any]:
    """What the core is told. It must not change: a key that comes with other details is refused."""
    told = values(request)
    fields = {name: told[name] for name in kind(request.kind).core.fields if name in told}
    return {
        "request_no": request.request_no,
        "promised_at": request.promised_at.isoformat(),
        **fields,
    }


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
