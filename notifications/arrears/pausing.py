"""All reminders stopped at once, and begun again: deeds of the desk, with a reason in the trail.

Whoever stops does so alone, because waiting for a second person would let the wrong ones go out.
What waits to be sent is taken back until the end of the pause; what fell on the days of a pause is
made up for as for any other day without a run.
"""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.arrears import withdrawing
from notifications.arrears.models import ReminderPause
from runtime import clock
from runtime.errors import Conflict, Refused
from service import audit

SUBJECT = "reminders"
PAUSED, RESUMED = "reminders.paused", "reminders.resumed"
"""Deeds in the trail."""


def is_paused(session: Session) -> bool:
    """Whether reminders are stopped now."""
    return standing(session) is not None


def standing(session: Session) -> ReminderPause | None:
    """The pause that has no end yet."""
    return session.scalars(
        select(ReminderPause).where(ReminderPause.ended_at.is_(None))
    ).one_or_none()


def pause(session: Session, reason: str, *, by: int) -> int:
    """Stop all reminders; returns how many that waited were taken back.

    Raises Refused("trail.reason_needed"), Conflict("reminders.paused") when they are stopped.
    """
    said = _said(reason)
    values = {"reason": said, "by": by, "at": clock.now(), "withdrawn": 0}
    made = session.scalars(
        insert(ReminderPause).values(values).on_conflict_do_nothing().returning(ReminderPause)
    ).one_or_none()
    if made is None:
        raise Conflict("reminders.paused")
    audit.record(session, by=by, deed=PAUSED, subject=SUBJECT, reason=said)
    made.withdrawn = withdrawing.withdraw_all(session)
    return made.withdrawn


def resume(session: Session, reason: str, *, by: int) -> None:
    """Let reminders go out, and be made again from the next run on.

    What the pause took back goes out too, unless its time is over.
    Raises Refused("trail.reason_needed"), Conflict("reminders.running") when they are.
    """
    said = _said(reason)
    found = session.scalars(
        select(ReminderPause)
        .where(ReminderPause.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise Conflict("reminders.running")
    audit.record(session, by=by, deed=RESUMED, subject=SUBJECT, reason=said)
    found.ended_by, found.ended_at = by, clock.now()
    withdrawing.put_back_paused(session)


def _said(reason: str) -> str:
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if not said:
        raise Refused("trail.reason_needed")
    return said
