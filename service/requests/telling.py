"""What the other rooms hear of a request; each sentence in the transaction of the change."""

from typing import Any

from sqlalchemy.orm import Session

from runtime import events
from service.events import RequestDueSoon, RequestLate, RequestMoved, RequestOpened
from service.requests.models import Request, RequestEvent


def opened(session: Session, request: Request) -> None:
    """A customer has asked for something."""
    events.publish(
        session,
        RequestOpened(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            promised_at=request.promised_at,
            opened_at=request.opened_at,
        ),
    )


def tell(session: Session, request: Request, event: RequestEvent, was: str) -> None:
    """Something has happened that its customer should know of."""
    events.publish(
        session,
        RequestMoved(
            request_no=request.request_no,
            kind=request.kind,
            user_id=request.user_id,
            account_no=request.account_no,
            was=was,
            state=request.state,
            step=event.step,
            who=event.who,
            at=event.at,
            code=event.code,
            note=event.note,
            event_id=event.id,
        ),
    )


def due_soon(session: Session, request: Request) -> None:
    """A promise will soon be over."""
    events.publish(session, RequestDueSoon(**_clock_of(request)))


def late(session: Session, request: Request) -> None:
    """A promise was not kept."""
    events.publish(session, RequestLate(**_clock_of(request)))


def _clock_of(request: Request) -> dict[str, Any]:
    return {
        "request_no": request.request_no,
        "kind": request.kind,
        "team": request.team,
        "user_id": request.user_id,
        "assignee_id": request.assignee_id,
        "due_at": request.due_at,
    }
