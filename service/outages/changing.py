"""The history of an outage: what was said of it before, and since when it is otherwise."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service.events import OutageChanged, OutageFacts
from service.outages.models import Outage, OutageChange


@dataclass(frozen=True)
class Change:
    """An outage as it was said to be, and as it was said to be from `at` on."""

    at: datetime
    before: OutageFacts
    after: OutageFacts


def on_changed(session: Session, event: OutageChanged) -> None:
    """Keep what is different now, with the core's time where it tells one."""
    before, after = (msgspec.to_builtins(each) for each in (event.before, event.outage))
    names = [name for name in after if before[name] != after[name]]
    told_at = session.scalar(
        select(Outage.updated_at).where(Outage.outage_no == event.outage.outage_no)
    )
    session.add(
        OutageChange(
            outage_no=event.outage.outage_no,
            at=told_at or clock.now(),
            before={name: before[name] for name in names},
            after={name: after[name] for name in names},
        )
    )
    session.flush()


def changes(session: Session, outage: OutageFacts) -> list[Change]:
    """What changed since it was announced, the last change first, each with all facts beside it."""
    query = (
        select(OutageChange)
        .where(OutageChange.outage_no == outage.outage_no)
        .order_by(OutageChange.id.desc())
    )
    names = OutageFacts.__struct_fields__
    facts = {name: getattr(outage, name) for name in names}
    found, state = [], msgspec.to_builtins(facts)
    for row in session.scalars(query):
        after = state | row.after
        state = after | row.before
        found.append(Change(row.at, _facts(state), _facts(after)))
    return found


def _facts(values: dict[str, object]) -> OutageFacts:
    return msgspec.convert(values, OutageFacts)
