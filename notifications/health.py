"""What all workers know of the providers: how much each may take, and whether it works.

A worker takes room for a whole chunk at once, in a short transaction that holds the rows of the
channel's providers; so the rates hold for all workers together. A breaker opens after failures in
a row, or when most of a minute fails; when its pause is over one message is tried, and what
becomes of it decides.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.channels import registry
from notifications.models import Provider, ProviderMinute
from notifications.settings import DispatchSettings
from notifications.sharing import Seen, share
from runtime import clock, metrics
from runtime.settings import load

WINDOW = timedelta(minutes=10)
"""So far back is looked to share a load."""
IN_A_ROW = 5
ENOUGH, MOST_FAILING = 20, 0.5
"""Of at least so many in a minute, more than this share failed: that is no accident."""
PAUSE = timedelta(seconds=30)
PROBE = timedelta(seconds=60)
"""A probe that nobody has told the end of by then died with its worker: another may try."""

_open = metrics.gauge(
    "denghuo_provider_breaker_open", "Whether a provider is left alone (1)", ["provider"]
)
_outcomes = metrics.counter(
    "denghuo_provider_messages",
    "Messages by provider and what became of them",
    ["provider", "outcome"],
)


@dataclass(frozen=True)
class Room:
    """What may be handed over now, by provider; with none of it, when to ask again."""

    of: Mapping[str, int]
    again_in: timedelta = timedelta(0)

    @property
    def total(self) -> int:
        return sum(self.of.values())


def take(session: Session, channel: str, count: int, *, urgent: bool = False) -> Room:
    """Take room for up to `count` messages from the providers of a channel.

    What somebody waits for is taken from the next seconds when nothing is left.
    """
    names = [each.name for each in registry.providers(channel)]
    rows, now = _locked(session, names), clock.now()
    room = {each.name: _room(each, now, count if urgent else 0) for each in rows}
    taken = share(count, seen(session, names, now), room)
    for each in rows:
        if number := taken.get(each.name, 0):
            each.tokens -= number
            if each.open_until is not None:
                each.probe_at = now
    return Room(taken, timedelta(0) if taken else _again(rows, now))


def give_back(session: Session, unused: Mapping[str, int]) -> None:
    """Return room that there were no messages for."""
    for name in sorted(unused):
        if unused[name]:
            more = Provider.tokens + unused[name]
            session.execute(
                update(Provider)
                .where(Provider.name == name)
                .values(tokens=more, probe_at=None)
                .execution_options(synchronize_session=False)
            )


def note_handed(session: Session, name: str, worked: Iterable[bool]) -> None:
    """Write down how handing over went, in the order in which it ended; moves the breaker."""
    went, now = list(worked), clock.now()
    if not went:
        return
    _add(session, name, now, sent=sum(went), failed=went.count(False))
    [row] = _locked(session, [name])
    row.failures = _in_a_row(went, row.failures)
    fails = row.failures >= IN_A_ROW or (row.probe_at is not None and not went[-1])
    row.probe_at = None
    row.open_until = now + PAUSE if fails or _mostly_fails(session, name, now) else None
    _open.labels(name).set(row.open_until is not None)
    for worked_well, number in Counter(went).items():
        _outcomes.labels(name, "handed_over" if worked_well else "failed").inc(number)


def note_delivery(session: Session, name: str, *, delivered: bool, seconds: float) -> None:
    """Write down that a message arrived after so many seconds, or did not."""
    _add(
        session,
        name,
        clock.now(),
        delivered=int(delivered),
        undelivered=int(not delivered),
        delivery_seconds=max(seconds, 0.0) if delivered else 0.0,
    )
    _outcomes.labels(name, "delivered" if delivered else "undelivered").inc()


def switch(session: Session, name: str, *, off: bool) -> None:
    """Let a provider alone, or use it again; its breaker closes with it."""
    [row] = _locked(session, [name])
    row.is_off, row.open_until, row.failures = off, None, 0


def seen(session: Session, names: Iterable[str], now: datetime) -> dict[str, Seen]:
    """What each did in the last minutes."""
    minute = ProviderMinute
    rows = session.execute(
        select(
            minute.provider,
            func.sum(minute.sent).label("sent"),
            func.sum(minute.failed).label("failed"),
            func.sum(minute.delivered).label("delivered"),
            func.sum(minute.undelivered).label("undelivered"),
            func.sum(minute.delivery_seconds).label("seconds"),
        )
        .where(minute.provider.in_(wanted := list(names)), minute.minute > now - WINDOW)
        .group_by(minute.provider)
    )
    found = {
        row.provider: Seen(row.sent, row.failed, row.delivered, row.undelivered, row.seconds)
        for row in rows
    }
    return dict.fromkeys(wanted, Seen()) | found


def rate(name: str) -> float:
    """Messages a second that a provider may be given."""
    settings = load(DispatchSettings)
    return settings.provider_rates.get(name, settings.provider_rate)


def _locked(session: Session, names: list[str]) -> list[Provider]:
    """Their rows, made when they are first needed, always locked in the same order."""
    query = select(Provider).where(Provider.name.in_(names)).order_by(Provider.name)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    if len(found) == len(names):
        return list(found)
    rows = [{"name": each, "tokens": rate(each)} for each in sorted(names)]
    session.execute(insert(Provider).values(rows).on_conflict_do_nothing())
    return list(session.scalars(query.with_for_update()))


def _room(row: Provider, now: datetime, at_least: int) -> int:
    """How many a provider may be given now; its bucket is filled up to a second's worth."""
    own = rate(row.name)
    seconds = max((now - row.refilled_at).total_seconds(), 0.0)
    row.tokens, row.refilled_at = min(row.tokens + seconds * own, max(own, 1.0)), now
    if row.is_off or _is_open(row, now):
        return 0
    return 1 if row.open_until is not None else max(int(row.tokens), at_least)


def _is_open(row: Provider, now: datetime) -> bool:
    if row.open_until is None:
        return False
    return now < row.open_until or (row.probe_at is not None and now < row.probe_at + PROBE)


def _again(rows: list[Provider], now: datetime) -> timedelta:
    """When one of them may have room: its bucket, or its breaker's pause."""
    waits = [
        row.open_until - now if row.open_until else timedelta(seconds=1 / rate(row.name))
        for row in rows
        if not row.is_off
    ]
    return max(min(waits, default=PAUSE), timedelta(milliseconds=200))


def _in_a_row(went: list[bool], before: int) -> int:
    """Failures since the last success."""
    if True in went:
        return went[::-1].index(True)
    return before + len(went)


def _mostly_fails(session: Session, name: str, now: datetime) -> bool:
    minute = ProviderMinute
    row = session.execute(
        select(minute.sent, minute.failed).where(
            minute.provider == name, minute.minute == _minute(now)
        )
    ).one()
    all_: int = row.sent + row.failed
    return all_ >= ENOUGH and bool(row.failed > MOST_FAILING * all_)


def _add(session: Session, name: str, at: datetime, **counts: float) -> None:
    row = insert(ProviderMinute).values(provider=name, minute=_minute(at), **counts)
    more = {each: getattr(ProviderMinute, each) + row.excluded[each] for each in counts}
    session.execute(row.on_conflict_do_update(index_elements=["provider", "minute"], set_=more))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
