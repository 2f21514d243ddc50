"""What became of messages is written down in one transaction, and what follows from it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from notifications import health, in_time, outbox
from notifications.channels import registry
from notifications.channels.base import Found, Provider
from notifications.going_on import go_on, stop, tell
from notifications.handing import Ending, Outcome
from notifications.models import (
    DELIVERED,
    FAILED,
    SENDING,
    SENT,
    UNCLEAR,
    UNDELIVERED,
    WAITING,
    Attachment,
    Message,
)
from notifications.settings import DispatchSettings
from notifications.together import fallback_minutes
from runtime import clock, metrics
from runtime.jobs import Backoff
from runtime.settings import load

PATIENCE = Backoff(longest=timedelta(minutes=5))
AGAIN = timedelta(seconds=2)
"""A provider that knows our reference may be asked again so soon after a lost answer."""
HELD = (SENDING, UNCLEAR)
REPORTED = (DELIVERED, UNDELIVERED)

_messages = metrics.counter("denghuo_messages", "Messages to people", ["channel", "outcome"])


def settle(session: Session, outcomes: Sequence[Outcome]) -> list[Message]:
    """Write down how handing over ended; returns the messages.

    What somebody else has claimed meanwhile is left alone.
    """
    rows, now, ended = _locked(session, outcomes), clock.now(), []
    for each in outcomes:
        row = rows[each.ready.message_id]
        if row.claimed_at == each.ready.claimed_at:
            _end(row, each, now)
            ended.append(row)
    _follow(session, ended, now)
    _note_health(session, outcomes)
    return ended


def found(session: Session, message: Message, known: Found | None) -> None:
    """A provider has said what became of a message that was unclear."""
    now = clock.now()
    if known is None:
        message.state, message.not_before, message.provider = WAITING, now, None
        outbox.ask_to_dispatch(session, message.channel)
        return
    _sent(message, known.provider_no, message.claimed_at or now)
    if known.delivered is not None:
        _reported(message, known.delivered, known.reason, now)
    _follow(session, [message], now)


def reported(
    session: Session,
    message: Message,
    number: str | None,
    *,
    delivered: bool,
    reason: str,
    at: datetime,
) -> None:
    """A report has come; it may be faster than the answer of the provider."""
    if message.sent_at is None:
        message.sent_at, message.provider_no = message.claimed_at or at, number
    _reported(message, delivered, reason, at)
    _follow(session, [message], clock.now())
    if delivered and message.notice_ids:
        stop(session, message)


def fail(session: Session, messages: Iterable[Message], reason: str) -> None:
    """These will not be sent: the next channel, or dead letters."""
    failed = list(messages)
    for each in failed:
        _fail(each, reason)
    _follow(session, failed, clock.now())


def _locked(session: Session, outcomes: Sequence[Outcome]) -> dict[int, Message]:
    ids = [each.ready.message_id for each in outcomes]
    query = select(Message).where(Message.id.in_(ids)).order_by(Message.id).with_for_update()
    return {each.id: each for each in session.scalars(query)}


def _end(row: Message, outcome: Outcome, now: datetime) -> None:
    if outcome.ending is Ending.SENT:
        _sent(row, outcome.number, now)
    elif row.state not in HELD:
        return  # a report was faster than the answer, and knows better
    elif outcome.ending is Ending.REFUSED:
        _fail(row, outcome.reason)
    elif outcome.ending is Ending.BUSY:
        _wait(row, outcome.reason, now)
    elif outcome.ending is Ending.UNTRIED:
        row.state, row.attempts, row.claimed_at = WAITING, row.attempts - 1, None
    else:
        row.state, row.failure = UNCLEAR, outcome.reason[:64]
        row.not_before = _asked_after(row, outcome.ready.provider, now)


def _sent(row: Message, number: str, at: datetime) -> None:
    row.provider_no, row.sent_at, row.params = number[:64], at, None
    if row.state in REPORTED:
        return
    row.state, row.failure = SENT, None
    minutes, provider = fallback_minutes(row.kind or ""), registry.provider(row.provider)
    if minutes and provider and provider.reports and row.rank + 1 < len(row.plan):
        row.fallback_at = at + timedelta(minutes=minutes)


def _reported(row: Message, delivered: bool, reason: str, at: datetime) -> None:
    row.state = DELIVERED if delivered else UNDELIVERED
    row.delivered_at = at if delivered else None
    row.failure = None if delivered else reason[:64]
    row.fallback_at = row.params = None


def _fail(row: Message, reason: str) -> None:
    row.state, row.failure, row.params = FAILED, reason[:64], None


def _wait(row: Message, reason: str, now: datetime) -> None:
    """Again later; at once when it was the first try and another provider can take it."""
    another = len(registry.providers(row.channel)) > 1 and row.attempts == 1
    row.state, row.failure = WAITING, reason[:64]
    row.not_before = now if another else now + PATIENCE.wait(row.attempts - 1)


def _follow(session: Session, rows: Sequence[Message], now: datetime) -> None:
    """What the new states of messages mean for their notices, and for what went with them."""
    told = {id_ for row in rows if row.state in (SENT, DELIVERED) for id_ in row.notice_ids}
    tell(session, told, now)
    for row in rows:
        if row.state in (FAILED, UNDELIVERED):
            go_on(session, row, row.failure or row.state)
    done = [row.id for row in rows if row.state not in (WAITING, *HELD)]
    if done:
        session.execute(delete(Attachment).where(Attachment.message_id.in_(done)))
    for row in rows:
        if row.state not in HELD:
            _messages.labels(row.channel, row.state).inc()


def _note_health(session: Session, outcomes: Sequence[Outcome]) -> None:
    went: dict[str, list[bool]] = defaultdict(list)
    for each in outcomes:
        if each.ending is not Ending.UNTRIED:
            works = each.ending in (Ending.SENT, Ending.REFUSED)
            went[each.ready.provider.name].append(works)
    for name in sorted(went):
        health.note_handed(session, name, went[name])


def _asked_after(row: Message, provider: Provider, now: datetime) -> datetime:
    """Soon where it is simply given again; what is asked about may still be on its way."""
    soon = now + AGAIN
    if provider.is_idempotent and in_time.from_when(row, soon) == soon:
        return soon
    return now + timedelta(seconds=load(DispatchSettings).message_grace_seconds)
