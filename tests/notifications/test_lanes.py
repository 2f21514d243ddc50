"""Chunks of one channel side by side: a lane that is full opens the next, and none is too much."""

from sqlalchemy import text

from notifications import dispatching, notices, outbox
from notifications.channels.base import Parcel
from runtime.database import Database
from tests.notifications.senders import Sender, sending_by

LANES = 8


class Watching(Sender):
    """Notes which lanes are asked for while it is handed a message."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.asked_for: set[tuple[int, ...]] = set()
        self._database = database

    def _send(self, parcel: Parcel) -> str:
        self.asked_for.add(tuple(lanes(self._database)))
        return super()._send(parcel)


def put(database: Database, count: int) -> None:
    params = {"code": "482016", "minutes": "5"}
    with database.unit_of_work() as session:
        for number in range(count):
            outbox.put(session, "sms", f"138{number:08d}", "code_sign_in_zh", params)


def lanes(database: Database) -> list[int]:
    """The lanes that are asked for."""
    asked = text("SELECT CAST(args->>'lane' AS int) FROM procrastinate_jobs ORDER BY 1")
    with database.reading() as session:
        return list(session.scalars(asked))


def test_the_next_lane_opens_before_a_full_chunk_is_handed_over(database: Database) -> None:
    put(database, dispatching.CHUNK + 1)
    sender = Watching(database)
    with sending_by(sender):
        dispatching.dispatch("sms", 0)
    assert len(sender.taken) == dispatching.CHUNK
    assert sender.asked_for == {(1,)}
    assert lanes(database) == [0, 1]


def test_a_chunk_that_is_not_full_opens_none(database: Database, sender: Sender) -> None:
    put(database, dispatching.CHUNK - 1)
    dispatching.dispatch("sms", 0)
    assert len(sender.taken) == dispatching.CHUNK - 1
    assert lanes(database) == []


def test_there_are_only_so_many_lanes(database: Database, sender: Sender) -> None:
    put(database, dispatching.CHUNK)
    dispatching.dispatch("sms", LANES - 1)
    assert lanes(database) == [LANES - 1]


def test_chunks_give_way_to_all_other_jobs(database: Database) -> None:
    with database.unit_of_work() as session:
        outbox.ask_to_dispatch(session, "sms")
        notices.ask_to_compose(session)
        outbox.ask_to_send(session, 1)
    first = text("SELECT task_name FROM procrastinate_jobs ORDER BY priority DESC, id")
    with database.reading() as session:
        assert session.scalars(first).all() == [
            "notifications.send",
            "notifications.compose",
            "notifications.dispatch",
        ]


def test_what_is_tried_again_later_has_one_lane(database: Database, sender: Sender) -> None:
    put(database, dispatching.CHUNK)
    dispatching.dispatch("sms", outbox.LATER)
    assert lanes(database) == [outbox.LATER]
