"""Whatever is paid and given back, and whoever dies on the way: the books are right."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from payments import posting
from payments.models import Order, PostingTask
from payments.receipts import record
from payments.refunds import desk as at_desk
from payments.refunds import making, second
from payments.refunds.carrying import Carrier, NotRefunded
from payments.states import lock_order
from runtime.database import Database
from runtime.errors import Refused
from service.core_client import CoreClient
from tests.payments.conftest import Home
from tests.payments.refunds.conftest import HOME, OTHER, SITE, Desk, balances
from tests.payments.refunds.doubles import Core, Killed, Till

STEPS = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 16000), st.integers(0, 6000)),
    st.tuples(st.just("carry"), st.sampled_from(["", "core", "gateway", "away", "no"]), st.none()),
    st.tuples(st.just("second"), st.integers(1, 30000), st.none()),
    st.tuples(st.just("retry"), st.none(), st.none()),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=3, max_size=12))
def test_the_books_hold_what_the_gateway_holds(
    database: Database,
    home: Home,
    desk: Desk,
    paid: Callable[..., str],
    request: pytest.FixtureRequest,
    steps: list[tuple[str, Any, Any]],
) -> None:
    life = Life(database, desk, _fresh_order(database, paid, request))
    for name, first, then in steps:
        getattr(life, name)(first, then)
        life.check()
    life.finish()
    life.check()
    assert life.balance("refunds") == 0


_orders: dict[int, str] = {}


def _fresh_order(database: Database, paid: Callable[..., str], request: Any) -> str:
    """One paid order for the whole test, set back to how it was before each example."""
    number = _orders.get(id(request))
    if number is None:
        _orders.clear()
        number = _orders[id(request)] = paid()
    with database.unit_of_work() as session:
        session.execute(
            text("""
            truncate payment_refund, payment_refund_part, approval, ledger_entry,
                     procrastinate_jobs, posting_task, order_event cascade
            """)
        )
        session.execute(text("alter table payment_order disable trigger user"))
        session.execute(
            text("""
            update payment_order set status = 'awaiting', paid_at = null, refunded_fen = 0,
                                     trade_no = null, posted_at = null
            """)
        )
        session.execute(text("alter table payment_order enable trigger user"))
    return number


class Life:
    """An order that is paid and posted, and what a desk, a gateway and bad luck do to it."""

    def __init__(self, database: Database, desk: Desk, order_no: str) -> None:
        self.database, self.desk, self.order_no = database, desk, order_no
        self.core, self.till = Core(), Till()
        self.carrier = Carrier(database, cast(CoreClient, self.core), {"wechat": self.till}, SITE)
        trade = self.till.pay(order_no, 19951, "4200-1")
        with database.unit_of_work() as session:
            assert record(session, self.till, trade, "callback") == "accepted"
        posting.post_order(database, cast(CoreClient, self.core), order_no)

    def ask(self, home_fen: int, other_fen: int) -> None:
        parts = {HOME: home_fen, OTHER: other_fen}
        parts = {account_no: fen for account_no, fen in parts.items() if fen}
        try:
            self.desk.refund(self.order_no, parts)
        except Refused:
            with self.database.unit_of_work() as session:
                order = lock_order(session, self.order_no)
                assert order is not None
                left = making.left_of(session, order)
            assert not parts or any(fen > left.get(no, 0) for no, fen in parts.items())

    def carry(self, fate: str, _: None) -> None:
        self.core.killed_after = 0 if fate == "core" else -1
        self.till.killed, self.till.away = fate == "gateway", fate == "away"
        self.till.refusal = "not_enough" if fate == "no" else None
        for number in self.numbers():
            try:
                self.carrier.carry(number)
            except (Killed, NotRefunded):
                continue

    def second(self, fen: int, _: None) -> None:
        trade_no = f"4200-{len(self.till.paid) + 1}"
        self.till.away = False
        trade = self.till.pay(self.order_no, fen, trade_no)
        with self.database.unit_of_work() as session:
            assert record(session, self.till, trade, "callback") == "second_trade"
        second.take_up(self.database, self.carrier.gateways, "wechat", self.order_no, trade_no)

    def retry(self, *_: None) -> None:
        with self.database.unit_of_work() as session:
            for refund, _order in at_desk.stuck(session):
                at_desk.retry(session, refund.refund_no, by=self.desk.first)

    def finish(self) -> None:
        self.carry("", None)
        self.retry()
        self.carry("", None)

    def numbers(self) -> list[str]:
        with self.database.unit_of_work() as session:
            return list(session.scalars(text("select refund_no from payment_refund order by id")))

    def balance(self, account: str) -> int:
        with self.database.unit_of_work() as session:
            return balances(session).get(account, 0)

    def check(self) -> None:
        """Never more than came in; what we hold we owe; the gateway has what the books say."""
        with self.database.unit_of_work() as session:
            books = balances(session)
            order = session.scalars(select(Order)).one()
            posted = sum(session.scalars(select(PostingTask.amount_fen)))
            done = session.scalar(
                text("select coalesce(sum(amount_fen), 0) from payment_refund where state = 'done'")
            )
        came = sum(trade.amount_fen or 0 for trade in self.till.paid.values())
        assert books.get("wechat", 0) == came - int(done or 0)
        assert books.get("wechat", 0) >= self.till.balance_fen >= 0
        assert books.get("received", 0) <= 0
        assert books.get("refunds", 0) <= 0
        assert 0 <= order.refunded_fen <= order.amount_fen == posted
        assert -books.get("posted", 0) >= order.amount_fen - order.refunded_fen
        assert sum(books.values()) == 0
