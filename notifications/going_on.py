"""What happens after a message has failed: the next channel of its plan, or a dead letter."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from notifications import outbox
from notifications.channels import registry
from notifications.channels.base import Channel
from notifications.events import LegalNoticeFailed, LegalNoticeTold
from notifications.kinds import Level, kind
from notifications.models import (
    ALIVE,
    COMPOSED,
    EXPIRED,
    FAILED,
    SENT,
    TOLD,
    UNDELIVERED,
    WAITING,
    WITHDRAWN,
    Message,
    Notice,
)
from notifications.preferences import addresses, wishes
from notifications.wordings import in_force
from runtime import clock, events


def go_on(session: Session, message: Message, reason: str, *, late: bool = False) -> None:
    """A message has certainly not arrived, or is `late`: try the next channel.

    Nothing happens while another message of the same rank may arrive, or when somebody has gone
    on already and that one lives. With no channel left the notices of one that has not arrived
    have failed.
    """
    if not message.notice_ids:
        return
    open_ = _open_notices(session, message)
    others = _others(session, message)
    gone_on = any(each.rank > message.rank for each in others)
    if not open_ or (gone_on and any(each.state in ALIVE for each in others)):
        return
    if any(each.rank == message.rank and _may_arrive(each, late) for each in others):
        return
    has_next = not gone_on and _next(session, message, open_)
    if not has_next and not late:
        _give_up(session, message, open_, others, reason)


def stop(session: Session, message: Message) -> None:
    """It has arrived: what waits to be sent on later channels is not sent."""
    for each in _others(session, message):
        if each.state == WAITING and each.rank > message.rank:
            each.state, each.params = WITHDRAWN, None


def written(
    channel: str,
    address: str,
    like: Message,
    *,
    rank: int,
    notice_ids: list[int],
) -> dict[str, Any]:
    """The row of another try for the same person."""
    return outbox.row(
        channel,
        address,
        template=like.template,
        kind=like.kind,
        language=like.language,
        user_id=like.user_id,
        notice_ids=notice_ids,
        plan=like.plan,
        rank=rank,
        priority=like.priority,
        expires_at=like.expires_at,
    )


def has_words(session: Session, kind: str, channel: str, language: str) -> bool:
    """Whether a kind can be said on a channel."""
    try:
        in_force(session, kind, channel, language)
    except KeyError:
        return False
    return True


def _may_arrive(other: Message, late: bool) -> bool:
    """One that was sent, and is as late as this one, is not waited for."""
    if other.state == SENT and late:
        return other.fallback_at is not None
    return other.state in ALIVE


def _next(session: Session, message: Message, open_: Collection[Notice]) -> bool:
    """Write the messages of the next channel on which the person can be reached."""
    if message.user_id is None:
        return False
    wanted, at = _wanted(session, message.user_id, open_)
    for rank in range(message.rank + 1, len(message.plan)):
        channel = message.plan[rank]
        if channel not in wanted:
            continue
        words = has_words(session, message.kind or "", channel, message.language)
        if not words or not registry.offers(channel):
            continue
        to = addresses(session, [message.user_id], channel).get(message.user_id, [])
        if to:
            ids = sorted(each.id for each in open_)
            _write(session, message, open_, channel, to, rank, ids, at)
            return True
    return False


def _wanted(session: Session, user_id: int, open_: Collection[Notice]) -> tuple[set[str], datetime]:
    """The channels on which the person still wants all of these, and from when on."""
    channels, at = {each.value for each in Channel}, clock.now()
    for each in open_:
        known = kind(each.kind)
        wish = wishes(session, [user_id], known.topic)[user_id]
        channels &= set(wish.allowed(known))
        at = max(at, wish.next_hour(known.level, clock.now()))
    return channels, at


def _write(
    session: Session,
    message: Message,
    open_: Collection[Notice],
    channel: str,
    to: list[str],
    rank: int,
    ids: list[int],
    at: datetime,
) -> None:
    made = [written(channel, each, message, rank=rank, notice_ids=ids) for each in to]
    rows = [Message(**each, not_before=at) for each in made]
    session.add_all(rows)
    session.flush()
    for notice in open_:
        notice.state, notice.message_id = COMPOSED, rows[0].id
    outbox.ask_to_dispatch(session, channel)


def _give_up(
    session: Session,
    message: Message,
    open_: Collection[Notice],
    others: Collection[Message],
    reason: str,
) -> None:
    """One that may have arrived earlier, on another channel, has told it.

    Else a notice stays with a message that has failed, which is its dead letter.
    """
    told = any(each.state in ALIVE for each in others)
    failed = {each.id for each in others if each.state in (FAILED, UNDELIVERED)}
    for notice in open_:
        notice.state = TOLD if told else FAILED
        notice.reason = None if told else reason[:40]
        if told:
            continue
        if notice.message_id not in failed:
            notice.message_id = message.id
        if kind(notice.kind).level is Level.LEGAL:
            events.publish(session, LegalNoticeFailed(notice.kind, notice.key))


def _open_notices(session: Session, message: Message) -> list[Notice]:
    """Its notices that are not taken back, held until the end of the transaction."""
    theirs = Notice.id.in_(message.notice_ids), Notice.state.in_((COMPOSED, TOLD))
    query = select(Notice).where(*theirs).order_by(Notice.id).with_for_update()
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _others(session: Session, message: Message) -> list[Message]:
    """All other messages that carry one of its notices."""
    session.flush()
    carries: ColumnElement[bool] = Message.notice_ids.overlap(message.notice_ids)
    return list(session.scalars(select(Message).where(carries, Message.id != message.id)))


def tell(session: Session, ids: Collection[int], at: datetime) -> None:
    """These notices are told now; the first time counts, and the law's are said to others.

    One that was given up, or was over, is told when it has reached somebody after all.
    """
    if not ids:
        return
    told = session.execute(
        update(Notice)
        .where(Notice.id.in_(ids), Notice.state.in_((COMPOSED, FAILED, EXPIRED)))
        .values(state=TOLD, told_at=at, reason=None)
        .returning(Notice.kind, Notice.key)
        .execution_options(synchronize_session=False)
    )
    for name, key in told.all():
        if kind(name).level is Level.LEGAL:
            events.publish(session, LegalNoticeTold(name, key, at))
