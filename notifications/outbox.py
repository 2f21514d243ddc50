"""Messages that wait: taken to be sent, and written down as sent, failed or of no more use."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from notifications.models import EXPIRED, SENT, WAITING, Attachment, Message
from runtime import clock, metrics
from runtime.jobs import database

_messages = metrics.counter("denghuo_messages", "Messages to people", ["channel", "outcome"])


def take(session: Session, message_id: int) -> Message | None:
    """The message if it still waits; one that is of no more use expires."""
    message = session.get(Message, message_id, with_for_update=True)
    if message is None or message.state != WAITING:
        return None
    if message.expires_at is not None and message.expires_at <= clock.now():
        message.state, message.params = EXPIRED, None
        _messages.labels(message.channel, EXPIRED).inc()
        return None
    return message


def finish(
    message_id: int, state: str, *, provider_no: str | None = None, failure: str | None = None
) -> None:
    """Write down how it went, in a transaction of its own; what filled it is forgotten."""
    with database().unit_of_work() as session:
        message = session.get_one(Message, message_id, with_for_update=True)
        message.state, message.params = state, None
        message.provider_no, message.failure = provider_no, failure
        message.sent_at = clock.now() if state == SENT else None
        session.execute(delete(Attachment).where(Attachment.message_id == message_id))
    _messages.labels(message.channel, state).inc()
