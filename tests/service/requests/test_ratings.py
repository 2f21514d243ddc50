"""What customers thought: once for each end, and low marks come back to a lead."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from runtime import clock, events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.events import RequestRated
from service.requests import moving, ratings, reading
from service.requests.models import Request
from tests.service import builders
from tests.service.requests.conftest import Customer, ask, move_in

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def lead(database: Database) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, name="周敏宁", staff_role="lead").id


@pytest.fixture
def done(database: Database, customer: Customer, lead: int) -> Request:
    made = ask(database, customer, "suggestion")
    end(database, made.request_no)
    return made


@pytest.fixture
def told() -> Iterator[list[RequestRated]]:
    found: list[RequestRated] = []
    with events.subscribed(RequestRated, lambda _session, event: found.append(event)):
        yield found


def end(database: Database, number: str) -> None:
    with database.unit_of_work() as session:
        moving.follow_core(session, moving.locked(session, number), "done", clock.now())


def rate(database: Database, customer: Customer, number: str, score: int, words: str = "") -> int:
    with database.unit_of_work() as session:
        return ratings.rate(session, customer.asker, number, score, words).id


def test_the_first_word_stays(
    database: Database, customer: Customer, done: Request, told: list[RequestRated]
) -> None:
    first = rate(database, customer, done.request_no, 4, " 很快 ")
    assert rate(database, customer, done.request_no, 1, "改主意了") == first
    with database.unit_of_work() as session:
        kept = ratings.rating(session, done)
        assert kept is not None
        assert (kept.score, kept.comment, kept.round) == (4, "很快", 0)
        assert ratings.low(session) == []
        assert ratings.since(session, clock.now()) == [0, 0, 0, 1, 0]
    assert [(each.score, each.low, each.request_no) for each in told] == [
        (4, False, done.request_no)
    ]


def test_a_low_mark_waits_for_a_lead(
    database: Database, customer: Customer, done: Request, lead: int, told: list[RequestRated]
) -> None:
    rating = rate(database, customer, done.request_no, 2, "等了两天")
    assert [each.low for each in told] == [True]
    with database.unit_of_work() as session:
        ((found, of),) = ratings.low(session)
        assert (found.id, found.comment, of.request_no) == (rating, "等了两天", done.request_no)
        with pytest.raises(Refused, match=r"rating\.followed_missing"):
            ratings.follow_up(session, rating, " ", by=lead)
        with pytest.raises(NotFound, match=r"rating\.not_found"):
            ratings.follow_up(session, 0, "打了电话", by=lead)
        ratings.follow_up(session, rating, "打了电话，说明白了", by=lead)
        ratings.follow_up(session, rating, "又打了一次", by=lead)
        assert ratings.low(session) == []
        assert (found.seen_by, found.followed) == (lead, "打了电话，说明白了")


@pytest.mark.parametrize("score", [0, 6, -1])
def test_one_to_five(database: Database, customer: Customer, done: Request, score: int) -> None:
    with pytest.raises(Refused, match=r"rating\.stars"):
        rate(database, customer, done.request_no, score)


def test_only_what_has_ended_not_long_ago(
    database: Database, customer: Customer, done: Request
) -> None:
    going = ask(database, customer, "suggestion", "form-2")
    with pytest.raises(Conflict, match=r"rating\.closed"):
        rate(database, customer, going.request_no, 5)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, going.request_no)
    with pytest.raises(Conflict, match=r"rating\.closed"):
        rate(database, customer, going.request_no, 5)
    with (
        time_machine.travel(clock.now() + timedelta(days=30), tick=False),
        pytest.raises(Conflict, match=r"rating\.closed"),
    ):
        rate(database, customer, done.request_no, 5)


def test_a_neighbour_rates_nothing(database: Database, done: Request) -> None:
    with pytest.raises(NotFound):
        rate(database, move_in(database), done.request_no, 5)


def test_too_many_words(database: Database, customer: Customer, done: Request) -> None:
    with pytest.raises(Refused, match=r"message\.too_long"):
        rate(database, customer, done.request_no, 5, "好" * 501)


def test_opened_again_it_is_rated_again(
    database: Database, customer: Customer, done: Request
) -> None:
    rate(database, customer, done.request_no, 1)
    with database.unit_of_work() as session:
        moving.reopen(session, customer.asker, done.request_no, "还是没回")
        assert ratings.rating(session, reading.any_request(session, done.request_no)) is None
    end(database, done.request_no)
    rate(database, customer, done.request_no, 5)
    with database.unit_of_work() as session:
        assert ratings.since(session, clock.now()) == [1, 0, 0, 0, 1]
