"""Queues by their clock, page by page, however many there are."""

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.orm import Session

from runtime.database import Database
from service.desk import queue
from service.desk.queue import Item, Mark, Wanted
from service.requests import moving
from service.requests.models import Request
from tests.service.desk.conftest import worker
from tests.service.requests.conftest import Customer, ask

ALL = Wanted("all")


def kinds(items: list[Item]) -> list[str]:
    return [each.request.kind for each in items]


def numbers(items: list[Item]) -> list[str]:
    return [each.request.request_no for each in items]


def test_what_is_due_first_stands_first(database: Database, customer: Customer) -> None:
    for kind in ("new_connection", "outage_repair", "complaint"):
        ask(database, customer, kind, key=kind)
    with database.unit_of_work() as session:
        me = worker(session).id
        found = queue.page(session, ALL, me)
        assert kinds(found.items) == ["outage_repair", "complaint", "new_connection"]
        assert found.after is None
        assert found.items[0].account is not None
        assert found.items[0].account.account_no == customer.account_no
        assert found.items[0].assignee is None


def test_every_queue_holds_what_it_says(
    database: Database, customer: Customer, now: time_machine.Traveller
) -> None:
    mine = ask(database, customer, key="mine")
    free = ask(database, customer, key="free")
    paused = ask(database, customer, "new_connection", key="paused")
    ended = ask(database, customer, "complaint", key="ended")
    with database.unit_of_work() as session:
        me = worker(session).id
        moving.assign(session, [mine.request_no], me, by=me)
        moving.pause(session, paused.request_no, "少一张房产证", by=me)
        moving.reject(session, ended.request_no, "不归我们管", by=me)
        moving.urge(session, free.request_no, True, by=me)
    now.shift(3600)
    with database.unit_of_work() as session:

        def held(wanted: Wanted) -> set[str]:
            return set(numbers(queue.page(session, wanted, me).items))

        assert held(Wanted("mine")) == {mine.request_no}
        assert held(Wanted("team", "repair")) == {mine.request_no, free.request_no}
        assert held(Wanted("free", "repair")) == {free.request_no}
        assert held(Wanted("free")) == {free.request_no, paused.request_no}
        assert held(Wanted("late")) == {mine.request_no, free.request_no}
        assert held(Wanted("late", "connection")) == set()
        assert held(Wanted("paused")) == {paused.request_no}
        assert held(ALL) == {mine.request_no, free.request_no, paused.request_no}
        assert held(Wanted("all", kind="new_connection")) == {paused.request_no}
        assert held(Wanted("all", urgent=True)) == {free.request_no}
        assert held(Wanted("all", person=me)) == {mine.request_no}
        assert queue.counts(session, me, Wanted(team="repair")) == {
            "mine": 1,
            "team": 2,
            "free": 1,
            "late": 2,
            "paused": 0,
            "all": 3,
        }


def test_pages_go_on_where_the_last_ended(database: Database, customer: Customer) -> None:
    for number in range(7):
        ask(database, customer, key=f"k{number}")
    paused = ask(database, customer, "new_connection", key="paused")
    with database.unit_of_work() as session:
        me = worker(session).id
        moving.pause(session, paused.request_no, "少一张房产证", by=me)
        whole = numbers(queue.page(session, ALL, me).items)
        seen, after = [], None
        for _ in range(3):
            page = queue.page(session, ALL, me, after, limit=3)
            seen += numbers(page.items)
            after = Mark.read(str(page.after)) if page.after else None
        assert seen == whole
        assert len(whole) == 8
        assert whole[-1] == paused.request_no
        assert after is None


def test_a_page_is_not_shifted_by_what_a_colleague_closes(
    database: Database, customer: Customer
) -> None:
    made = [ask(database, customer, key=f"k{number}") for number in range(4)]
    with database.unit_of_work() as session:
        me = worker(session).id
        first = queue.page(session, ALL, me, limit=2)
        moving.reject(session, made[0].request_no, "重复", by=me)
        second = queue.page(session, ALL, me, first.after, limit=2)
        assert numbers(second.items) == [made[2].request_no, made[3].request_no]


def test_counts_stop_where_nobody_reads_them(database: Database, customer: Customer) -> None:
    made = ask(database, customer)
    with database.unit_of_work() as session:
        _copies(session, made, 150)
        me = worker(session).id
        assert queue.counts(session, me, Wanted())["all"] == queue.MOST_COUNTED + 1
        assert queue.how_many(session, ALL, me, 200) == 151


def test_the_part_beside_a_case_is_where_the_case_stands(
    database: Database, customer: Customer
) -> None:
    made = [ask(database, customer, key=f"k{number}") for number in range(20)]
    with database.unit_of_work() as session:
        me = worker(session).id
        beside = numbers(queue.beside(session, ALL, me, made[9]))
        assert beside == [each.request_no for each in made[5:17]]
        assert numbers(queue.beside(session, ALL, me, made[0])) == [
            each.request_no for each in made[:12]
        ]
        ended = moving.reject(session, made[9].request_no, "重复", by=me)
        assert numbers(queue.beside(session, ALL, me, ended))[0] == made[0].request_no


def test_a_mark_is_read_as_it_was_written() -> None:
    assert str(Mark.read("2026-12-11T02:00:00+00:00~7")) == "2026-12-11T02:00:00+00:00~7"
    assert Mark.read("~7") == Mark(None, 7)


@pytest.mark.parametrize("given", ["", "x", "2026-12-11T02:00:00~1", "~", "2026-12-11T02:00Z"])
def test_a_mark_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - as fromisoformat and int say it
        Mark.read(given)


def _copies(session: Session, made: Request, count: int) -> None:
    """More of the same, without the time that asking takes."""
    columns = [each.name for each in Request.__table__.columns if each.name != "id"]
    own = {"request_no": "request_no || n", "idempotency_key": "idempotency_key || n"}
    chosen = ", ".join(own.get(name, name) for name in columns)
    session.execute(
        text(
            f"INSERT INTO service_request ({', '.join(columns)}) SELECT {chosen}"  # noqa: S608
            " FROM service_request, generate_series(1, :count) n WHERE id = :id"
        ),
        {"count": count, "id": made.id},
    )
