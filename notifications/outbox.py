"""Messages that wait: put there, taken to be sent, then sent, failed or of no more use."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from notifications.models import EXPIRED, RECIPIENT, SENT, WAITING, Attachment, Message
from runtime import clock, metrics
from runtime.crypto import blind_index
from runtime.jobs import database

_messages = metrics.counter("denghuo_messages", "Messages to people", ["channel", "outcome"])


def put(
    session: Session,
    channel: str,
    recipient: str,
    template: str,
    params: Mapping[str, str],
    *,
    expires_at: datetime | None = None,
) -> int:
    """Write a message down that is to be sent; returns its id."""
    message = Message(
        channel=channel,
        reference=uuid4().hex,
        template=template,
        recipient=recipient,
        recipient_index=blind_index(recipient, RECIPIENT),
        params=json.dumps(params),
        state=WAITING,
        expires_at=expires_at,
    )
    session.add(message)
    session.flush()
    return message.id


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
