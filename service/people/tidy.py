"""Forgetting what proves nothing any more: old tries, spent codes, ended sessions, strangers."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_
from sqlalchemy.orm import Session

from runtime import clock
from runtime.jobs import database, jobs, nightly
from service.conversations.tidy import KEEP_ANONYMOUS
from service.models import Attempt, OneTimeCode, SignInSession
from service.people.models import PasskeyChallenge, WeChatFollower

KEEP_TRIES = timedelta(days=2)
"""Longer than the longest window of a limit."""
KEEP_SESSIONS = timedelta(days=90)
"""So long can a question about an ended sign-in still be answered."""


def forget_old(session: Session) -> int:
    """Delete what is past its time; returns how many rows.

    Somebody in WeChat who is no user is kept as long as what they said.
    """
    now = clock.now()
    ended = or_(
        SignInSession.expires_at < now - KEEP_SESSIONS,
        SignInSession.revoked_at < now - KEEP_SESSIONS,
    )
    silent = WeChatFollower.seen_at < now - KEEP_ANONYMOUS
    statements = (
        delete(Attempt).where(Attempt.at < now - KEEP_TRIES),
        delete(OneTimeCode).where(OneTimeCode.expires_at < now - KEEP_TRIES),
        delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now),
        delete(SignInSession).where(ended),
        delete(WeChatFollower).where(WeChatFollower.user_id.is_(None), silent),
    )
    done = [cast(CursorResult[Any], session.execute(each)) for each in statements]
    return sum(each.rowcount for each in done)


@jobs.periodic(cron=nightly(10))
@jobs.task(name="people.forget", queue="service", queueing_lock="people.forget")
def forget(timestamp: int) -> None:
    """Forget once a night."""
    with database().unit_of_work() as session:
        forget_old(session)
