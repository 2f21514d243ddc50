"""What the desk does with those who ask for a person: take, answer, give back, close."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session, aliased

from runtime import clock, events
from runtime.errors import Conflict, NotFound
from service.conversations import notices
from service.conversations.handoff import end, handoff_of
from service.conversations.models import Conversation, Handoff, Message
from service.conversations.queueing import URGENT
from service.conversations.saying import by_key, clean
from service.events import HandoffEnded, HandoffTaken, StaffReplied
from service.models import User

Deed = Callable[[Session, int, int], None]
"""What a member of staff does with a handoff: its id, then theirs."""
MOST_LISTED = 200
MOST_RATED = 20


_UNREAD = (
    select(func.count())
    .where(
        Message.conversation_id == Handoff.conversation_id,
        Message.author == "customer",
        Message.created_at >= Handoff.asked_at,
        Message.read_at.is_(None),
    )
    .correlate(Handoff)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Case:
    """A handoff as a page of the desk shows it; `user` is None for a person not signed in."""

    handoff: Handoff
    conversation: Conversation
    user: User | None
    staff: User | None
    unread: int = 0


def queue(session: Session) -> list[Case]:
    """Who waits: those in danger, then the longest."""
    return cases(session, Handoff.state == "waiting")


def held(session: Session, staff_id: int | None = None) -> list[Case]:
    """The talks that go on: of one member of staff, or of all."""
    whose = true() if staff_id is None else Handoff.staff_id == staff_id
    return cases(session, (Handoff.state == "taken") & whose)


def case(session: Session, handoff_id: int) -> Case:
    """One handoff, open or ended. Raises NotFound("handoff.not_found")."""
    found = cases(session, Handoff.id == handoff_id)
    if not found:
        raise NotFound("handoff.not_found")
    return found[0]


def seen_by(session: Session, handoff_id: int, staff_id: int, *, lead: bool = False) -> Case:
    """A handoff that this member of staff may look at: one that is open to all, or their own.

    A lead may look at every one. Raises NotFound("handoff.not_found").
    """
    found = case(session, handoff_id)
    open_to_all = found.handoff.staff_id is None and found.handoff.ended_at is None
    if not (lead or open_to_all or found.handoff.staff_id == staff_id):
        raise NotFound("handoff.not_found")
    return found


def rated(session: Session, staff_id: int | None = None) -> list[Case]:
    """The last talks about which customers have said something, the newest first.

    Those of one member of staff, or of all.
    """
    whose = true() if staff_id is None else Handoff.staff_id == staff_id
    return cases(session, Handoff.satisfaction.is_not(None) & whose, newest=True)[:MOST_RATED]


def take(session: Session, handoff_id: int, staff_id: int) -> Handoff:
    """Take a waiting one; of two who take it at once, one has it. Taking one's own changes nothing.

    Raises NotFound("handoff.not_found"), Conflict("handoff.taken"), Conflict("handoff.ended").
    """
    conversation, handoff = handoff_of(session, handoff_id)
    if handoff.state == "taken" and handoff.staff_id == staff_id:
        return handoff
    if handoff.state != "waiting":
        raise Conflict("handoff.taken" if handoff.state == "taken" else "handoff.ended")
    handoff.state, handoff.staff_id, handoff.taken_at = "taken", staff_id, clock.now()
    conversation.held_by = "person"
    notices.note(session, conversation, notices.JOINED, staff_id)
    events.publish(
        session,
        HandoffTaken(handoff.id, conversation.id, conversation.user_id, conversation.channel),
    )
    return handoff


def reply(session: Session, handoff_id: int, staff_id: int, text: str, key: str) -> Message:
    """Say something to the customer; the same key again gives the message that is there.

    Raises what `take` raises, Conflict("handoff.not_yours"), and what `saying.clean` raises.
    """
    conversation, handoff = handoff_of(session, handoff_id)
    said = by_key(session, conversation, key)
    if said is not None:
        return said
    _held_by(handoff, staff_id)
    now = clock.now()
    message = Message(
        conversation_id=conversation.id,
        author="staff",
        staff_id=staff_id,
        text=clean(text),
        parts={},
        client_key=key,
        created_at=now,
    )
    session.add(message)
    conversation.last_at = now
    session.flush()
    events.publish(
        session,
        StaffReplied(message.id, conversation.id, conversation.user_id, conversation.channel),
    )
    return message


def hand_back(session: Session, handoff_id: int, staff_id: int) -> None:
    """The assistant goes on. Raises what `reply` raises for who may; done twice is done."""
    _ended(session, handoff_id, staff_id, "handed_back", notices.HANDED_BACK)


def close(session: Session, handoff_id: int, staff_id: int) -> None:
    """What the customer wanted is done. Raises what `hand_back` raises."""
    _ended(session, handoff_id, staff_id, "closed", notices.CLOSED)


def release(session: Session, handoff_id: int, staff_id: int, *, lead: bool = False) -> None:
    """Put a talk back into the queue, at its old place: one's own, or as a lead anybody's.

    Raises what `reply` raises for who may.
    """
    conversation, handoff = handoff_of(session, handoff_id)
    holder = handoff.staff_id if lead and handoff.staff_id else staff_id
    _held_by(handoff, holder)
    handoff.state, handoff.staff_id, handoff.taken_at = "waiting", None, None
    conversation.held_by = "waiting"
    notices.note(session, conversation, notices.RELEASED, holder)


def _ended(session: Session, handoff_id: int, staff_id: int, how: str, code: str) -> None:
    conversation, handoff = handoff_of(session, handoff_id)
    if handoff.how == how and handoff.staff_id == staff_id:
        return
    _held_by(handoff, staff_id)
    end(session, conversation, handoff, how)
    notices.note(session, conversation, code, staff_id)
    events.publish(
        session,
        HandoffEnded(handoff.id, conversation.id, conversation.user_id, conversation.channel, how),
    )


def _held_by(handoff: Handoff, staff_id: int) -> None:
    if handoff.ended_at is not None:
        raise Conflict("handoff.ended")
    if handoff.state != "taken" or handoff.staff_id != staff_id:
        raise Conflict("handoff.not_yours")


def cases(session: Session, met: ColumnElement[bool], newest: bool = False) -> list[Case]:
    """The handoffs that meet a condition, in the order of the queue, or the newest ended."""
    order = (Handoff.ended_at.desc(),) if newest else (URGENT, Handoff.asked_at)
    staff = aliased(User)
    found = session.execute(
        select(Handoff, Conversation, User, staff, _UNREAD)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .outerjoin(User, User.id == Conversation.user_id)
        .outerjoin(staff, staff.id == Handoff.staff_id)
        .where(met)
        .order_by(*order, Handoff.id)
        .limit(MOST_LISTED)
    )
    return [Case(*row) for row in found]
