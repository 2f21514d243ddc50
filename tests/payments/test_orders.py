"""Starting orders: what is paid comes from the bills, and no bill is in two open orders."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from payments import holds
from payments.gateways.base import Product
from payments.models import Order, OrderItem, PostingTask
from payments.orders import Selection, payable, start_order
from payments.states import ForbiddenTransition, advance
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service.models import Bill, Posting
from tests.payments.builders import (
    ACCOUNT,
    BILL,
    create_account,
    create_bill,
    create_user,
    link,
)
from tests.payments.conftest import Home


@pytest.fixture
def user_id(session: Session) -> int:
    user_id = create_user(session)
    create_account(session)
    link(session, user_id)
    return user_id


def _start(session: Session, user_id: int, selection: Selection, key: str = "k") -> Order:
    return start_order(session, user_id, selection, "wechat", Product.NATIVE, key)


def test_all_due_is_every_bill_with_its_late_charge(session: Session, user_id: int) -> None:
    create_bill(session, "B1", total_fen=10_000, due=clock.today() - timedelta(days=10))
    create_bill(session, "B2", total_fen=14_951)
    order = _start(session, user_id, Selection(all_due=True))
    assert [(i.bill_no, i.principal_fen, i.late_fen) for i in order.items] == [
        ("B1", 10_000, 100),
        ("B2", 14_951, 0),
    ]
    assert order.amount_fen == 25_051
    assert (order.purpose, order.status, len(order.order_no)) == ("bills", "created", 28)


def test_chosen_bills_and_no_others(session: Session, user_id: int) -> None:
    for number in ("B1", "B2", "B3"):
        create_bill(session, number)
    order = _start(session, user_id, Selection(bill_nos=("B3", "B1", "B3")))
    assert sorted(item.bill_no or "" for item in order.items) == ["B1", "B3"]


def test_the_amount_is_what_is_outstanding_now(session: Session, user_id: int) -> None:
    create_bill(session, total_fen=14_951, settled_fen=4_951)
    assert _start(session, user_id, Selection(bill_nos=(BILL,))).amount_fen == 10_000


def test_an_amount_that_changed_is_asked_about(session: Session, user_id: int) -> None:
    create_bill(session)
    with pytest.raises(Conflict) as refused:
        _start(session, user_id, Selection(all_due=True, expected_fen=14_950))
    assert (refused.value.code, refused.value.params) == (
        "order.amount_changed",
        {"amount_fen": 14_951},
    )
    assert session.scalar(select(func.count(Order.id))) == 0


def test_money_for_the_balance_has_limits(session: Session, user_id: int) -> None:
    for fen, code in ((99, "amount.too_small"), (50_000_01, "amount.too_large")):
        with pytest.raises(Refused) as refused:
            _start(session, user_id, Selection(account_no=ACCOUNT, amount_fen=fen))
        assert refused.value.code == code
    order = _start(session, user_id, Selection(account_no=ACCOUNT, amount_fen=100))
    assert (order.purpose, order.amount_fen, order.items[0].bill_no) == ("top_up", 100, None)


def test_strangers_and_those_without_the_right_cannot_pay(session: Session, user_id: int) -> None:
    create_bill(session)
    stranger = create_user(session, "13900000001")
    energy = create_user(session, "13900000002")
    link(session, energy, role="enterprise_energy")
    for person in (stranger, energy):
        with pytest.raises(NotFound):
            _start(session, person, Selection(bill_nos=(BILL,)))
        with pytest.raises(Conflict, match=r"order\.nothing_due"):
            _start(session, person, Selection(all_due=True))
    own_amount = Selection(account_no=ACCOUNT, amount_fen=1000)
    with pytest.raises(NotFound):
        _start(session, stranger, own_amount)
    with pytest.raises(Forbidden):
        _start(session, energy, own_amount)
    assert session.scalar(select(func.count(Order.id))) == 0


def test_one_key_is_one_order_even_when_it_is_over(session: Session, user_id: int) -> None:
    create_bill(session)
    first = _start(session, user_id, Selection(all_due=True), "form")
    advance(session, first, "closed", "cancelled")
    assert _start(session, user_id, Selection(all_due=True), "form").id == first.id
    assert _start(session, user_id, Selection(all_due=True), "form-2").id != first.id


def test_the_same_again_is_the_same_order(session: Session, user_id: int) -> None:
    create_bill(session)
    first = _start(session, user_id, Selection(all_due=True), "tab-1")
    assert _start(session, user_id, Selection(all_due=True), "tab-2").id == first.id
    assert _start(session, user_id, Selection(bill_nos=(BILL,)), "tab-3").id == first.id
    create_bill(session, "B2")
    with pytest.raises(Conflict) as refused:
        _start(session, user_id, Selection(bill_nos=(BILL, "B2")), "tab-4")
    assert (refused.value.code, refused.value.params["order_no"]) == ("order.open", first.order_no)
    with pytest.raises(Conflict, match=r"order\.open"):
        start_order(session, user_id, Selection(bill_nos=(BILL,)), "alipay", Product.PAGE, "tab-5")


def test_another_person_hears_who_is_paying_and_until_when(session: Session, user_id: int) -> None:
    create_bill(session)
    first = _start(session, user_id, Selection(all_due=True))
    helper = create_user(session, "13900000003", "王小明")
    link(session, helper, role="family_helper")
    with pytest.raises(Conflict) as refused:
        _start(session, helper, Selection(bill_nos=(BILL,)))
    assert refused.value.code == "bill.being_paid"
    assert refused.value.params["name"] == "王建华"
    assert refused.value.params["until"] == first.expires_at
    shown = payable(session, helper)
    assert [(each.due.bill_no, each.hold and each.hold.user_id) for each in shown] == [
        (BILL, user_id)
    ]


def test_two_people_at_the_same_moment_make_one_order(database: Database, home: Home) -> None:
    with database.unit_of_work() as session:
        helper = create_user(session, "13900000003", "王小明")
        link(session, helper, role="family_helper")

    def pay(person: int) -> str:
        try:
            with database.unit_of_work() as own:
                _start(own, person, Selection(bill_nos=(BILL,)), f"form-{person}")
        except Conflict as conflict:
            return conflict.code
        return "started"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(pay, (home.user_id, helper)))
    assert outcomes == ["bill.being_paid", "started"]


def test_eight_double_clicks_make_one_order(database: Database, home: Home) -> None:
    def click(number: int) -> str:
        with database.unit_of_work() as own:
            key = f"form-{number % 2}"
            return _start(own, home.user_id, Selection(all_due=True), key).order_no

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(8)))) == 1


def test_a_double_click_on_an_amount_of_ones_own_makes_one_order(
    database: Database, home: Home
) -> None:
    def click(_number: int) -> str:
        with database.unit_of_work() as own:
            selection = Selection(account_no=ACCOUNT, amount_fen=5000)
            return _start(own, home.user_id, selection, "form").order_no

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(8)))) == 1


def _pay(session: Session, order: Order) -> PostingTask:
    order.paid_at = clock.now()
    advance(session, order, "paid", "callback")
    task = PostingTask(
        order_id=order.id,
        account_no=ACCOUNT,
        amount_fen=order.amount_fen,
        bill_nos=[BILL],
        idempotency_key=f"{order.order_no}:{ACCOUNT}",
    )
    session.add(task)
    session.flush()
    return task


def _copy(session: Session, order: Order) -> None:
    """The core's posting has come to our copy."""
    session.add(
        Posting(
            posting_no="P1",
            account_no=ACCOUNT,
            amount_fen=14_951,
            channel="wechat",
            order_no=order.order_no,
            paid_at=clock.now(),
            posted_at=clock.now(),
            allocations=[],
        )
    )
    session.flush()


