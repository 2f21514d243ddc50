"""Whether a message may be handed over now, later or no more, and what it means when it is over."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ScalarSelect, case, func, select, update
from sqlalchemy.orm import Session

from notifications import hours
from notifications.events import LegalNoticeFailed
from notifications.kinds import Level, kind
from notifications.models import (
    COMPOSED,
    DELIVERED,
    EXPIRED,
    SENDING,
    SENT,
    TOLD,
    UNCLEAR,
    URGENT,
    WAITING,
    Message,
    Notice,
)
from runtime import events


def from_when(message: Message, now: datetime) -> datetime | None:
    """The first instant from `now` on at which it may be handed over; None: it is of no more use.

    What tells of notices waits for a decent hour however late it has become, unless it is urgent.
    """
    if message.expires_at is not None and message.expires_at <= now:
        return None
    at_any_hour = not message.notice_ids or message.priority <= URGENT
    return now if at_any_hour else hours.next_decent(now)


def expire(session: Session, messages: Sequence[Message]) -> None:
    """These are of no more use; nor are notices that no other message has told, or still may.

    One that was told by a message which did not arrive after all is not told.
    """
    for each in messages:
        each.state, each.params = EXPIRED, None
    session.flush()
    held = _held(session, {id_ for each in messages for id_ in each.notice_ids})
    if not held:
        return
    by_another = Notice.id.in_(_carried(held, SENT, DELIVERED))
    ended = session.execute(
        update(Notice)
        .where(Notice.id.in_(held), Notice.id.not_in(_carried(held, WAITING, SENDING, UNCLEAR)))
        .values(state=case((by_another, TOLD), else_=EXPIRED))
        .returning(Notice.kind, Notice.key, Notice.state)
        .execution_options(synchronize_session=False)
    )
    for name, key, state in ended.all():
        if state == EXPIRED and kind(name).level is Level.LEGAL:
            events.publish(session, LegalNoticeFailed(name, key))


def _held(session: Session, ids: Collection[int]) -> list[int]:
    """Those not taken back, held first: of two messages that end at once the later one sees it."""
    if not ids:
        return []
    theirs = Notice.id.in_(ids), Notice.state.in_((COMPOSED, TOLD))
    carried = Notice.message_id.is_not(None)  # without one, the inbox has told it since
    query = select(Notice.id).where(*theirs, carried).order_by(Notice.id).with_for_update()
    return list(session.scalars(query))


def _carried(ids: Collection[int], *states: str) -> ScalarSelect[int]:
    """Which of these messages in such states carry."""
    carries = Message.notice_ids.overlap(list(ids)), Message.state.in_(states)
    return select(func.unnest(Message.notice_ids)).where(*carries).scalar_subquery()
