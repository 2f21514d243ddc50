"""Forgetting whom a message went to, and old inboxes, once nobody will ask any more.

By the chunk, and each part for itself: one that fails keeps no other from being done.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Select,
    Update,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from notifications import inbox
from notifications.kinds import Level, kinds
from notifications.models import (
    Attachment,
    Message,
    Notice,
    ProviderMinute,
    ProviderReport,
)
from notifications.together import MANY
from runtime import clock
from runtime.jobs import database, jobs, nightly

CHUNK = 5_000
"""Rows of one transaction: a fraction of a second, and nobody waits for it."""
KEEP_RECIPIENTS = timedelta(days=30)
"""So long is asked why a message did not come, and does the provider's invoice take."""

KEEP_WORDS, KEEP_LEGAL_WORDS = timedelta(days=400), timedelta(days=3 * 365)
"""So long it can be shown what a person was told."""
KEEP_FIGURES = timedelta(days=7)


def forget_files(session: Session) -> int:
    """Forget the files of letters that never went out, with their recipients; how many."""
    old = select(Message.id).where(
        Message.id == Attachment.message_id, Message.created_at < clock.now() - KEEP_RECIPIENTS
    )
    files = select(Attachment.id).where(old.exists()).limit(CHUNK)
    return _done(session, delete(Attachment).where(Attachment.id.in_(files)))


def forget_recipients(session: Session) -> int:
    """Forget old recipients; returns how many, `CHUNK` at most.

    What was sent, when, and the blind index of the number stay: whoever knows a number can still
    be shown what went to it.
    """
    old = Message.created_at < clock.now() - KEEP_RECIPIENTS, Message.recipient.is_not(None)
    some = _oldest(Message.id, Message.created_at, *old)
    return _done(
        session, update(Message).where(Message.id.in_(some)).values(recipient=None, params=None)
    )


def forget_words(session: Session) -> int:
    """Forget what messages said; returns how many, `CHUNK` at most."""
    return _forget_words(session, KEEP_WORDS, ~_is_legal())


def forget_legal_words(session: Session) -> int:
    """As `forget_words`: what the law asks to be shown is kept longer."""
    return _forget_words(session, KEEP_LEGAL_WORDS, _is_legal())


def forget_figures(session: Session) -> int:
    """Forget the figures of notices that no inbox shows any more; how many, `CHUNK` at most."""
    old = Notice.created_at < clock.now() - KEEP_WORDS, Notice.params.is_not(None)
    some = _oldest(Notice.id, Notice.created_at, *old)
    return _done(session, update(Notice).where(Notice.id.in_(some)).values(params=None))


def forget_minutes(session: Session) -> int:
    """Forget what providers did some days ago, all of it: a row for a minute is little."""
    before = clock.now() - KEEP_FIGURES
    session.execute(delete(ProviderMinute).where(ProviderMinute.minute < before))
    return 0


def forget_reports(session: Session) -> int:
    """Forget what providers reported some days ago; how many, `CHUNK` at most."""
    old = ProviderReport.received_at < clock.now() - KEEP_FIGURES
    some = _oldest(ProviderReport.id, ProviderReport.received_at, old)
    return _done(session, delete(ProviderReport).where(ProviderReport.id.in_(some)))


def forget_inboxes(session: Session) -> int:
    """Forget what no inbox shows any more; how many, `CHUNK` at most."""
    return inbox.forget(session, clock.now() - inbox.KEPT, most=CHUNK)


PARTS = (
    forget_files,
    forget_recipients,
    forget_words,
    forget_legal_words,
    forget_figures,
    forget_minutes,
    forget_reports,
    forget_inboxes,
)


@jobs.periodic(cron=nightly(20))
@jobs.task(name="notifications.forget", queue="notifications", queueing_lock="notifications.forget")
def forget(timestamp: int) -> None:
    """Forget once a night. Raises ExceptionGroup when the others are done, of parts that failed."""
    faults = []
    for part in PARTS:
        try:
            _forget_all(part)
        except SQLAlchemyError as error:
            faults.append(error)
    if faults:
        raise ExceptionGroup("not all was forgotten", faults)


def _forget_all(part: Callable[[Session], int]) -> None:
    while True:
        with database().unit_of_work() as session:
            number = part(session)
        if number < CHUNK:
            return


def _forget_words(session: Session, kept: timedelta, which: ColumnElement[bool]) -> int:
    old = Message.created_at < clock.now() - kept, Message.words.is_not(None), which
    some = _oldest(Message.id, Message.created_at, *old)
    return _done(session, update(Message).where(Message.id.in_(some)).values(words=None))


def _is_legal() -> ColumnElement[bool]:
    names = [each.name for each in kinds().values() if each.level is Level.LEGAL]
    return func.coalesce(Message.kind, "").in_([*names, *(f"{each}{MANY}" for each in names)])


def _oldest(
    number: InstrumentedAttribute[int],
    since: InstrumentedAttribute[datetime],
    *which: ColumnElement[bool],
) -> Select[int]:
    """A chunk of the oldest rows, in the order of the index that finds them."""
    return select(number).where(*which).order_by(since).limit(CHUNK)


def _done(session: Session, statement: Update | Delete) -> int:
    quiet = statement.execution_options(synchronize_session=False)
    return cast(CursorResult[Any], session.execute(quiet)).rowcount
