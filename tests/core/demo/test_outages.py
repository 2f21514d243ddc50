"""The demo's outages: whatever the day and the hour, some are behind, one goes on, some come."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from core.demo import outages
from core.models import Change
from core.outages.models import Outage
from runtime import clock
from runtime.database import Database

HOUSEHOLDS = "江城东-03"
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


def build(database: Database, now: datetime) -> list[Outage]:
    """The outages as they are after a build at that instant."""
    with time_machine.travel(now, tick=False):
        outages.bring_up_to_date(database)
        with database.unit_of_work() as session:
            return list(session.scalars(select(Outage).order_by(Outage.id)))


def changes(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(Change)) or 0


def instants() -> Iterator[datetime]:
    """Nine days in a row, at hours that move through the day."""
    for number in range(9):
        yield NOW + timedelta(days=number, hours=5 * number, minutes=7 * number)


@pytest.mark.parametrize("now", list(instants()), ids=str)
def test_there_is_always_something_of_everything(database: Database, now: datetime) -> None:
    rows = build(database, now)
    (fault,) = [row for row in rows if row.state == "ongoing" and row.kind == "unplanned"]
    assert fault.starts_at < now < fault.expected_end_at  # type: ignore[operator]
    coming = [row for row in rows if row.state == "announced"]
    assert all(now < row.starts_at < now + timedelta(days=10) for row in coming)
    assert len(coming) >= 2
    homes = [row for row in rows if HOUSEHOLDS in row.areas and row.kind == "planned"]
    assert any(row.ended_at is None for row in homes)
    over = Counter(row.state for row in rows if row.ended_at)
    assert over["restored"] >= 6
    assert over["cancelled"] >= 1
    for row in rows:
        planned = row.kind == "planned"
        assert row.announced_at <= row.starts_at - timedelta(days=7) or not planned
        assert row.ended_at is None or row.ended_at <= now
        assert row.state != "restored" or row.starts_at < row.ended_at  # type: ignore[operator]


def test_built_again_at_once_nothing_changes(database: Database) -> None:
    before = build(database, NOW)
    told = changes(database)
    assert [row.updated_at for row in build(database, NOW)] == [row.updated_at for row in before]
    assert changes(database) == told


def test_built_again_later_only_the_time_is_made_up_for(database: Database) -> None:
    first = {row.outage_no: row for row in build(database, NOW)}
    fault = next(row for row in first.values() if row.idempotency_key.endswith("fault"))
    same_day = {row.outage_no: row for row in build(database, NOW + timedelta(hours=5))}
    assert set(same_day) == set(first)
    longer = same_day[fault.outage_no]
    assert (longer.state, longer.starts_at) == ("ongoing", fault.starts_at)
    assert longer.expected_end_at == NOW + timedelta(hours=8)
    week = {row.outage_no: row for row in build(database, NOW + timedelta(days=7))}
    assert set(first) < set(week)
    assert week[fault.outage_no].state == "restored"
    begun = [row for row in first.values() if row.state == "announced"]
    over = [no for row in begun if week[no := row.outage_no].ended_at is not None]
    assert over
    keys = Counter(row.idempotency_key for row in week.values())
    assert set(keys.values()) == {1}
    newest = max(row.starts_at for row in week.values())
    assert clock.civil_date(newest) <= clock.civil_date(NOW) + timedelta(days=16)
