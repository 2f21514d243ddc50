"""How a request comes from state to state: by its customer, or by the core."""

from datetime import datetime

from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict
from service.events import RequestMoved
from service.requests import reading, soon
from service.requests.askers import Asker
from service.requests.kinds import STATUSES, Kind, kind
from service.requests.models import Request, RequestEvent

ENDED = frozenset({"done", "rejected", "cancelled"})


def may_cancel(request: Request) -> bool:
    """Whether its customer may still take it back."""
    return request.state in kind(request.kind).cancel


def cancel(session: Session, asker: Asker, request_no: str) -> Request:
    """Take a request back. Cancelling again changes nothing.

    Raises NotFound, and Conflict("request.cannot_cancel") when it has come too far.
    """
    request = reading.request(session, asker, request_no, for_update=True)
    if request.state == "cancelled":
        return request
    if not may_cancel(request):
        raise Conflict("request.cannot_cancel", state=request.state)
    move(session, request, "cancelled", "customer", clock.now())
    soon.carry(session, request.request_no)
    return request


def move(session: Session, request: Request, state: str, who: str, at: datetime) -> None:
    """Bring a locked request to a state, write it down and tell it."""
    was, request.state, request.updated_at = request.state, state, clock.now()
    request.closed_at = at if state in ENDED else None
    step = step_at(kind(request.kind), state)
    code = state if state in ("cancelled", "rejected") else "moved"
    session.add(
        RequestEvent(request_id=request.id, code=code, step=step, state=state, who=who, at=at)
    )
    session.flush()
    session.expire(request, ["events"])
    events.publish(
        session,
        RequestMoved(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            was=was,
            state=state,
            step=step,
            who=who,
            at=at,
        ),
    )


def step_at(kind: Kind, state: str) -> str | None:
    """The last step of a kind that is reached in a state; None for an end on the way."""
    if state not in STATUSES:
        return None
    rank = STATUSES.index(state)
    return [each.name for each in kind.steps if STATUSES.index(each.at) <= rank][-1]
