"""Forgetting whom a message went to, and old inboxes, once nobody will ask any more."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.orm import Session

from notifications import inbox
from notifications.models import Attachment, Message
from runtime import clock
from runtime.jobs import database, jobs, nightly

KEEP_RECIPIENTS = timedelta(days=30)
"""So long is asked why a message did not come, and does the provider's invoice take."""


def forget_recipients(session: Session) -> int:
    """Forget old recipients; returns how many.

    The files of a letter that never went out go with its recipient. What was sent, when, and the
    blind index of the number stay: whoever knows a number can still be shown what went to it.
    """
    old = Message.created_at < clock.now() - KEEP_RECIPIENTS
    session.execute(delete(Attachment).where(Attachment.message_id == Message.id, old))
    done = session.execute(
        update(Message)
        .where(old, Message.recipient.is_not(None))
        .values(recipient=None, params=None)
    )
    return cast(CursorResult[Any], done).rowcount


@jobs.periodic(cron=nightly(20))
@jobs.task(name="notifications.forget", queue="notifications", queueing_lock="notifications.forget")
def forget(timestamp: int) -> None:
    """Forget once a night."""
    with database().unit_of_work() as session:
        forget_recipients(session)
        inbox.forget(session, clock.now() - inbox.KEPT)
