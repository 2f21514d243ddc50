"""What happens to a request, for whoever asked for it.

What customers do themselves they are not told. A stranger has no inbox: `guests` tells them by
short messages.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from notifications import inbox, notices, saying
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime import clock
from runtime.settings import load
from service.events import (
    AppointmentChanged,
    RequestDueSoon,
    RequestJoined,
    RequestLate,
    RequestMoved,
    RequestOpened,
    RequestRated,
    RequestReplied,
    StaffReplied,
)
from service.models import User
from service.requests.kinds import kind

TOLD = frozenset({"moved", "paused", "resumed", "rejected"})
"""Codes of a request's events that its customer is told of as such."""

OUTSIDE = (
    "moved",
    "paused",
    "resumed",
    "rejected",
    "back",
    "joined",
    "late",
    "replied",
    "visit",
)
"""What is also told outside the portal."""
TALK = "talk.replied"
LEAD = "lead"
Event = (
    RequestOpened | RequestMoved | RequestJoined | RequestLate | RequestReplied | AppointmentChanged
)


def on_opened(session: Session, event: RequestOpened) -> None:
    """Its number and its promise, to be found again."""
    _tell(session, event, "opened", "opened", promised_at=event.promised_at)


def on_moved(session: Session, event: RequestMoved) -> None:
    """A step was reached, or the request waits, goes on, was refused.

    The clock makes a request wait in one case: its customer is asked whether the power is back.
    """
    if event.who == "customer" or event.code not in TOLD:
        return
    asks = event.code == "paused" and event.who == "clock"
    what = "back" if asks else event.code
    _tell(session, event, what, f"event:{event.event_id}", step=event.step, note=event.note)


def on_joined(session: Session, event: RequestJoined) -> None:
    """A report is about an outage that is known. If it is as it was opened, this is all of it:
    a promise that a crew will come does not hold."""
    told = _tell(session, event, "joined", "opened", outage_no=event.outage_no)
    if not told:
        _tell(session, event, "joined", f"joined:{event.outage_no}", outage_no=event.outage_no)


def on_late(session: Session, event: RequestLate) -> None:
    """A promise was not kept: its customer hears that from us, and so does whoever leads."""
    _tell(session, event, "late", f"late:{event.due_at.isoformat()}", due_at=event.due_at)
    leading = User.staff_role == LEAD
    _tell_staff(session, event, "late", or_(leading, User.id == event.assignee_id))


def on_due_soon(session: Session, event: RequestDueSoon) -> None:
    """Whoever has it in hand is warned."""
    _tell_staff(session, event, "due", User.id == event.assignee_id)


def on_replied(session: Session, event: RequestReplied) -> None:
    """The desk has written about it."""
    _tell(session, event, "replied", f"replied:{event.message_id}")


def on_appointment(session: Session, event: AppointmentChanged) -> None:
    """Somebody else has booked, moved or called off a visit."""
    if not is_news(event):
        return
    times = {"starts_at": event.starts_at, "ends_at": event.ends_at, "was": event.was}
    key = f"visit:{event.step}:{event.was}:{event.starts_at}:{clock.now().isoformat()}"
    _tell(session, event, "visit", key, **times)


def is_news(event: AppointmentChanged) -> bool:
    """Whether its customer has not made the change, and does not hear of it otherwise."""
    return event.by == "staff" or (event.by == "house" and event.starts_at is not None)


def on_rated(session: Session, event: RequestRated) -> None:
    """A low mark comes to everybody who leads."""
    if event.low:
        known = {"score": event.score}
        _put_to_staff(session, event, "rated", str(event.rating_id), User.staff_role == LEAD, known)


def on_talk(session: Session, event: StaffReplied) -> None:
    """The desk has written in the chat. While one such message is unread another says no more."""
    if event.user_id is not None and not inbox.has_unread(session, event.user_id, TALK):
        notices.tell(session, TALK, key=f"talk:{event.message_id}", user_id=event.user_id)


def _tell(session: Session, event: Event, what: str, key: str, **more: Any) -> bool:
    """Whether it was new; a stranger is told nothing."""
    if event.user_id is None:
        return False
    known = {name: _plain(value) for name, value in more.items() if value is not None}
    return notices.tell(
        session,
        f"request.{what}",
        key=f"request:{event.request_no}:{key}",
        user_id=event.user_id,
        params={"request_no": event.request_no, "request_kind": event.kind, **known},
    )


def _tell_staff(
    session: Session, event: RequestDueSoon | RequestLate, what: str, whom: ColumnElement[bool]
) -> None:
    due_at = event.due_at.isoformat()
    _put_to_staff(session, event, what, due_at, whom, {"due_at": due_at})


def _put_to_staff(
    session: Session,
    event: RequestDueSoon | RequestLate | RequestRated,
    what: str,
    key: str,
    whom: ColumnElement[bool],
    known: dict[str, Any],
) -> None:
    inbox.put_to_staff(
        session,
        whom,
        f"desk:{event.request_no}:{what}:{key}",
        f"desk.{what}",
        {"request_no": event.request_no, "request_kind": event.kind, **known},
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@figures(*(f"request.{each}" for each in OUTSIDE))
def of_requests(_session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """What it is about, its number and where it stood; the rest is on its page."""
    return [_figures(each, language) for each in told]


@figures(TALK)
def of_talk(_session: Session, told: Sequence[Notice], _language: str) -> list[Figures | None]:
    """Where the answer stands."""
    return [{"link": saying.link("/chat")} for _each in told]


def _figures(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    asked, number = kind(known["request_kind"]), known["request_no"]
    step = known.get("step")
    return {
        "what": asked.title.said(language),
        "number": number,
        "step": asked.step(step).title.said(language) if step else "",
        "link": saying.link(f"/requests/{number}"),
        "phone": load(LinkSettings).hotline,
    }
