"""What the assistant answers: stored once for each message, whoever asked it twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service.conversations.handoff import make_urgent
from service.conversations.history import MessageView, history
from service.conversations.models import Conversation, Message
from service.conversations.opening import locked

MOST_REPLIES = 10
LONGEST_REPLY = 4000
NEWEST = 2 * MOST_REPLIES
"""Messages among which a whole turn of the assistant is found, with the notices beside it."""


@dataclass(frozen=True)
class Reply:
    """One bubble of an answer. `buttons` are {"title", "payload"}; `card` is {"kind", …refs}."""

    text: str
    buttons: Sequence[dict[str, str]] = field(default_factory=tuple)
    card: dict[str, Any] | None = None


def answer(
    session: Session, message: Message, replies: Sequence[Reply], *, danger: bool = False
) -> list[Message]:
    """Store the answers to a message and return those that stand; `danger`: it told of some.

    A message that has its answers keeps them: the second of two turns on the same message
    changes nothing and gets what the first has stored.
    """
    conversation = locked(session, message.conversation_id)
    message = session.get_one(Message, message.id, populate_existing=True)
    if message.answered_at is not None:
        return answers(session, message)
    return _stored(session, conversation, message, replies, danger=danger)


def warn(session: Session, message: Message, replies: Sequence[Reply], summary: str) -> None:
    """Of danger told to a person, or while one is waited for: the warning, once, and haste.

    The handoff becomes urgent with this summary. Where the assistant holds the conversation again
    meanwhile, the warning stands all the same.
    """
    conversation = locked(session, message.conversation_id)
    message = session.get_one(Message, message.id, populate_existing=True)
    if answers(session, message):
        return
    _stored(session, conversation, message, replies, danger=True)
    make_urgent(session, conversation, summary)


def _stored(
    session: Session,
    conversation: Conversation,
    message: Message,
    replies: Sequence[Reply],
    *,
    danger: bool,
) -> list[Message]:
    now = clock.now()
    stored = [
        Message(
            conversation_id=conversation.id,
            author="assistant",
            text=reply.text[:LONGEST_REPLY],
            parts=_parts(reply, danger=danger),
            answers_id=message.id,
            position=position,
            created_at=now,
        )
        for position, reply in enumerate(replies[:MOST_REPLIES])
    ]
    session.add_all(stored)
    message.answered_at = conversation.last_at = now
    if danger:
        message.parts = message.parts | {"danger": True}
    session.flush()
    return stored


def answers(session: Session, message: Message) -> list[Message]:
    """The answers that a message has, in their order."""
    return list(
        session.scalars(
            select(Message).where(Message.answers_id == message.id).order_by(Message.position)
        )
    )


def unanswered(messages: Sequence[MessageView]) -> list[MessageView]:
    """Those of the customer's among them that the assistant still owes an answer."""
    return [each for each in messages if each.author == "customer" and each.answered_at is None]


def offered(session: Session, conversation: Conversation) -> dict[str, str]:
    """Payload to title of the buttons that may be tapped now."""
    return offered_by(history(session, conversation, limit=NEWEST))


def offered_by(newest: Sequence[MessageView]) -> dict[str, str]:
    """The buttons that the newest messages leave to be tapped; at least NEWEST of them, or all.

    They are those of the newest message's own turn; once the customer has said something else,
    or a person speaks, nothing is offered.
    """
    said = [each for each in newest if each.author != "notice"]
    if not said or said[-1].author != "assistant":
        return {}
    turn = [each for each in said if each.answers_id == said[-1].answers_id]
    return {button["payload"]: button["title"] for each in turn for button in each.buttons}


def _parts(reply: Reply, *, danger: bool) -> dict[str, Any]:
    parts: dict[str, Any] = {"danger": True} if danger else {}
    if reply.buttons:
        parts["buttons"] = [dict(each) for each in reply.buttons]
    if reply.card:
        parts["card"] = reply.card
    return parts
