"""What has become of a campaign: counts while it runs, and a row for each person afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from notifications.models import COMPOSED, TOLD, WAITING, Message, Notice

BATCH = 1000


@dataclass
class Results:
    """People by what became of them, and messages by channel. `segments` are of SMS.

    `delivered` are those of `told` of whom a provider has said so.
    """

    waiting: int = 0
    told: int = 0
    delivered: int = 0
    withdrawn: int = 0
    expired: int = 0
    failed: int = 0
    segments: int = 0
    by_channel: dict[str, int] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return self.waiting + self.told + self.withdrawn + self.expired + self.failed


@dataclass(frozen=True)
class Outcome:
    """One person: the notice's number, and what became of it. No address, no name."""

    notice_id: int
    state: str
    reason: str | None
    channel: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    segments: int | None


def results(session: Session, campaign_id: int) -> Results:
    """All counts of a campaign, in one statement."""
    rows = session.execute(
        select(
            Notice.state,
            Message.channel,
            func.count(Notice.id),
            func.count(Message.delivered_at),
            func.coalesce(func.sum(Message.segments), 0),
        )
        .outerjoin(Message, Message.id == Notice.message_id)
        .where(Notice.campaign_id == campaign_id)
        .group_by(Notice.state, Message.channel)
    )
    found = Results()
    for state, channel, people, delivered, segments in rows:
        _add(found, state, people)
        found.segments += segments or 0
        if state == TOLD:
            found.delivered += delivered
            found.by_channel[channel or "inbox"] = people
    return found


def outcomes(session: Session, campaign_id: int) -> Iterator[Outcome]:
    """A row for each person, in the order in which they were taken; read as they are used."""
    last = 0
    while batch := session.execute(_QUERY, {"campaign": campaign_id, "last": last}).all():
        yield from (Outcome(*row) for row in batch)
        last = batch[-1].id


_QUERY = (
    select(
        Notice.id,
        Notice.state,
        func.coalesce(Notice.reason, Message.failure),
        Message.channel,
        Message.sent_at,
        Message.delivered_at,
        Message.segments,
    )
    .outerjoin(Message, Message.id == Notice.message_id)
    .where(Notice.campaign_id == bindparam("campaign"), Notice.id > bindparam("last"))
    .order_by(Notice.id)
    .limit(BATCH)
)


def _add(found: Results, state: str, people: int) -> None:
    name = WAITING if state in (WAITING, COMPOSED) else state
    setattr(found, name, getattr(found, name) + people)
