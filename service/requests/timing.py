"""The clock of a request: its next promise, the warning before, the times in which it stands."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.requests import reading
from service.requests.kinds import kind
from service.requests.models import Request, RequestPause
from service.requests.promising import Stop, next_due, promises, warning


def reset(session: Session, request: Request) -> None:
    """Set the clock of a locked request by where it stands now.

    A step that is the customer's own makes it stand; nothing is due while it stands.
    """
    wanted, values = kind(request.kind), reading.values(request)
    route = wanted.route(values)
    began = reading.began_at(request)
    times = promises(wanted, values, began, reading.reached(request), stops(request))
    request.promises = {step: at.isoformat() for step, at in times.items()}
    request.promised_at = times[wanted.promise.step]
    names = [each.name for each in route]
    ahead = route[names.index(request.step) + 1 :] if request.closed_at is None else ()
    if ahead and ahead[0].who == "customer" and request.paused_at is None:
        stand(session, request, reading.reached(request)[request.step], None, None)
    goes = bool(ahead) and request.paused_at is None
    request.due_at = next_due(route, request.step, times) if goes else None
    request.warn_at = warning(wanted.warn, request.due_at) if request.due_at else None
    session.flush()


def stand(
    session: Session, request: Request, since: datetime, needs: str | None, by: int | None
) -> None:
    """Stop the clock; what is needed, if the desk asks for something."""
    request.paused_at, request.due_at, request.warn_at = since, None, None
    session.add(RequestPause(request_id=request.id, needs=needs, by_id=by, since=since))
    session.flush()
    session.expire(request, ["pauses"])


def go_on(session: Session, request: Request, at: datetime) -> None:
    """Let the clock go again, if it stands."""
    request.paused_at = None
    open_one = select(RequestPause).where(
        RequestPause.request_id == request.id, RequestPause.until.is_(None)
    )
    for pause in session.scalars(open_one):
        pause.until = max(at, pause.since)
    session.flush()
    session.expire(request, ["pauses"])


def stops(request: Request) -> list[Stop]:
    """The times since the request was (re)opened in which its clock stood, as far as they are
    over."""
    began = reading.began_at(request)
    return [
        Stop(each.since, each.until)
        for each in request.pauses
        if each.until is not None and each.until > began
    ]
