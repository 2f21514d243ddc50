"""Dead letters: messages that failed and whose notices were told by no other; what a person does.

A letter that is sent again or dropped is withdrawn in the same statement that finds it dead, so
of two clicks one does it. What carries no notice cannot be sent again: what filled it is gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from notifications import outbox
from notifications.going_on import written
from notifications.models import (
    COMPOSED,
    FAILED,
    SENDING,
    UNCLEAR,
    UNDELIVERED,
    WAITING,
    WITHDRAWN,
    Message,
    Notice,
)
from notifications.preferences import addresses
from runtime import clock
from service import audit

PAGE = 50
_REASON = func.coalesce(Message.failure, Message.state)
RESENT, DROPPED = "message.resent", "message.dropped"


@dataclass(frozen=True)
class Wanted:
    """Which dead letters are looked for; empty is all."""

    reason: str = ""
    channel: str = ""
    provider: str = ""

    def clauses(self) -> list[ColumnElement[bool]]:
        pairs = (
            (_REASON, self.reason),
            (Message.channel, self.channel),
            (Message.provider, self.provider),
        )
        return [column == value for column, value in pairs if value]


@dataclass(frozen=True)
class Backlog:
    """What is under way on a channel."""

    channel: str
    waiting: int
    sending: int
    unclear: int
    oldest: datetime | None


def is_dead() -> ColumnElement[bool]:
    """Failed, and not told otherwise."""
    failed = Message.state.in_((FAILED, UNDELIVERED))
    carried = exists().where(Notice.message_id == Message.id, Notice.state == FAILED)
    alone = and_(func.cardinality(Message.notice_ids) == 0, Message.state == FAILED)
    return and_(failed, or_(alone, carried))


def letters(session: Session, wanted: Wanted, before: int | None = None) -> list[Message]:
    """Dead letters, the newest first, a page and one more when there are more."""
    query = select(Message).where(is_dead(), *wanted.clauses())
    if before is not None:
        query = query.where(Message.id < before)
    return list(session.scalars(query.order_by(Message.id.desc()).limit(PAGE + 1)))


def counts(session: Session) -> list[tuple[str, str, str, int]]:
    """Reason, channel and provider of all dead letters, and how many there are of each."""
    columns = _REASON, Message.channel, func.coalesce(Message.provider, "")
    number = func.count()
    query = select(*columns, number).where(is_dead()).group_by(*columns).order_by(number.desc())
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def recent(session: Session, since: datetime) -> int:
    """How many came since then."""
    query = select(func.count(Message.id)).where(is_dead(), Message.created_at >= since)
    return session.scalar(query) or 0


def backlog(session: Session) -> list[Backlog]:
    """What is under way, by channel."""
    due = and_(Message.state == WAITING, Message.not_before <= clock.now())
    rows = session.execute(
        select(
            Message.channel,
            func.count().filter(due),
            func.count().filter(Message.state == SENDING),
            func.count().filter(Message.state == UNCLEAR),
            func.min(Message.not_before).filter(due),
        )
        .where(Message.state.in_((WAITING, SENDING, UNCLEAR)))
        .group_by(Message.channel)
        .order_by(Message.channel)
    )
    return [Backlog(*row) for row in rows]


def send_again(session: Session, ids: Collection[int], *, by: int) -> int:
    """Send these once more, to where their people are reached now; returns how many."""
    can = func.cardinality(Message.notice_ids) > 0
    again = 0
    for message in _bury(session, ids, can, Message.recipient.is_not(None)):
        new = Message(**_row(session, message))
        session.add(new)
        session.flush()
        session.execute(
            update(Notice)
            .where(Notice.message_id == message.id, Notice.state == FAILED)
            .values(state=COMPOSED, reason=None, message_id=new.id, expires_at=new.expires_at)
        )
        outbox.ask_to_dispatch(session, new.channel)
        _note(session, RESENT, message, by)
        again += 1
    return again


def drop(session: Session, ids: Collection[int], *, by: int) -> int:
    """Let these be; returns how many."""
    dropped = _bury(session, ids)
    for each in dropped:
        _note(session, DROPPED, each, by)
    return len(dropped)


def _bury(session: Session, ids: Collection[int], *more: ColumnElement[bool]) -> list[Message]:
    done = session.scalars(
        update(Message)
        .where(Message.id.in_(ids), is_dead(), *more)
        .values(state=WITHDRAWN)
        .returning(Message)
    )
    return list(done)


def _row(session: Session, message: Message) -> dict[str, object]:
    to = message.recipient or ""
    if message.user_id is not None:
        now = addresses(session, [message.user_id], message.channel).get(message.user_id, [])
        to = now[0] if now and to not in now else to
    ids = list(message.notice_ids)
    row = written(message.channel, to, message, rank=message.rank, notice_ids=ids)
    return row | {"expires_at": clock.now() + outbox.OF_USE}


def _note(session: Session, deed: str, message: Message, by: int) -> None:
    why = message.failure or message.state
    audit.record(session, by=by, deed=deed, subject=f"message {message.id}", reason=why)
