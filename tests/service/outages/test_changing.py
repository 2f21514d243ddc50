"""An outage keeps what was said of it before."""

import pytest
from sqlalchemy import text

from runtime import events, migrate
from runtime.database import Database
from service.events import OutageChanged
from service.outages import changing, finding
from service.sync import run
from tests.service import changes


@pytest.fixture(autouse=True)
def heard():
    with events.subscribed(OutageChanged, changing.on_changed):
        yield


def test_each_change_says_what_was_and_what_is(database, core, feed):
    first = {"starts_at": "2026-11-11T01:00:00Z", "expected_end_at": "2026-11-11T03:30:00Z"}
    second = first | {"places": ["临江苑"], "state": "ongoing"}
    for said in (
        {},
        first | {"updated_at": "2026-11-02T01:00:00Z"},
        second | {"updated_at": "2026-11-11T01:00:00Z"},
    ):
        core.add("outage", changes.outage(**said))
        run.run(database, feed)
    with database.unit_of_work() as session:
        outage = finding.find(session, changes.outage()["outage_no"])
        later, sooner = changing.changes(session, outage)
    assert (sooner.before.starts_at.day, sooner.after.starts_at.day) == (10, 11)
    assert (sooner.before.state, sooner.after.state) == ("announced", "announced")
    assert sooner.after.places == tuple(changes.outage()["places"])
    assert (later.before.state, later.after.state) == ("announced", "ongoing")
    assert (later.before.places, later.after.places) == (sooner.after.places, ("临江苑",))
    assert later.before.starts_at == later.after.starts_at == sooner.after.starts_at
    assert [each.at.isoformat() for each in (sooner, later)] == [
        "2026-11-02T01:00:00+00:00",
        "2026-11-11T01:00:00+00:00",
    ]


def test_what_comes_again_as_it_was_is_no_change(database, core, feed):
    for _ in range(2):
        core.add("outage", changes.outage())
    run.run(database, feed)
    with database.unit_of_work() as session:
        outage = finding.find(session, changes.outage()["outage_no"])
        assert changing.changes(session, outage) == []


def test_the_tables_come_and_go_by_their_own_migration(scratch_database):
    url, location = scratch_database("inbox"), migrate.locations()["customer"]
    migrate.upgrade(url, location, "0022_inbox")
    copy = Database(url)
    query = "SELECT count(*) FROM pg_class WHERE relname = ANY(:names)"
    names = ["inbox_message", "outage_change", "outage_area_watch", "ix_inbox_message_unread"]

    def there():
        with copy.engine.connect() as connection:
            return connection.scalar(text(query), {"names": names})

    assert there() == 4
    migrate.downgrade(url, location, "0021_search")
    assert there() == 0
    migrate.upgrade(url, location, "0022_inbox")
    assert there() == 4
    copy.dispose()
