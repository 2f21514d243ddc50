"""Messages that wait: put there, taken to be sent, then sent, failed or of no more use."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.models import EXPIRED, RECIPIENT, SENT, WAITING, Attachment, Message
from runtime import clock, metrics
from runtime.crypto import blind_index
from runtime.jobs import database

REFERENCE = "message.reference"
"""The context in which a key becomes the reference of its message, which no other house uses."""

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
        **_written(channel, recipient, template, params),
        reference=uuid4().hex,
        expires_at=expires_at,
    )
    session.add(message)
    session.flush()
    return message.id


def put_once(
    session: Session,
    channel: str,
    recipient: str,
    template: str,
    params: Mapping[str, str],
    *,
    key: str,
) -> int | None:
    """Write a message down; its id, or None when the same key has been written before."""
    reference = blind_index(key, REFERENCE).hex()[:32]
    row = _written(channel, recipient, template, params) | {"reference": reference}
    written = insert(Message).values(**row).on_conflict_do_nothing(index_elements=["reference"])
    return session.scalar(written.returning(Message.id))


def _written(
    channel: str, recipient: str, template: str, params: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "channel": channel,
        "template": template,
        "recipient": recipient,
        "recipient_index": blind_index(recipient, RECIPIENT),
        "params": json.dumps(params),
        "state": WAITING,
    }


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
