"""What was said, as either side reads it, and whether the other side has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.questions import asked
from service.conversations.models import Conversation, Handoff, Message

Reader = Literal["customer", "staff"]
_WRITERS: dict[str, tuple[str, ...]] = {"customer": ("staff", "assistant"), "staff": ("customer",)}
"""Whose messages a reader receives."""


@dataclass(frozen=True)
class MessageView:
    """A message as a page shows it. The text of a notice is its code (`notices`).

    `delivered_at` and `read_at` of a customer's message are set by the desk alone, so they say
    something only of what was written to a person.
    """

    id: int
    author: str
    text: str
    buttons: tuple[dict[str, str], ...]
    card: dict[str, Any] | None
    payload: str | None
    staff_id: int | None
    answers_id: int | None
    created_at: datetime
    answered_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    client_key: str | None
    danger: bool

    @property
    def delivery(self) -> Literal["sent", "delivered", "read"]:
        if self.read_at is not None:
            return "read"
        return "sent" if self.delivered_at is None else "delivered"


def history(
    session: Session, conversation: Conversation, before: int | None = None, limit: int = 50
) -> list[MessageView]:
    """The last `limit` messages, those before the id `before`, in the order they were said."""
    asked = select(Message).where(Message.conversation_id == conversation.id)
    if before is not None:
        asked = asked.where(Message.id < before)
    found = session.scalars(asked.order_by(Message.id.desc()).limit(limit)).all()
    return [view(each) for each in reversed(found)]


def since(session: Session, conversation: Conversation, message_id: int) -> list[MessageView]:
    """What was said after the message `message_id`, in the order it was said."""
    found = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.id > message_id)
        .order_by(Message.id)
    )
    return [view(each) for each in found]


def view(message: Message) -> MessageView:
    """A stored message as a page shows it."""
    parts = message.parts or {}
    return MessageView(
        id=message.id,
        author=message.author,
        text=message.text,
        buttons=tuple(parts.get("buttons", ())),
        card=parts.get("card"),
        payload=parts.get("payload"),
        staff_id=message.staff_id,
        answers_id=message.answers_id,
        created_at=message.created_at,
        answered_at=message.answered_at,
        delivered_at=message.delivered_at,
        read_at=message.read_at,
        client_key=message.client_key,
        danger="danger" in parts,
    )


def mark_delivered(
    session: Session, conversation: Conversation, reader: Reader, up_to: int | None = None
) -> int:
    """The reader's side has fetched the other's messages (to the id `up_to`); returns how many."""
    fresh = and_(_received(conversation, reader, up_to), Message.delivered_at.is_(None))
    return _mark(session, fresh, delivered_at=clock.now())


def mark_read(
    session: Session, conversation: Conversation, reader: Reader, up_to: int | None = None
) -> int:
    """The reader has the other's messages before their eyes (to the id `up_to`); how many."""
    fresh = and_(_received(conversation, reader, up_to), Message.read_at.is_(None))
    now = clock.now()
    delivered_at = func.coalesce(Message.delivered_at, now)
    return _mark(session, fresh, delivered_at=delivered_at, read_at=now)


def is_unread() -> ColumnElement[bool]:
    """For a Question that knows `user_id`: whether the desk has written what they have not seen."""
    return exists().where(
        Message.conversation_id == Conversation.id,
        Conversation.user_id == asked("user_id"),
        Conversation.closed_at.is_(None),
        Message.author == "staff",
        Message.read_at.is_(None),
    )


def _received(conversation: Conversation, reader: Reader, up_to: int | None) -> ColumnElement[bool]:
    """Messages to this reader; to the desk goes what was said since a person was asked for."""
    met = and_(Message.conversation_id == conversation.id, Message.author.in_(_WRITERS[reader]))
    if up_to is not None:
        met = and_(met, Message.id <= up_to)
    if reader == "staff":
        met = and_(met, Message.created_at >= _asked_at(conversation))
    return met


def _asked_at(conversation: Conversation) -> Any:
    return (
        select(Handoff.asked_at)
        .where(Handoff.conversation_id == conversation.id)
        .order_by(Handoff.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _mark(session: Session, met: ColumnElement[bool], **values: object) -> int:
    marked = session.execute(
        update(Message)
        .where(met)
        .values(**values)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())