def test_a_paid_bill_is_not_due_again_until_the_copy_has_it(session: Session, user_id: int) -> None:
    create_bill(session)
    order = _start(session, user_id, Selection(all_due=True))
    assert holds.crediting(session, [ACCOUNT]) == {}
    task = _pay(session, order)

    def refused() -> str:
        with pytest.raises(Conflict) as conflict:
            _start(session, user_id, Selection(bill_nos=(BILL,)), "again")
        return conflict.value.code

    assert refused() == "bill.being_credited"
    assert holds.crediting(session, [ACCOUNT]) == {ACCOUNT: 14_951}
    task.posting_no, task.posted_at = "P1", clock.now()
    advance(session, order, "posted", "core")
    assert refused() == "bill.being_credited"
    session.execute(update(Bill).values(settled_fen=14_951))
    _copy(session, order)
    assert refused() == "bill.settled"
    assert holds.crediting(session, [ACCOUNT]) == {}
    assert payable(session, user_id) == []


def test_a_bill_whose_payment_was_taken_back_can_be_paid_again(
    session: Session, user_id: int
) -> None:
    create_bill(session)
    order = _start(session, user_id, Selection(all_due=True))
    task = _pay(session, order)
    task.posting_no, task.posted_at = "P1", clock.now()
    advance(session, order, "posted", "core")
    _copy(session, order)
    session.execute(update(Bill).values(settled_fen=4_951, settled_at=None))
    (again,) = payable(session, user_id)
    assert (again.due.principal_fen, again.hold) == (10_000, None)
    assert _start(session, user_id, Selection(all_due=True), "again").amount_fen == 10_000
    assert holds.held_bills(session, [ACCOUNT])[BILL].order_no != order.order_no


def test_a_bill_is_in_one_live_order_by_constraint(session: Session, user_id: int) -> None:
    create_bill(session)
    order = _start(session, user_id, Selection(all_due=True))
    session.add(
        OrderItem(
            order_id=order.id, account_no=ACCOUNT, bill_no=BILL, principal_fen=1, amount_fen=1
        )
    )
    with pytest.raises(Exception, match="uq_payment_order_item_held"):
        session.flush()


def test_an_order_with_a_late_charge_ends_with_the_day(session: Session, user_id: int) -> None:
    evening = datetime(2026, 11, 20, 15, 50, tzinfo=UTC)  # ten to midnight in China
    with time_machine.travel(evening, tick=False):
        create_bill(session, "B1", due=clock.today() - timedelta(days=1))
        create_bill(session, "B2", due=clock.today() + timedelta(days=1))
        late = _start(session, user_id, Selection(bill_nos=("B1",)), "1")
        early = _start(session, user_id, Selection(bill_nos=("B2",)), "2")
    assert late.expires_at == evening + timedelta(minutes=10)
    assert early.expires_at == evening + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("at", "to"),
    [("posted", "paid"), ("closed", "posted"), ("awaiting", "posted"), ("paid", "closed")],
)
def test_states_lead_where_they_lead(session: Session, user_id: int, at: str, to: str) -> None:
    order = _start(session, user_id, Selection(account_no=ACCOUNT, amount_fen=100))
    order.status, order.paid_at = at, clock.now() if at in ("posted", "paid") else None
    with pytest.raises(ForbiddenTransition):
        advance(session, order, to, "test")
