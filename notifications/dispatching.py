"""From messages that wait to providers: a chunk at a time, each message once.

A chunk is claimed and its words are made in one transaction; it is handed over without a
connection; what became of it is written down in another one. Whoever dies in between leaves
messages that are `sending`; the sweep finds them (`notifications/sweeping.py`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from notifications import health, in_time, outbox, settling
from notifications.channels import registry
from notifications.content import Unsayable, contents
from notifications.handing import Ready, hand_over
from notifications.health import Room
from notifications.models import SENDING, UNCLEAR, WAITING, Message
from notifications.settings import DispatchSettings
from runtime import clock
from runtime.jobs import BACKOFF, URGENT_QUEUE, database, jobs
from runtime.settings import load

CHUNK = 50


@jobs.task(name="notifications.dispatch", queue="notifications", retry=BACKOFF)
def dispatch(channel: str, lane: int) -> None:
    """Hand a chunk of a channel over, and ask for the next when there is more."""
    with database().unit_of_work() as session:
        room = health.take(session, channel, CHUNK)
        if not room.total:
            if _waits(session, channel):
                outbox.ask_to_dispatch(session, channel, lane, after=room.again_in)
            return
    due = Message.channel == channel, Message.not_before <= clock.now()
    claimed = _through(room, *due, beside=partial(_ask_beside, channel=channel, lane=lane))
    if claimed == room.total:
        with database().unit_of_work() as session:
            outbox.ask_to_dispatch(session, channel, lane)


@jobs.task(name="notifications.send", queue=URGENT_QUEUE, retry=BACKOFF)
def send(message_id: int) -> None:
    """Hand over one message that somebody waits for."""
    with database().unit_of_work() as session:
        channel = session.scalar(
            select(Message.channel).where(
                Message.id == message_id,
                Message.state == WAITING,
                Message.recipient.is_not(None),
            )
        )
        if channel is None:
            return
        room = health.take(session, channel, 1, urgent=True)
        if not room.total:
            outbox.ask_to_send(session, message_id, after=room.again_in)
            return
    _through(room, Message.id == message_id)


def _through(
    room: Room,
    *which: ColumnElement[bool],
    beside: Callable[[Session], None] | None = None,
) -> int:
    """Claim, hand over, write down; returns how many were claimed.

    Where all of the room was needed, `beside` asks for somebody else before they are handed over.
    """
    with database().unit_of_work() as session:
        rows = _claim(session, room.total, *which)
        if beside and len(rows) == room.total:
            beside(session)
        _give_to(rows, room.of)
        ready = _ready(session, rows)
        used = Counter(each.provider.name for each in ready)
        health.give_back(session, {name: most - used[name] for name, most in room.of.items()})
    outcomes = hand_over(ready) if ready else []
    if outcomes:
        with database().unit_of_work() as session:
            _ask_again(session, settling.settle(session, outcomes), alone=len(outcomes) == 1)
    return len(rows)


def _ask_beside(session: Session, channel: str, lane: int) -> None:
    """Open the next lane of a channel; what is tried again later has one alone."""
    if 0 <= lane < load(DispatchSettings).dispatch_lanes - 1:
        outbox.ask_to_dispatch(session, channel, lane + 1)


def _claim(session: Session, most: int, *which: ColumnElement[bool]) -> list[Message]:
    """Take messages to be handed over now; what is of no more use expires."""
    now = clock.now()
    rows = session.scalars(
        select(Message)
        .where(Message.state == WAITING, Message.recipient.is_not(None), *which)
        .order_by(Message.priority, Message.not_before, Message.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    over = []
    for each in rows:
        at = in_time.from_when(each, now)
        if at is None:
            over.append(each)
        elif at > now:
            each.not_before = at
        else:
            each.state, each.claimed_at, each.attempts = SENDING, now, each.attempts + 1
    in_time.expire(session, over)
    return list(rows)


def _give_to(rows: Sequence[Message], room: Mapping[str, int]) -> None:
    """Name a provider for each, where it has failed before another one if there is one."""
    left = Counter(room)
    for each in rows:
        if each.state != SENDING:
            continue
        free = [name for name, number in left.items() if number > 0]
        fresh = [name for name in free if name != each.provider] or free
        each.provider = max(fresh, key=lambda name: (left[name], name))
        left[each.provider] -= 1


def _ready(session: Session, rows: Sequence[Message]) -> list[Ready]:
    claimed = [each for each in rows if each.state == SENDING]
    made, ready = contents(session, claimed), []
    for each in claimed:
        parcel, provider = made.get(each.id), registry.provider(each.provider)
        if isinstance(parcel, Unsayable):
            settling.fail(session, [each], str(parcel))
        elif parcel is not None and provider is not None and each.claimed_at is not None:
            ready.append(Ready(each.id, each.claimed_at, provider, parcel))
    return ready


def _ask_again(session: Session, again: Sequence[Message], *, alone: bool) -> None:
    """Jobs for what is to be tried again or asked after, when its time has come."""
    now = clock.now()
    for state, ask in ((WAITING, _ask_waiting), (UNCLEAR, _ask_unclear)):
        rows = sorted((each.not_before, each.id, each) for each in again if each.state == state)
        if rows:
            first, _, message = rows[0]
            ask(session, message, max(first - now, timedelta(0)), alone)


def _ask_waiting(session: Session, first: Message, after: timedelta, alone: bool) -> None:
    if alone:
        outbox.ask_to_send(session, first.id, after=after)
    else:
        outbox.ask_to_dispatch(session, first.channel, outbox.LATER, after=after)


def _ask_unclear(session: Session, first: Message, after: timedelta, alone: bool) -> None:
    outbox.ask_to_resolve(session, first.id if alone else None, after=after)


def _waits(session: Session, channel: str) -> bool:
    due = Message.not_before <= clock.now()
    waiting = select(Message.id).where(Message.channel == channel, Message.state == WAITING, due)
    return session.scalar(waiting.limit(1)) is not None
