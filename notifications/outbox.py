"""Messages that wait: written down with the change that asks for them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.models import RECIPIENT, USUAL, WAITING, Message
from runtime import clock
from runtime.crypto import blind_index
from runtime.jobs import URGENT_QUEUE, TaskName, defer

REFERENCE = "message.reference"
"""The context in which a key becomes the reference of its message, which no other house uses."""
OF_USE = timedelta(hours=48)
"""So long a message waits that nobody has given a time."""
SEND = TaskName("notifications.send", URGENT_QUEUE)
DISPATCH = TaskName("notifications.dispatch", "notifications")
RESOLVE = TaskName("notifications.resolve", "notifications")
LATER = -1
"""The lane of what is tried again: an asking for later must not stand in the way of one for now."""
FIRST, LAST = 100, -100
"""The priorities of jobs that somebody waits for, and of chunks.

A channel may have as many lanes as a worker runs jobs, and a slow provider holds each for seconds.
"""


def put(
    session: Session,
    channel: str,
    recipient: str,
    template: str,
    params: Mapping[str, str],
    *,
    expires_at: datetime | None = None,
    priority: int = USUAL,
) -> int:
    """Write a message down that is to be sent; returns its id."""
    words = _words(template, params)
    message = Message(**row(channel, recipient, **words, priority=priority))
    message.expires_at = expires_at or message.expires_at
    session.add(message)
    session.flush()
    return message.id


def row(channel: str, recipient: str, **more: Any) -> dict[str, Any]:
    """The row of a message that waits to be sent there; `more` says what, and overrules."""
    now = clock.now()
    usual = {
        "reference": uuid4().hex,
        "priority": USUAL,
        "state": WAITING,
        "created_at": now,
        "expires_at": now + OF_USE,
    }
    to = {"recipient": recipient, "recipient_index": blind_index(recipient, RECIPIENT)}
    return usual | {"channel": channel, **to} | more


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
    values = row(channel, recipient, **_words(template, params), reference=reference)
    written = insert(Message).values(values).on_conflict_do_nothing(index_elements=["reference"])
    return session.scalar(written.returning(Message.id))


def ask_to_send(session: Session, message_id: int, *, after: timedelta | None = None) -> None:
    """Ask for a job for this message alone, before all that goes by the chunk."""
    defer(session, SEND, schedule_in=after, priority=FIRST, message_id=message_id)


def ask_to_dispatch(
    session: Session, channel: str, lane: int = 0, *, after: timedelta | None = None
) -> None:
    """Ask for a chunk of a channel; a lane hands over one at a time, and one asking is enough."""
    name = f"notifications.dispatch:{channel}:{lane}"
    defer(
        session,
        DISPATCH,
        lock=name,
        queueing_lock=name,
        schedule_in=after,
        priority=LAST,
        channel=channel,
        lane=lane,
    )


def ask_to_resolve(
    session: Session, message_id: int | None = None, *, after: timedelta | None = None
) -> None:
    """Ask for a look at what is unclear: at one message, or at all, where one asking is enough."""
    lock = "notifications.resolve" if message_id is None else None
    defer(session, RESOLVE, queueing_lock=lock, schedule_in=after, message_id=message_id)


def _words(template: str, params: Mapping[str, str]) -> dict[str, str]:
    return {"template": template, "language": template[-2:], "params": json.dumps(params)}
