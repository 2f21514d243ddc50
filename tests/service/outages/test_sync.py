"""Outages come in by the sync, are kept as the core last told them, and are news once."""

import pytest
from sqlalchemy import select, text

from runtime import events, migrate
from runtime.database import Database
from service.events import OutageAnnounced, OutageChanged
from service.models import PoisonedChange, SyncCursor
from service.outages.models import Outage
from service.sync import run
from tests.service import changes


@pytest.fixture
def told():
    """What the other rooms hear, in its order."""
    heard = []

    def note(_session, event):
        heard.append(event)

    with events.subscribed(OutageAnnounced, note), events.subscribed(OutageChanged, note):
        yield heard


def _kept(database: Database) -> list[Outage]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Outage).order_by(Outage.outage_no)))


def test_an_outage_is_kept_whole_and_told_once(database, core, feed, told):
    core.add("outage", changes.outage())
    for _ in range(2):
        run.run(database, feed)
        with database.unit_of_work() as session:
            session.execute(text("UPDATE sync_cursor SET position = ''"))
    (row,) = _kept(database)
    said = changes.outage()
    assert (row.areas, row.places, row.reason) == (said["areas"], said["places"], said["reason"])
    assert row.starts_at.isoformat() == "2026-11-10T01:00:00+00:00"
    (event,) = told
    assert isinstance(event, OutageAnnounced)
    assert (event.outage.areas, event.outage.state) == (("T-17", "T-18"), "announced")
    assert event.outage.expected_end_at == row.expected_end_at


def test_a_change_says_what_was_before(database, core, feed, told):
    core.add("outage", changes.outage())
    run.run(database, feed)
    moved = {"starts_at": "2026-11-11T01:00:00Z", "expected_end_at": "2026-11-11T03:30:00Z"}
    core.add("outage", changes.outage(**moved, updated_at="2026-11-02T01:00:00Z"))
    run.run(database, feed)
    core.add("outage", changes.outage(**moved, state="cancelled", ended_at="2026-11-03T01:00:00Z"))
    run.run(database, feed)
    announced, later, off = told
    assert later == OutageChanged(later.outage, announced.outage)
    assert (later.before.starts_at.day, later.outage.starts_at.day) == (10, 11)
    assert (off.before, off.outage.state) == (later.outage, "cancelled")
    assert off.outage.ended_at.isoformat() == "2026-11-03T01:00:00+00:00"


def test_what_comes_again_as_it_was_is_no_news(database, core, feed, told):
    core.add("outage", changes.outage())
    run.run(database, feed)
    core.add("outage", changes.outage(updated_at="2026-11-02T01:00:00Z"))
    run.run(database, feed)
    assert [type(each) for each in told] == [OutageAnnounced]
    assert _kept(database)[0].seq == 2


def test_an_older_change_comes_too_late(database, core, feed, told):
    core.add("outage", changes.outage(state="ongoing"))
    core.add("outage", changes.outage(state="restored", ended_at="2026-11-10T03:00:00Z"))
    run.run(database, feed)
    with database.unit_of_work() as session:
        session.execute(text("UPDATE sync_cursor SET position = ''"))
    run.run(database, feed, batches=1)
    assert [row.state for row in _kept(database)] == ["restored"]
    assert len(told) == 1


def test_news_and_cursor_move_together(database, core, feed, told):
    """A listener that fails takes the batch back, so that it is told again."""
    core.add("outage", changes.outage())

    def refuse(_session, _event):
        raise RuntimeError("the listener is not ready")

    with (
        events.subscribed(OutageAnnounced, refuse),
        pytest.raises(RuntimeError, match="not ready"),
    ):
        run.run(database, feed)
    assert _kept(database) == []
    with database.unit_of_work() as session:
        assert session.scalars(select(SyncCursor.position)).all() in ([], [""])
    run.run(database, feed)
    assert len(_kept(database)) == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"areas": []}, "areas: there must be one at least"),
        ({"areas": [1]}, "areas: Expected `str`"),
        ({"areas": None}, "areas: Expected `array`"),
        ({"places": "梧桐里"}, "places: Expected `array`"),
        ({"kind": "rumoured"}, "Invalid enum value"),
        ({"state": "gone"}, "Invalid enum value"),
        ({"starts_at": "2026-11-10T01:00:00"}, "$.starts_at"),
        ({"starts_at": None}, "$.starts_at"),
        ({"expected_end_at": "3026-11-10T01:00:00Z"}, "expected_end_at must lie between"),
        ({"reason_code": "x" * 33}, "reason_code is longer than 32"),
    ],
)
def test_a_bad_one_is_set_aside_and_the_rest_goes_on(database, core, feed, told, wrong, reason):
    core.add("outage", changes.outage(**wrong))
    core.add("outage", changes.outage("T000000000002"))
    run.run(database, feed)
    assert [row.outage_no for row in _kept(database)] == ["T000000000002"]
    with database.unit_of_work() as session:
        (said,) = session.scalars(select(PoisonedChange.reason))
    assert reason in said
    assert [each.outage.outage_no for each in told] == ["T000000000002"]


def test_the_tables_come_and_go_by_their_own_migration(scratch_database):
    url, location = scratch_database("outages"), migrate.locations()["customer"]
    migrate.upgrade(url, location, "0017_outages")
    copy = Database(url)
    named = "SELECT count(*) FROM pg_class WHERE relname = :name"

    def there(name):
        with copy.engine.connect() as connection:
            return connection.scalar(text(named), {"name": name}) == 1

    names = ("outage", "ix_outage_areas", "ix_outage_starts_at", "ix_service_point_area")
    assert all(map(there, names))
    migrate.downgrade(url, location, "0016_requests")
    assert not any(map(there, names))
    migrate.upgrade(url, location, "0017_outages")
    assert all(map(there, names))
    copy.dispose()
