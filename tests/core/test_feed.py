"""The change feed never loses a change, whatever the order in which transactions end."""

import threading
from datetime import UTC, date

import msgspec
import pytest
from sqlalchemy import text

from core import feed, published
from runtime.database import Database


def read(database: Database, after: int = 0, limit: int = 100) -> feed.Page:
    with database.unit_of_work() as session:
        return feed.read(session, after, limit)


def append(database: Database, *keys: str) -> None:
    with database.unit_of_work() as session:
        feed.append(session, [("balance", key, {"balance_fen": 1}) for key in keys])


def keys_of(page: feed.Page) -> list[str]:
    return [msgspec.json.decode(line)["key"] for line in page.lines.splitlines()]


def test_an_empty_feed_stays_where_the_reader_is(database: Database) -> None:
    assert read(database, after=7) == feed.Page(b"", next_after=7, latest=0)


def test_a_line_holds_the_whole_object_as_it_was_given(database: Database) -> None:
    day = published.meter_day("M1", date(2026, 11, 2), [250] * 96, quality="V" * 96)
    with database.unit_of_work() as session:
        feed.append(session, [day])
        at = session.execute(text("SELECT now()")).scalar_one()
    assert msgspec.json.decode(read(database).lines) == {
        "seq": 1,
        "kind": "meter_day",
        "key": "M1/2026-11-02",
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "data": {
            "meter_no": "M1",
            "day": "2026-11-02",
            "import_wh": [250] * 96,
            "export_wh": None,
            "reactive_varh": None,
            "quality": "V" * 96,
        },
    }


@pytest.mark.parametrize("name", ["陈大文", 'a "quoted" \\ name', "tab\tand\nline", "\\."])
def test_any_text_comes_out_as_it_went_in(database: Database, name: str) -> None:
    with database.unit_of_work() as session:
        feed.append(session, [("account", name, {"holder_name": name})])
    change = msgspec.json.decode(read(database).lines)
    assert (change["key"], change["data"]) == (name, {"holder_name": name})


def test_json_that_is_ready_goes_through_untouched(database: Database) -> None:
    with database.unit_of_work() as session:
        feed.append(session, [("bill", "1", b'{"b": 1.50,  "a": 2}')])
    assert b'"data":{"b": 1.50,  "a": 2}}\n' in read(database).lines


def test_pages_follow_one_another_without_gap_or_overlap(database: Database) -> None:
    append(database, *(f"{n}" for n in range(25)))
    seen, after = [], 0
    while (page := read(database, after, limit=10)).lines:
        seen += keys_of(page)
        after = page.next_after
    assert seen == [f"{n}" for n in range(25)]
    assert read(database, after).latest == 25


def test_who_commits_later_has_the_higher_numbers(database: Database) -> None:
    """Two transactions write; the first to write ends last. A reader in between misses nothing."""
    first_wrote, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with database.unit_of_work() as session:
            feed.append(session, [("balance", "slow", {})])
            first_wrote.set()
            may_commit.wait(10)

    slow = threading.Thread(target=slow_writer)
    fast = threading.Thread(target=append, args=(database, "fast"))
    slow.start()
    assert first_wrote.wait(10)
    fast.start()
    await_lock_wait(database)
    between = read(database)
    assert keys_of(between) == []
    may_commit.set()
    slow.join()
    fast.join()
    assert keys_of(read(database, between.next_after)) == ["slow", "fast"]


def test_many_writers_and_a_reader_who_never_looks_back(database: Database) -> None:
    writers = [
        threading.Thread(target=append_often, args=(database, f"w{number}")) for number in range(6)
    ]
    for writer in writers:
        writer.start()
    seen: list[str] = []
    after = 0
    while True:
        writing = any(writer.is_alive() for writer in writers)
        page = read(database, after, limit=50)
        seen += keys_of(page)
        after = page.next_after
        if not writing and not page.lines:
            break
    assert sorted(seen) == sorted(f"w{writer}-{n}" for writer in range(6) for n in range(20))


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(TypeError), database.unit_of_work() as session:
        feed.append(session, [("balance", "lost", {}), ("balance", "unwritable", object())])
    append(database, "kept")
    assert keys_of(read(database)) == ["kept"]


def append_often(database: Database, name: str) -> None:
    for n in range(20):
        append(database, f"{name}-{n}")


def await_lock_wait(database: Database) -> None:
    """Until some session waits for the feed."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with database.engine.connect() as connection:
        while not connection.execute(waiting).scalar_one():
            connection.rollback()
