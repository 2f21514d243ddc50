"""Forgetting what was said long ago."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, delete, exists, or_
from sqlalchemy.orm import Session

from runtime import clock
from runtime.jobs import database, jobs, nightly
from service.conversations.hours import desk_settings
from service.conversations.models import Conversation, Handoff

KEEP_ANONYMOUS = timedelta(days=30)


def forget_old(session: Session, keep: timedelta) -> int:
    """Delete conversations of nobody after 30 days of silence, others after `keep`; how many.

    One for which a person is still asked stays. Messages and handoffs go with it.
    """
    now = clock.now()
    anonymous = and_(Conversation.user_id.is_(None), Conversation.last_at < now - KEEP_ANONYMOUS)
    open_handoff = exists().where(
        Handoff.conversation_id == Conversation.id, Handoff.ended_at.is_(None)
    )
    done = session.execute(
        delete(Conversation)
        .where(or_(anonymous, Conversation.last_at < now - keep), ~open_handoff)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], done).rowcount


@jobs.periodic(cron=nightly(25))
@jobs.task(name="conversations.forget", queue="service", queueing_lock="conversations.forget")
def forget(timestamp: int) -> None:
    """Forget once a night."""
    with database().unit_of_work() as session:
        forget_old(session, timedelta(days=desk_settings().conversation_days))
