"""Messages whose handing over ended without an answer: asked after, and only then sent again.

A provider that sends the same reference once is simply given it again. One that can be asked is
asked. Where nobody can say for hours, the message becomes a dead letter: it is never sent twice.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from notifications import outbox, settling
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
    """A message that is unclear, and whom to ask; `parcel` None: nobody can say."""

    message_id: int
    provider: Provider | None
    parcel: Parcel | None
    is_sent_again: bool = False


@dataclass(frozen=True)
class Answer:
    """What was heard: `known` None means that it was not taken, unless `reason` says more."""

    message_id: int
    known: Found | None = None
    is_known: bool = False
    reason: str = ""
    refused: bool = False


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
    again = [row for row in rows if _remembers(row)]
    parcels = contents(session, again)
    asked = []
    for row in rows:
        if row.state != UNCLEAR:
            continue
        provider = registry.provider(row.provider)
        parcel = parcels.get(row.id) if row in again else bare(row)
        usable = parcel if isinstance(parcel, Parcel) and row.recipient else None
        asked.append(Asked(row.id, provider, usable, is_sent_again=row in again))
    return asked


def _remembers(row: Message) -> bool:
    """Whether the provider still knows the reference, so that it can simply be given again."""
    provider = registry.provider(row.provider)
    if provider is None or not provider.is_idempotent:
        return False
    since = clock.now() - (row.claimed_at or clock.now())
    return provider.remembers is None or since < provider.remembers / 2


def _ask(asked: Asked) -> Answer:
    if asked.provider is None or asked.parcel is None:
        return Answer(asked.message_id, reason="unclear")
    try:
        if asked.is_sent_again:
            known: Found | None = Found(asked.provider.send(asked.parcel))
        else:
            known = asked.provider.find(asked.parcel)
    except NotImplementedError:
        return Answer(asked.message_id, reason="unclear")
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
    elif message.claimed_at is None or clock.now() - message.claimed_at > hours:
        settling.fail(session, [message], "unclear")
