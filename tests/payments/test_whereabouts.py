"""Three sides are asked at once, none for long, and what they say is put to use."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest
import time_machine
from sqlalchemy import select, text

from payments import posting
from payments.gateways.base import GatewayUnavailable, Trade, TradeState
from payments.models import Order, PostingTask
from payments.whereabouts import AtGateway, InCore, Seeker, Whereabouts, WithUs
from runtime import clock
from runtime.database import Database
from runtime.errors import NotFound, Unavailable
from service.core_client import Booked, CoreClient, Posted, Reversed
from tests.payments.builders import ACCOUNT, create_user
from tests.payments.conftest import Home
from tests.payments.refunds.doubles import Core, Till


@dataclass
class Teller(Till):
    """A gateway that says of every order what it was told to say."""

    says: Trade | None = None
    slow: float = 0.0

    def query(self, order_no: str, trade_no: str | None = None) -> Trade:
        time.sleep(self.slow)
        if self.away:
            raise GatewayUnavailable(self.name, "unreachable")
        return self.says or Trade(order_no, TradeState.AWAITING)


@dataclass
class Books:
    """A core that has what it was told to have."""

    postings: list[Posted] = field(default_factory=list)
    reversals: list[Reversed] = field(default_factory=list)
    away: bool = False
    slow: float = 0.0

    def booked(self, order_no: str) -> Booked:
        time.sleep(self.slow)
        if self.away:
            raise Unavailable("core.unavailable")
        return Booked(tuple(self.postings), tuple(self.reversals))

    def has(self, order: Order, account_no: str = ACCOUNT) -> None:
        now = clock.now()
        number, fen = order.order_no, order.amount_fen
        self.postings.append(Posted("P1", account_no, fen, "wechat", number, now, now, (), 0))

    def takes_back(self, fen: int) -> None:
        self.reversals.append(Reversed("R1", "P1", ACCOUNT, fen, clock.now()))


Orders = Callable[..., Order]


@dataclass
class Asked:
    database: Database
    home: Home
    teller: Teller
    books: Books

    def find(self, order: Order, patience: float = 3.0) -> Whereabouts:
        seeker = Seeker(self.database, {"wechat": self.teller}, self.books, patience)
        return seeker.find(self.home.user_id, order.order_no)

    def says(self, order: Order, patience: float = 3.0) -> tuple[AtGateway, WithUs, InCore]:
        found = self.find(order, patience)
        return found.gateway, found.ours, found.core

    def paid(self, order: Order, fen: int | None = None) -> None:
        self.teller.says = self.teller.pay(order.order_no, fen or order.amount_fen, "4200-1")

    def post(self, order: Order) -> None:
        posting.post_order(self.database, cast(CoreClient, Core()), order.order_no)

    def jobs(self) -> list[str]:
        with self.database.unit_of_work() as session:
            rows = session.execute(text("select task_name from procrastinate_jobs order by id"))
            return [name for (name,) in rows]


@pytest.fixture
def asked(database: Database, home: Home) -> Asked:
    return Asked(database, home, Teller(), Books())


def test_nobody_has_paid_yet(asked: Asked, order: Orders) -> None:
    assert asked.says(order()) == ("unpaid", "open", "none")
    assert asked.jobs() == []


def test_a_lost_callback_is_made_good_by_asking(asked: Asked, order: Orders) -> None:
    started = order()
    asked.paid(started)
    found = asked.find(started)
    assert (found.gateway, found.ours, found.core) == ("paid", "received", "none")
    assert found.waiting == (ACCOUNT,)
    assert found.received_at is not None
    assert found.credited_by == found.received_at + timedelta(minutes=10)
    assert asked.jobs() == ["payments.post"]
    with asked.database.unit_of_work() as session:
        assert session.scalars(select(PostingTask.amount_fen)).all() == [14951]
    assert asked.says(started) == ("paid", "received", "none")
    assert asked.jobs() == ["payments.post"]


def test_money_for_an_order_that_was_closed_is_taken_up(asked: Asked, order: Orders) -> None:
    started = order(status="closed")
    asked.paid(started)
    assert asked.says(started) == ("paid", "received", "none")


def test_all_three_agree(asked: Asked, order: Orders) -> None:
    started = order()
    asked.paid(started)
    asked.find(started)
    asked.post(started)
    asked.books.has(started)
    found = asked.find(started)
    assert (found.gateway, found.ours, found.core) == ("paid", "posted", "all")
    assert (found.posted, found.waiting) == ((ACCOUNT,), ())
    assert found.posted_at == asked.books.postings[0].posted_at


def test_what_went_back_in_the_core_is_not_there(asked: Asked, order: Orders) -> None:
    started = order()
    asked.books.has(started)
    asked.books.takes_back(14950)
    assert asked.says(started)[2] == "all"
    asked.books.takes_back(1)
    assert asked.says(started)[2] == "back"


def test_another_sum_is_not_taken_for_ours(asked: Asked, order: Orders) -> None:
    started = order()
    asked.paid(started, fen=1)
    assert asked.says(started) == ("paid", "open", "none")


def test_an_order_whose_time_is_over_is_seen_to(asked: Asked, order: Orders) -> None:
    started = order()
    with time_machine.travel(started.expires_at + timedelta(seconds=1), tick=False):
        assert asked.says(started) == ("unpaid", "lapsed", "none")
    assert asked.jobs() == ["payments.ask"]


def test_what_takes_longer_than_promised_is_called_so(asked: Asked, order: Orders) -> None:
    started = order()
    asked.paid(started)
    asked.find(started)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert asked.says(started)[1] == "delayed"


def test_who_is_away_is_said_to_be_away(asked: Asked, order: Orders) -> None:
    asked.teller.away = asked.books.away = True
    assert asked.says(order()) == ("away", "open", "away")


def test_nobody_is_waited_for_for_long(asked: Asked, order: Orders) -> None:
    started = order()
    asked.teller.slow = asked.books.slow = 1.0
    begun = time.monotonic()
    assert asked.says(started, patience=0.1) == ("away", "open", "away")
    assert time.monotonic() - begun < 0.9


def test_no_connection_is_held_while_they_are_asked(asked: Asked, order: Orders) -> None:
    started, held = order(), []

    def busy() -> int:
        engines = (asked.database.engine, asked.database.reading_engine)
        return sum(engine.pool.checkedout() for engine in engines)  # type: ignore[attr-defined]

    class Watching(Books):
        def booked(self, order_no: str) -> Booked:
            held.append(busy())
            return Booked((), ())

    asked.books = Watching()
    asked.find(started)
    assert held == [0]


def test_for_a_neighbour_there_is_no_order_and_nobody_is_asked(asked: Asked, order: Orders) -> None:
    started = order()
    with asked.database.unit_of_work() as session:
        neighbour = create_user(session, "13800002047")
    asked.paid(started)
    with pytest.raises(NotFound):
        Seeker(asked.database, {"wechat": asked.teller}, asked.books).find(
            neighbour, started.order_no
        )
    assert asked.says(started)[1] == "received"
