"""Forgetting whom a message went to, and old inboxes, once nobody will ask any more."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, update
from sqlalchemy.orm import Session

from notifications import inbox
from notifications.kinds import Level, kinds
from notifications.models import Attachment, Message, Notice, ProviderMinute, ProviderReport
from notifications.together import MANY
from runtime import clock
from runtime.jobs import database, jobs, nightly

KEEP_RECIPIENTS = timedelta(days=30)
"""So long is asked why a message did not come, and does the provider's invoice take."""

KEEP_WORDS, KEEP_LEGAL_WORDS = timedelta(days=400), timedelta(days=3 * 365)
"""So long it can be shown what a person was told."""
KEEP_FIGURES = timedelta(days=7)


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


def forget_words(session: Session) -> None:
    """Forget what messages said, and the figures of notices that no inbox shows any more.

    The words of what the law asks to be shown are kept longer.
    """
    now = clock.now()
    legal = [each.name for each in kinds().values() if each.level is Level.LEGAL]
    legal += [f"{each}{MANY}" for each in legal]
    is_legal = func.coalesce(Message.kind, "").in_(legal)
    for old, which in ((KEEP_WORDS, ~is_legal), (KEEP_LEGAL_WORDS, is_legal)):
        session.execute(
            update(Message)
            .where(Message.words.is_not(None), Message.created_at < now - old, which)
            .values(words=None)
        )
    old_notice = Notice.params.is_not(None), Notice.created_at < now - KEEP_WORDS
    session.execute(update(Notice).where(*old_notice).values(params=None))


def forget_providers(session: Session) -> None:
    """Forget what providers did and reported some days ago."""
    before = clock.now() - KEEP_FIGURES
    session.execute(delete(ProviderMinute).where(ProviderMinute.minute < before))
    session.execute(delete(ProviderReport).where(ProviderReport.received_at < before))


@jobs.periodic(cron=nightly(20))
@jobs.task(name="notifications.forget", queue="notifications", queueing_lock="notifications.forget")
def forget(timestamp: int) -> None:
    """Forget once a night."""
    with database().unit_of_work() as session:
        forget_recipients(session)
        forget_words(session)
        forget_providers(session)
        inbox.forget(session, clock.now() - inbox.KEPT)
