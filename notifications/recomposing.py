"""What waits is composed once more when somebody says how they want to be told."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from notifications.kinds import Level, kinds
from notifications.models import (
    ALIVE,
    COMPOSED,
    DELIVERED,
    SENT,
    TOLD,
    WAITING,
    WITHDRAWN,
    Message,
    Notice,
)
from notifications.notices import ask_to_compose
from runtime import clock


def compose_anew(session: Session, *which: ColumnElement[bool]) -> None:
    """Take back those of these messages that wait; their notices become others, or none.

    What another message has told, or still may, is left to that one; what the law owes goes as it
    is.
    """
    legal = [each.name for each in kinds().values() if each.level is Level.LEGAL]
    mine = select(Message).where(
        Message.state == WAITING,
        func.cardinality(Message.notice_ids) > 0,
        Message.kind.not_in(legal),
    )
    taken = session.scalars(mine.where(*which).with_for_update(skip_locked=True)).all()
    if not taken:
        return
    for each in taken:
        each.state, each.params, each.fallback_at = WITHDRAWN, None, None
    session.flush()
    ids = {id_ for each in taken for id_ in each.notice_ids}
    others = _others(session, ids)
    for notice in _carried(session, ids):
        _leave_to(notice, others.get(notice.id))
    ask_to_compose(session)


def _carried(session: Session, ids: Iterable[int]) -> list[Notice]:
    theirs = Notice.id.in_(ids), Notice.state == COMPOSED
    query = select(Notice).where(*theirs).order_by(Notice.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _others(session: Session, notices: Iterable[int]) -> dict[int, Message]:
    """A message that lives, by the notices that it carries."""
    carries = Message.notice_ids.overlap(list(notices))
    rows = session.scalars(select(Message).where(carries, Message.state.in_(ALIVE)))
    return {id_: each for each in rows for id_ in each.notice_ids}


def _leave_to(notice: Notice, other: Message | None) -> None:
    if other is None:
        notice.state, notice.message_id, notice.not_before = WAITING, None, clock.now()
    else:
        notice.state = TOLD if other.state in (SENT, DELIVERED) else COMPOSED
        notice.message_id = other.id
