"""Messages whose handing over ended without an answer: asked after, and only then sent again.

A provider that sends the same reference once is simply given it again, at an hour at which it
might be given it for the first time. One that can be asked is asked. Where nobody can say for
hours, the message becomes a dead letter: it is never sent twice.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from notifications import in_time, outbox, settling
from notifications.channels import registry
from notifications.channels.base import Found, Parcel, Provider, ProviderError, Refused
from notifications.content import bare, contents
from notifications.faults import place
from notifications.models import UNCLEAR, Message
from notifications.settings import DispatchSettings
from runtime import clock
from runtime.jobs import BACKOFF, database, jobs
from runtime.logs import get_logger
from runtime.settings import load

CHUNK = 50
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=10)

_log = get_logger(__name__)


@dataclass(frozen=True)
class Asked:
    """A message that is unclear, and whom to ask; `parcel` None: nobody can say.

    From `again_at` on it may be given to its provider again; None: never.
    """

    message_id: int
    provider: Provider | None
    parcel: Parcel | None
    is_sent_again: bool = False
    again_at: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """What was heard: `known` None means that it was not taken, unless `reason` says more.

    Where nobody can say now, it may be given again at `again_at`.
    """

    message_id: int
    known: Found | None = None
    is_known: bool = False
    reason: str = ""
    refused: bool = False
    again_at: datetime | None = None


@jobs.task(name="notifications.resolve", queue="notifications", retry=BACKOFF)
def resolve(message_id: int | None = None) -> None:
    """Ask what became of those that are unclear and whose time has come."""
    which = [] if message_id is None else [Message.id == message_id]
    with database().unit_of_work() as session:
        asked = _claim(session, *which)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(_ask, asked))
    with database().unit_of_work() as session:
        for each in answers:
            _write_down(session, each)
        if len(asked) == CHUNK:
            outbox.ask_to_resolve(session)


def _claim(session: Session, *which: ColumnElement[bool]) -> list[Asked]:
    """Take those that are due; until the next time nobody else asks after them."""
    now = clock.now()
    rows = session.scalars(
        select(Message)
        .where(Message.state == UNCLEAR, Message.not_before <= now, *which)
        .order_by(Message.claimed_at)
        .limit(CHUNK)
        .with_for_update(skip_locked=True)
    ).all()
    for each in rows:
        each.attempts += 1
        full = FIRST_WAIT * 2 ** min(each.attempts, 10)
        each.not_before = now + min(full, LONGEST_WAIT)
    return _asked(session, rows)


def _asked(session: Session, rows: Sequence[Message]) -> list[Asked]:
    """What to ask whom: a provider that knows our references gets the whole message again."""
    now = clock.now()
    times = {row.id: _again_at(row, now) for row in rows}
    again = [row for row in rows if times[row.id] == now]
    parcels = contents(session, again)
    asked = []
    for row in rows:
        if row.state != UNCLEAR:
            continue
        provider = registry.provider(row.provider)
        parcel = parcels.get(row.id) if row in again else bare(row)
        usable = parcel if isinstance(parcel, Parcel) and row.recipient else None
        asked.append(Asked(row.id, provider, usable, row in again, times[row.id]))
    return asked


def _again_at(row: Message, now: datetime) -> datetime | None:
    """When the provider can simply be given it again, because it knows the reference then."""
    provider, at = registry.provider(row.provider), in_time.from_when(row, now)
    if at is None or provider is None or not provider.is_idempotent:
        return None
    since = at - (row.claimed_at or now)
    return at if provider.remembers is None or since < provider.remembers / 2 else None


def _ask(asked: Asked) -> Answer:
    if asked.provider is None or asked.parcel is None:
        return Answer(asked.message_id, reason="unclear")
    try:
        if asked.is_sent_again:
            known: Found | None = Found(asked.provider.send(asked.parcel))
        else:
            known = asked.provider.find(asked.parcel)
    except NotImplementedError:
        return Answer(asked.message_id, reason="unclear", again_at=asked.again_at)
    except ProviderError as error:
        return Answer(asked.message_id, reason=error.reason, refused=isinstance(error, Refused))
    except Exception as error:  # noqa: BLE001 - whatever it was, it said nothing of the message
        _log.error("provider_broke", message=asked.message_id, fault=place(error))
        return Answer(asked.message_id, reason="unclear")
    return Answer(asked.message_id, known, is_known=True)


def _write_down(session: Session, answer: Answer) -> None:
    message = session.get_one(Message, answer.message_id, with_for_update=True)
    if message.state != UNCLEAR:
        return
    hours = timedelta(hours=load(DispatchSettings).message_unclear_hours)
    if answer.is_known:
        settling.found(session, message, answer.known)
    elif answer.refused:
        settling.fail(session, [message], answer.reason)
    elif answer.again_at is not None:
        message.not_before = answer.again_at
    elif message.claimed_at is None or clock.now() - message.claimed_at > hours:
        settling.fail(session, [message], "unclear")
