"""Asking for a person: the wait, its place in the queue, giving up, and what it was like."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service.conversations import hours, notices
from service.conversations.models import EMERGENCY, Conversation, Handoff
from service.conversations.opening import locked
from service.conversations.queueing import ahead_of, minutes_for
from service.events import HandoffAsked
from service.models import User
from service.people.users import number_to_call

LONGEST_REASON = 32
LONGEST_SUMMARY = 2000
LONGEST_COMMENT = 500
RATED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """How an asking for a person stands.

    `ahead` people are before this one and `minutes` is what the wait may take, None when too
    little is known to say. `opens_at` is set while nobody sits at the desk. `again` says that it
    had been asked for before and is the same handoff. `phone` is where a call back will go,
    `staff_id` who has taken it.
    """

    handoff_id: int
    state: Literal["waiting", "taken", "callback"]
    ahead: int
    minutes: int | None
    opens_at: datetime | None
    again: bool = False
    phone: str | None = None
    staff_id: int | None = None


def ask_for_person(
    session: Session,
    conversation: Conversation,
    reason: str,
    summary: str,
    phone: str | None = None,
) -> Asked:
    """Ask for a person; asked twice it is the same handoff.

    While the desk is open the customer waits in its queue; else a call back is noted, to `phone`
    (a mobile or a landline) or else to the number of the user's account. A call back that still
    stands becomes a wait when it is asked for again while the desk is open, and any becomes urgent
    when danger is the reason of asking again. Raises Refused("handoff.phone_needed"),
    Refused("user.number_malformed"), NotFound("conversation.not_found").
    """
    conversation = locked(session, conversation.id)
    number = number_to_call(phone) if phone else None
    standing = open_handoff(session, conversation)
    if standing is None:
        number = number or _own_phone(session, conversation)
        standing, again = _asked(session, conversation, reason, summary, number), False
    else:
        again = True
        _asked_again(session, conversation, standing, reason, summary, number)
    return _standing(session, standing, again)


def place(session: Session, conversation: Conversation) -> Asked | None:
    """How the conversation's open handoff stands now; None when no person is asked for."""
    standing = open_handoff(session, conversation)
    return None if standing is None else _standing(session, standing, again=True)


def open_handoff(session: Session, conversation: Conversation) -> Handoff | None:
    """The handoff of the conversation that has not ended."""
    return session.scalars(
        select(Handoff)
        .where(Handoff.conversation_id == conversation.id, Handoff.ended_at.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()


def make_urgent(session: Session, conversation: Conversation, summary: str) -> None:
    """Danger is the reason now, if a person is asked for; the conversation is locked."""
    standing = open_handoff(session, conversation)
    if standing is not None:
        _asked_again(session, conversation, standing, EMERGENCY, summary, None)


def give_up(session: Session, conversation: Conversation) -> None:
    """The customer wants no person any more, or has said all, and talks to the assistant again.

    Without an open handoff nothing happens. Raises NotFound("conversation.not_found").
    """
    conversation = locked(session, conversation.id)
    standing = open_handoff(session, conversation)
    if standing is None:
        return
    talked = standing.state == "taken"
    end(session, conversation, standing, "closed" if talked else "given_up")
    notices.note(session, conversation, notices.FINISHED if talked else notices.GIVEN_UP)


def end(session: Session, conversation: Conversation, handoff: Handoff, how: str) -> None:
    """The end of a handoff; the assistant listens again."""
    handoff.state, handoff.how, handoff.ended_at = "closed", how, clock.now()
    conversation.held_by = "assistant"
    session.flush()


def to_rate(session: Session, conversation: Conversation) -> Handoff | None:
    """The talk that the customer may say something about: the last one, ended by the desk."""
    last = session.scalars(
        select(Handoff)
        .where(Handoff.conversation_id == conversation.id)
        .order_by(Handoff.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.ended_at is None or last.how not in ("closed", "handed_back"):
        return None
    fresh = last.ended_at > clock.now() - RATED_WITHIN
    return last if fresh and last.satisfaction is None else None


def rate(session: Session, conversation: Conversation, stars: int, comment: str = "") -> Handoff:
    """Keep what the customer says of the last talk, 1 to 5 stars and a few words.

    Raises Refused("handoff.stars"), Conflict("handoff.nothing_to_rate") when it has been rated,
    is too long ago, or has not ended.
    """
    if not 1 <= stars <= 5:
        raise Refused("handoff.stars")
    conversation = locked(session, conversation.id)
    handoff = to_rate(session, conversation)
    if handoff is None:
        raise Conflict("handoff.nothing_to_rate")
    handoff.satisfaction = stars
    handoff.comment = comment.strip()[:LONGEST_COMMENT] or None
    session.flush()
    return handoff


def _asked(
    session: Session, conversation: Conversation, reason: str, summary: str, number: str | None
) -> Handoff:
    state = "waiting" if hours.is_open() else "callback"
    if state == "callback" and number is None:
        raise Refused("handoff.phone_needed")
    handoff = Handoff(
        conversation_id=conversation.id,
        state=state,
        reason=reason[:LONGEST_REASON],
        summary=summary[:LONGEST_SUMMARY],
        phone=number,
        asked_at=clock.now(),
    )
    session.add(handoff)
    _entered(session, conversation, handoff)
    return handoff


def _asked_again(
    session: Session,
    conversation: Conversation,
    standing: Handoff,
    reason: str,
    summary: str,
    number: str | None,
) -> None:
    standing.phone = number or standing.phone
    if reason == EMERGENCY:
        standing.reason, standing.summary = reason, summary[:LONGEST_SUMMARY]
    if standing.state == "callback" and hours.is_open():
        standing.state, standing.asked_at = "waiting", clock.now()
        standing.staff_id = standing.taken_at = None
        _entered(session, conversation, standing)
    session.flush()


def _entered(session: Session, conversation: Conversation, handoff: Handoff) -> None:
    """A handoff has come to the desk: note it in the conversation and tell the rooms."""
    waits = handoff.state == "waiting"
    conversation.held_by = "waiting" if waits else conversation.held_by
    session.flush()
    notices.note(session, conversation, notices.QUEUED if waits else notices.CALL_BACK)
    events.publish(
        session,
        HandoffAsked(handoff.id, conversation.id, conversation.user_id, handoff.state),
    )


def _standing(session: Session, handoff: Handoff, again: bool) -> Asked:
    waits = handoff.state == "waiting"
    ahead = ahead_of(session, handoff) if waits else 0
    return Asked(
        handoff_id=handoff.id,
        state=handoff.state,  # type: ignore[arg-type]  # an open one is in no other state
        ahead=ahead,
        minutes=minutes_for(session, ahead) if waits else None,
        opens_at=hours.opens_at(),
        again=again,
        phone=handoff.phone,
        staff_id=handoff.staff_id,
    )


def _own_phone(session: Session, conversation: Conversation) -> str | None:
    if conversation.user_id is None:
        return None
    return session.scalar(select(User.phone).where(User.id == conversation.user_id))


def handoff_of(session: Session, handoff_id: int) -> tuple[Conversation, Handoff]:
    """A handoff under lock, with its conversation. Raises NotFound("handoff.not_found")."""
    conversation_id = session.scalar(
        select(Handoff.conversation_id).where(Handoff.id == handoff_id)
    )
    if conversation_id is None:
        raise NotFound("handoff.not_found")
    conversation = locked(session, conversation_id)
    handoff = session.get_one(Handoff, handoff_id, with_for_update=True, populate_existing=True)
    if handoff.conversation_id != conversation.id:  # it has moved to the person's own thread
        return handoff_of(session, handoff_id)
    return conversation, handoff
