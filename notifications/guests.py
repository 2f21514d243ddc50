"""Short messages to customers who asked for something without signing in.

They have no inbox, and look only when they hear that there is something to see: when we wait for
them, have written, somebody comes, and at the end. The message itself says nothing of them: what
there is stands at `/report`, for whoever knows the number and the end of the phone.
"""

from sqlalchemy.orm import Session

from notifications import saying, sms
from notifications.requests import is_news
from runtime import clock
from service.conversations.models import Conversation
from service.events import AppointmentChanged, RequestMoved, RequestReplied
from service.requests import reading
from service.requests.kinds import kind
from service.requests.models import Request

Event = RequestMoved | RequestReplied | AppointmentChanged


def on_moved(session: Session, event: RequestMoved) -> None:
    """We wait for them, ask whether the power is back, or it has ended."""
    what = _what(event)
    if what is not None:
        _tell(session, event, what, f"event:{event.event_id}")


def on_replied(session: Session, event: RequestReplied) -> None:
    """The desk, or somebody in the field, has written about it."""
    _tell(session, event, "replied", f"replied:{event.message_id}")


def on_appointment(session: Session, event: AppointmentChanged) -> None:
    """Somebody else has booked, moved or called off a visit."""
    if is_news(event):
        key = f"visit:{event.step}:{event.was}:{event.starts_at}:{clock.now().isoformat()}"
        _tell(session, event, "visit", key)


def _what(event: RequestMoved) -> str | None:
    if event.who == "customer":
        return None
    if event.code == "paused":
        return "back" if event.who == "clock" else "needs"
    if event.code == "rejected":
        return "rejected"
    return "done" if event.code == "moved" and event.state == "done" else None


def _tell(session: Session, event: Event, what: str, key: str) -> None:
    """Nobody is told who has an inbox, or has left no phone."""
    if event.user_id is not None:
        return
    request = reading.any_request(session, event.request_no)
    if request.phone is None:
        return
    language = _language(session, request)
    params = {
        "what": kind(request.kind).title.said(language),
        "number": request.request_no,
        "link": saying.link("/report"),
    }
    key = f"request:{request.request_no}:{key}"
    sms.queue_once(session, request.phone, f"guest_{what}_{language}", params, key=key)


def _language(session: Session, request: Request) -> str:
    """The language of the talk in which they asked for it; else Chinese."""
    if request.conversation_id is None:
        return "zh"
    return session.get_one(Conversation, request.conversation_id).language
