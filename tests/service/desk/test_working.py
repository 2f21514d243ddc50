"""Taking, giving, noting, keeping: what people at the desk do with requests among themselves."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.desk import filters, looking, notes, seats, taking
from service.desk.models import RequestNote
from service.desk.queue import Wanted
from service.desk.taking import Handed
from service.requests import moving, reading
from tests.service.desk.conftest import worker
from tests.service.requests.conftest import Customer, ask


def assignee(session: Session, request_no: str) -> int | None:
    return reading.any_request(session, request_no).assignee_id


def test_of_two_who_take_it_one_has_it(database: Database, customer: Customer) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        one, other = worker(session), worker(session)
        taking.take(session, made.request_no, one.id)
        taking.take(session, made.request_no, one.id)
        with pytest.raises(Conflict, match=r"desk\.taken"):
            taking.take(session, made.request_no, other.id)
        assert assignee(session, made.request_no) == one.id
        with pytest.raises(NotFound, match=r"request\.not_found"):
            taking.take(session, "BX000000000000", one.id)


def test_of_four_who_take_it_at_the_same_moment_one_has_it(
    database: Database, customer: Customer
) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        people = [worker(session).id for _ in range(4)]
    start = Barrier(len(people))

    def take(me: int) -> str:
        start.wait()
        try:
            with database.unit_of_work() as session:
                taking.take(session, made.request_no, me)
        except Conflict as refusal:
            return refusal.code
        return "taken"

    with ThreadPoolExecutor(len(people)) as pool:
        taken = list(pool.map(take, people))
    assert sorted(taken) == ["desk.taken"] * 3 + ["taken"]
    with database.unit_of_work() as session:
        assert assignee(session, made.request_no) == people[taken.index("taken")]


def test_what_has_ended_cannot_be_taken(database: Database, customer: Customer) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        me = worker(session)
        moving.reject(session, made.request_no, "重复", by=me.id)
        with pytest.raises(Conflict, match=r"request\.moved_on"):
            taking.take(session, made.request_no, me.id)


def test_one_gives_what_one_has_and_a_lead_gives_all(
    database: Database, customer: Customer
) -> None:
    mine, theirs, free = (ask(database, customer, key=key) for key in ("a", "b", "c"))
    with database.unit_of_work() as session:
        me, colleague, field = worker(session), worker(session), worker(session, "field")
        taking.take(session, mine.request_no, me.id)
        taking.take(session, theirs.request_no, colleague.id)
        three = [mine.request_no, theirs.request_no, free.request_no]
        assert taking.hand(session, three, field.id, me.id) == Handed(changed=2, left=1)
        assert assignee(session, theirs.request_no) == colleague.id
        assert taking.hand(session, three, None, me.id, lead=True) == Handed(changed=3, left=0)
        assert [assignee(session, each) for each in three] == [None] * 3


@pytest.mark.parametrize("role", ["finance", "inspector", None])
def test_nothing_is_given_to_who_has_no_requests_in_hand(
    database: Database, customer: Customer, role: str | None
) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        me, nobody = worker(session), worker(session, role)  # type: ignore[arg-type]
        with pytest.raises(NotFound, match=r"person\.not_found"):
            taking.hand(session, [made.request_no], nobody.id, me.id)
        assert assignee(session, made.request_no) is None


def test_only_open_ones_are_urged(database: Database, customer: Customer) -> None:
    made, ended = (ask(database, customer, key=key) for key in ("a", "b"))
    with database.unit_of_work() as session:
        me = worker(session)
        moving.reject(session, ended.request_no, "重复", by=me.id)
        both = [made.request_no, ended.request_no]
        assert taking.urge(session, both, True, me.id) == 1
        urgent = [reading.any_request(session, each).urgent for each in both]
        assert urgent == [True, False]


def test_a_note_that_is_sent_twice_is_one(database: Database, customer: Customer) -> None:
    made = [ask(database, customer, key=key) for key in ("a", "b")]
    both = [each.request_no for each in made]
    with database.unit_of_work() as session:
        me = worker(session)
        assert notes.note(session, both, " 客户家有老人\r\n先打电话 ", "k1", by=me.id) == 2
        assert notes.note(session, both, "又一次", "k1", by=me.id) == 0
        [noted] = notes.notes(session, made[0])
        assert (noted.note.text, noted.by.id) == ("客户家有老人\n先打电话", me.id)


@pytest.mark.parametrize(
    ("given", "code"),
    [("  \u200b ", "desk.note_missing"), ("长" * 1001, "desk.note_too_long")],
)
def test_a_note_says_something(
    database: Database, customer: Customer, given: str, code: str
) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        with pytest.raises(Refused, match=code):
            notes.note(session, [made.request_no], given, "k1", by=worker(session).id)
        assert session.scalars(select(RequestNote)).all() == []


def test_a_note_stays_as_it_was_written(database: Database, customer: Customer) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        notes.note(session, [made.request_no], "先打电话", "k1", by=worker(session).id)
        kept = session.execute(text("SELECT text FROM request_note")).scalar_one()
        assert "先打电话".encode() not in kept
    for statement in ("UPDATE request_note SET key = 'x'", "DELETE FROM request_note"):
        with (
            pytest.raises(DBAPIError, match="a note on a request is never changed"),
            database.unit_of_work() as session,
        ):
            session.execute(text(statement))


def test_colleagues_see_who_has_it_open_for_a_minute(
    database: Database, customer: Customer, now: time_machine.Traveller
) -> None:
    made, another = (ask(database, customer, key=key) for key in ("a", "b"))
    with database.unit_of_work() as session:
        me, colleague = worker(session), worker(session)
        looking.look(session, made, me.id)
        looking.look(session, another, me.id)
        looking.look(session, made, me.id)
        assert looking.others(session, made, colleague.id) == [me]
        assert looking.others(session, made, me.id) == []
        now.shift(61)
        assert looking.others(session, made, colleague.id) == []
        looking.look(session, another, me.id)
        rows = session.execute(text("SELECT request_id FROM request_look")).scalars().all()
        assert rows == [another.id]


def test_a_seat_is_chosen_and_changed(database: Database) -> None:
    with database.unit_of_work() as session:
        me = worker(session).id
        assert seats.team_of(session, me) is None
        seats.sit(session, me, "repair")
        seats.sit(session, me, "metering")
        session.expire_all()
        assert seats.team_of(session, me) == "metering"
        with pytest.raises(Refused, match=r"desk\.team_unknown"):
            seats.sit(session, me, "kitchen")


def test_a_view_is_kept_under_a_name_and_said_anew(database: Database) -> None:
    first = Wanted("free", "repair", kind="outage_repair", urgent=True)
    with database.unit_of_work() as session:
        me, other = worker(session).id, worker(session).id
        filters.keep(session, me, " 急的 ", first)
        filters.keep(session, me, "急的", Wanted("all", urgent=True))
        filters.keep(session, other, "急的", first)
        [kept] = filters.kept(session, me)
        assert (kept.name, Wanted.of(kept.wanted)) == ("急的", Wanted("all", urgent=True))
        with pytest.raises(NotFound, match=r"desk\.filter_not_found"):
            filters.drop(session, other, kept.id)
        filters.drop(session, me, kept.id)
        assert filters.kept(session, me) == []
        assert len(filters.kept(session, other)) == 1


def test_views_have_names_and_an_end(database: Database) -> None:
    with database.unit_of_work() as session:
        me = worker(session).id
        with pytest.raises(Refused, match=r"desk\.filter_name"):
            filters.keep(session, me, " \n ", Wanted())
        for number in range(filters.MOST_KEPT):
            filters.keep(session, me, f"第 {number}", Wanted())
        filters.keep(session, me, "第 0", Wanted("all"))
        with pytest.raises(Conflict, match=r"desk\.filters_full"):
            filters.keep(session, me, "再来一个", Wanted())
        assert len(filters.kept(session, me)) == filters.MOST_KEPT


def test_what_is_not_known_any_longer_is_left_out_of_a_kept_view() -> None:
    assert Wanted.of({"queue": "late", "street": "梧桐里"}) == Wanted("late")
