"""What customers say: stored once however often it is sent, and not without end."""

import re
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused, TooManyTries
from runtime.questions import Question, asked
from service.conversations.models import Conversation, Message
from service.conversations.opening import locked

LONGEST = 1000
LONGEST_KEY = 64
MOST_A_MINUTE = 20
MINUTE = timedelta(minutes=1)
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_BY_KEY = Question(
    select(Message.id).where(
        Message.conversation_id == asked("conversation_id"),
        Message.client_key == asked("client_key"),
    )
)
_SAID_SINCE = Question(
    select(func.count(), func.min(Message.created_at)).where(
        Message.conversation_id == asked("conversation_id"),
        Message.author == "customer",
        Message.created_at > asked("since"),
    )
)


def say(
    session: Session,
    conversation: Conversation,
    text: str,
    client_key: str,
    channel: str = "web",
    *,
    payload: str | None = None,
    language: str | None = None,
) -> Message:
    """Store what the customer says; the same key again gives the message that is there.

    `payload` is that of a tapped button, whose title is `text`. While a person holds the
    conversation, or is waited for, no answer of the assistant is owed. Raises
    Refused("message.empty"), Refused("message.too_long", most=…),
    TooManyTries("message.too_many"), NotFound("conversation.not_found").
    """
    conversation = locked(session, conversation.id)
    said = by_key(session, conversation, client_key)
    if said is not None:
        return said
    words = clean(text)
    _not_too_many(session, conversation)
    now = clock.now()
    conversation.channel, conversation.last_at = channel, now
    conversation.language = language or conversation.language
    message = Message(
        conversation_id=conversation.id,
        author="customer",
        text=words,
        parts={"payload": payload} if payload else {},
        client_key=client_key,
        created_at=now,
        answered_at=None if conversation.held_by == "assistant" else now,
    )
    session.add(message)
    session.flush()
    return message


def by_key(session: Session, conversation: Conversation, client_key: str) -> Message | None:
    """The message of this key, if it has been stored. Raises Refused("message.key_malformed")."""
    if not 1 <= len(client_key) <= LONGEST_KEY:
        raise Refused("message.key_malformed")
    found = _BY_KEY.ask_one(session, conversation_id=conversation.id, client_key=client_key)
    return session.get_one(Message, found[0]) if found else None


def clean(text: str) -> str:
    """Without what cannot be seen and without blank ends.

    Raises Refused("message.empty"), Refused("message.too_long").
    """
    plain = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not plain:
        raise Refused("message.empty")
    if len(plain) > LONGEST:
        raise Refused("message.too_long", most=LONGEST)
    return plain


def _not_too_many(session: Session, conversation: Conversation) -> None:
    """The conversation is locked, so messages at the same moment are counted one by one."""
    since = clock.now() - MINUTE
    ((said, first),) = _SAID_SINCE.ask(session, conversation_id=conversation.id, since=since)
    if said >= MOST_A_MINUTE:
        raise TooManyTries("message.too_many", retry_at=first + MINUTE)
