"""The turn: what a customer says is stored, the assistant is asked, its answers are stored.

Between the two units of work no connection is held, however long the assistant takes. Whatever
becomes of it, every message gets an answer: without the assistant it is the portal's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from portal.chat import own_words
from portal.chat.answers import Heard
from portal.chat.assistant import Assistant, Question, Silent
from runtime import clock
from runtime.database import Database
from service.conversations import (
    Conversation,
    Message,
    answer,
    mark_read,
    offered,
    say,
    warn,
)


@dataclass(frozen=True)
class Spoken:
    """What came from the customer. `text` is the title where a button was tapped."""

    text: str
    key: str
    language: str
    payload: str | None = None
    channel: Literal["web", "wechat"] = "web"
    elder: bool = False


Opener = Callable[[Session], Conversation]


def take(database: Database, assistant: Assistant, opened: Opener, spoken: Spoken) -> int:
    """A whole turn; returns the message's id. The same key again changes nothing that stands.

    Raises what `say` raises.
    """
    with database.unit_of_work() as session:
        conversation = opened(session)
        message = _said(session, conversation, spoken)
        question = _question(conversation, message, spoken)
    if question.held:
        _warn(database, assistant, message, question)
    elif message.answered_at is None:
        heard = _asked(assistant, question)
        with database.unit_of_work() as session:
            answer(session, message, heard.replies, danger=heard.danger)
    return message.id


def _warn(database: Database, assistant: Assistant, message: Message, question: Question) -> None:
    """Of danger the customer is warned at once, whoever holds the conversation; its turn comes."""
    try:
        heard = assistant.ask(question)
    except Silent:
        return
    if heard.danger:
        with database.unit_of_work() as session:
            warn(session, message, heard.replies, own_words.in_danger(message.text))


def _said(session: Session, conversation: Conversation, spoken: Spoken) -> Message:
    """The message, stored; a payload counts only where it was offered."""
    tapped = spoken.payload and spoken.payload in offered(session, conversation)
    message = say(
        session,
        conversation,
        spoken.text,
        spoken.key,
        spoken.channel,
        payload=spoken.payload if tapped else None,
        language=spoken.language,
    )
    mark_read(session, conversation, "customer", up_to=message.id)
    return message


def _question(conversation: Conversation, message: Message, spoken: Spoken) -> Question:
    payload = (message.parts or {}).get("payload")
    return Question(
        conversation=conversation.ref,
        message=str(message.id),
        text=payload or message.text,
        language=spoken.language,
        signed_in=conversation.user_id is not None,
        today=clock.today().isoformat(),
        channel=spoken.channel,
        elder=spoken.elder,
        payload=payload is not None,
        held=conversation.held_by != "assistant",
    )


def _asked(assistant: Assistant, question: Question) -> Heard:
    try:
        return assistant.ask(question)
    except Silent:
        return Heard([own_words.without_assistant()])
