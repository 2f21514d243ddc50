"""What is noted in a conversation beside what is said: codes, put into words by the page."""

from sqlalchemy.orm import Session

from runtime import clock
from service.conversations.models import Conversation, Message

QUEUED = "queued"
CALL_BACK = "call_back"
JOINED = "joined"
RELEASED = "released"
HANDED_BACK = "handed_back"
CLOSED = "closed"
GIVEN_UP = "given_up"
FINISHED = "finished"
CALLED = "called"
DESK_CLOSED = "desk_closed"

ALL = (
    QUEUED,
    CALL_BACK,
    JOINED,
    RELEASED,
    HANDED_BACK,
    CLOSED,
    GIVEN_UP,
    FINISHED,
    CALLED,
    DESK_CLOSED,
)


def note(
    session: Session, conversation: Conversation, code: str, staff_id: int | None = None
) -> Message:
    """Write a notice; the conversation is locked by whoever calls."""
    now = clock.now()
    conversation.last_at = now
    notice = Message(
        conversation_id=conversation.id,
        author="notice",
        staff_id=staff_id,
        text=code,
        parts={},
        created_at=now,
    )
    session.add(notice)
    session.flush()
    return notice
