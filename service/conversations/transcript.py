"""What the desk reads of a conversation: what led to a handoff, and what was said until its end.

What the customer says to the assistant afterwards, or said long before, is none of the desk's.
"""

from datetime import timedelta

from sqlalchemy import Select, and_, select, update
from sqlalchemy.orm import Session

from runtime import clock
from service.conversations.history import MessageView, view
from service.conversations.models import Handoff, Message

BEFORE = timedelta(days=7)
MOST_READ = 200


def transcript(session: Session, handoff: Handoff, after: int = 0) -> list[MessageView]:
    """The messages of a handoff after the id `after`, in the order they were said."""
    newest = _of(handoff).where(Message.id > after).order_by(Message.id.desc()).limit(MOST_READ)
    return [view(each) for each in reversed(session.scalars(newest).all())]


def last_reply(session: Session, handoff: Handoff) -> MessageView | None:
    """The last that the desk has said in this handoff."""
    found = session.scalars(
        _of(handoff)
        .where(Message.author == "staff", Message.created_at >= handoff.asked_at)
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    return None if found is None else view(found)


def mark_fetched(session: Session, staff_id: int) -> None:
    """What customers have said to this member of staff has reached their screen."""
    theirs = and_(
        Handoff.conversation_id == Message.conversation_id,
        Handoff.staff_id == staff_id,
        Handoff.state == "taken",
        Message.created_at >= Handoff.asked_at,
    )
    session.execute(
        update(Message)
        .where(theirs, Message.author == "customer", Message.delivered_at.is_(None))
        .values(delivered_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _of(handoff: Handoff) -> Select[Message]:
    found = select(Message).where(
        Message.conversation_id == handoff.conversation_id,
        Message.created_at >= handoff.asked_at - BEFORE,
    )
    if handoff.ended_at is not None:
        found = found.where(Message.created_at <= handoff.ended_at)
    return found
