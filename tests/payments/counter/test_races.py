"""Two at the same moment: one pays, the other is told or given back."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from payments import receipts
from payments.checkout import Checkout
from payments.counter import cash, closing, shifts
from payments.counter.cash import Handed
from payments.counter.models import Cash
from payments.gateways import Gateways
from payments.gateways.base import Product, Trade, TradeState
from payments.models import Order, PostingTask
from payments.orders import start_order
from payments.receipts import Verdict
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, Refused
from tests.payments.conftest import Home
from tests.payments.counter.books import customers_cash
from tests.payments.counter.conftest import ALL, Desk, create_staff, place, take


def both_at_once(*acts: Callable[[], object]) -> list[object]:
    """The answers of acts that start together; a refusal is an answer."""
    answers: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place_: int, act: Callable[[], object]) -> None:
        start.wait()
        try:
            answers[place_] = act()
        except Refused as refusal:
            answers[place_] = refusal.code

    threads = [threading.Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_desks_scan_one_code(database: Database, desk: Desk, coded: str) -> None:
    with database.unit_of_work() as session:
        other = create_staff(session, "13800009602", "agent")
        shifts.open_shift(session, other, "4", 0)

    def at(staff: int, key: str) -> Callable[[], object]:
        def act() -> object:
            with database.unit_of_work() as session:
                shift = shifts.lock_open(session, staff)
                handed = Handed(shift, 150_00, key, staff)
                return cash.take_for_code(session, coded, handed).receipt_no

        return act

    answers = both_at_once(at(desk.agent, "a"), at(other, "b"))
    assert "counter.code_paid" in answers
    with database.unit_of_work() as session:
        assert session.scalars(select(Cash.receipt_no)).one() in answers
        assert sum(customers_cash(session).values()) == 14960


def test_a_double_click_at_the_same_moment(database: Database, desk: Desk, coded: str) -> None:
    def click() -> object:
        with database.unit_of_work() as session:
            return take(session, desk, coded, key="same").receipt_no

    answers = both_at_once(click, click, click)
    with database.unit_of_work() as session:
        assert answers == [session.scalars(select(Cash.receipt_no)).one()] * 3


def test_a_drawer_is_counted_before_or_after_the_cash_goes_in(
    database: Database, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        shift_no = shifts.lock_open(session, desk.agent).shift_no

    def count() -> object:
        with database.unit_of_work() as session:
            return closing.count(session, shift_no, {100_00: 1}, by=desk.agent).status

    def click() -> object:
        with database.unit_of_work() as session:
            return take(session, desk, coded).amount_fen

    assert both_at_once(count, click) in (
        ["closed", "counter.no_shift"],
        ["counter.difference", 149_60],
    )


def late_wechat(
    database: Database, both: Gateways, home: Home, order_no: str
) -> Callable[[], object]:
    def act() -> object:
        merchant = both["wechat"].merchant
        trade = Trade(order_no, TradeState.PAID, "4200", 14951, clock.now(), merchant)
        with database.unit_of_work() as session:
            return receipts.record(session, both["wechat"], trade, "callback")

    return act


def closed_wechat(database: Database, home: Home) -> str:
    """An order of WeChat Pay that was closed here; its money may come after all."""
    with database.unit_of_work() as session:
        order = start_order(session, home.user_id, ALL, "wechat", Product.NATIVE, "w")
        order.status, order.closed_at, order.close_reason = "closed", clock.now(), "expired"
        for item in order.items:
            item.held = False
    return order.order_no


def test_late_wechat_money_comes_before_the_cash(
    database: Database, both: Gateways, home: Home, desk: Desk, checkout: Checkout
) -> None:
    paid_late = closed_wechat(database, home)
    coded = place(checkout, home)
    assert late_wechat(database, both, home, paid_late)() is Verdict.ACCEPTED
    with database.unit_of_work() as session, pytest.raises(Conflict, match="code_outdated"):
        take(session, desk, coded)
    with database.unit_of_work() as session:
        assert session.scalar(select(Order.status).where(Order.order_no == paid_late)) == "paid"


def test_the_cash_comes_before_late_wechat_money(
    database: Database, both: Gateways, home: Home, desk: Desk, checkout: Checkout
) -> None:
    paid_late = closed_wechat(database, home)
    coded = place(checkout, home)
    with database.unit_of_work() as session:
        take(session, desk, coded)
    assert late_wechat(database, both, home, paid_late)() is Verdict.ACCEPTED
    with database.unit_of_work() as session:
        late = select(Order.status).where(Order.order_no == paid_late)
        assert session.scalar(late) == "refunding", "given back to whoever paid it"


def test_cash_and_late_wechat_money_at_the_same_moment(
    database: Database, both: Gateways, home: Home, desk: Desk, checkout: Checkout
) -> None:
    paid_late = closed_wechat(database, home)
    coded = place(checkout, home)

    def at_the_desk() -> object:
        with database.unit_of_work() as session:
            return take(session, desk, coded).receipt_no

    cash_said, wechat_said = both_at_once(at_the_desk, late_wechat(database, both, home, paid_late))
    assert wechat_said is Verdict.ACCEPTED
    with database.unit_of_work() as session:
        late = session.scalar(select(Order.status).where(Order.order_no == paid_late))
        owed = session.scalar(select(func.sum(PostingTask.amount_fen)))
    assert (cash_said, late, owed) in (
        ("counter.code_outdated", "paid", 14951),
        (cash_said, "refunding", 14960),
    )


def test_a_code_that_is_being_given_up_is_paid_or_not(
    database: Database, home: Home, desk: Desk, checkout: Checkout, coded: str
) -> None:
    def at_the_desk() -> object:
        with database.unit_of_work() as session:
            return take(session, desk, coded).receipt_no

    said, _nothing = both_at_once(at_the_desk, lambda: checkout.cancel(home.user_id, coded))
    with database.unit_of_work() as session:
        status = session.scalars(select(Order.status)).one()
        kept = session.scalar(select(func.count()).select_from(Cash))
    assert (status, kept) == (("closed", 0) if said == "counter.code_closed" else ("paid", 1))
