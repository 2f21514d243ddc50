"""What the assistant answers: stored once for each message, whoever asked it twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service.conversations.models import Conversation, Message
from service.conversations.opening import locked

MOST_REPLIES = 10
LONGEST_REPLY = 4000


@dataclass(frozen=True)
class Reply:
    """One bubble of an answer. `buttons` are {"title", "payload"}; `card` is {"kind", …refs}."""

    text: str
    buttons: Sequence[dict[str, str]] = field(default_factory=tuple)
    card: dict[str, Any] | None = None


def answer(session: Session, message: Message, replies: Sequence[Reply]) -> list[Message]:
    """Store the answers to a message and return those that stand.

    A message that has its answers keeps them: the second of two turns on the same message
    changes nothing and gets what the first has stored.
    """
    conversation = locked(session, message.conversation_id)
    session.refresh(message)
    if message.answered_at is not None:
        return answers(session, message)
    now = clock.now()
    stored = [
        Message(
            conversation_id=conversation.id,
            author="assistant",
            text=reply.text[:LONGEST_REPLY],
            parts=_parts(reply),
            answers_id=message.id,
            position=position,
            created_at=now,
        )
        for position, reply in enumerate(replies[:MOST_REPLIES])
    ]
    session.add_all(stored)
    message.answered_at = conversation.last_at = now
    session.flush()
    return stored


def answers(session: Session, message: Message) -> list[Message]:
    """The answers that a message has, in their order."""
    return list(
        session.scalars(
            select(Message).where(Message.answers_id == message.id).order_by(Message.position)
        )
    )


def unanswered(session: Session, conversation: Conversation) -> list[Message]:
    """The customer's messages that the assistant still owes an answer, the oldest first."""
    return list(
        session.scalars(
            select(Message)
            .where(
                Message.conversation_id == conversation.id,
                Message.author == "customer",
                Message.answered_at.is_(None),
            )
            .order_by(Message.id)
        )
    )


def offered(session: Session, conversation: Conversation) -> dict[str, str]:
    """Payload to title of the buttons that may be tapped now.

    They are those of the newest message's own turn; once the customer has said something else,
    or a person speaks, nothing is offered.
    """
    newest = session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.author != "notice")
        .order_by(Message.id.desc())
        .limit(1)
    ).one_or_none()
    if newest is None or newest.author != "assistant":
        return {}
    turn = select(Message).where(Message.answers_id == newest.answers_id)
    buttons = [button for each in session.scalars(turn) for button in each.parts.get("buttons", ())]
    return {button["payload"]: button["title"] for button in buttons}


def _parts(reply: Reply) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if reply.buttons:
        parts["buttons"] = [dict(each) for each in reply.buttons]
    if reply.card:
        parts["card"] = reply.card
    return parts
