"""Cash is taken once: for a code or an account, whoever else pays at the same moment."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from payments import history, overview, receipts
from payments.checkout import Checkout
from payments.counter import cash, shifts
from payments.counter.cash import Handed, Wanted
from payments.counter.gateway import COUNTER
from payments.counter.models import Cash
from payments.gateways.base import Trade, TradeState
from payments.history import Stage
from payments.ledger.models import LedgerEntry
from payments.models import Order, PostingTask
from payments.receipts import Verdict
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service.models import Bill
from tests.payments.builders import ACCOUNT, BILL, create_account, create_bill
from tests.payments.conftest import Home
from tests.payments.counter.books import customers_cash
from tests.payments.counter.conftest import Desk, place, take


def test_cash_for_a_code_is_a_payment_like_all_others(
    database: Database, home: Home, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        receipt = take(session, desk, coded)
        assert (receipt.amount_fen, receipt.given_fen) == (14960, 200_00)
    with database.unit_of_work() as session:
        view = history.order_view(session, home.user_id, coded)
        order = session.scalars(select(Order)).one()
        task = session.scalars(select(PostingTask)).one()
        entry = session.scalars(select(LedgerEntry)).one()
        assert view.stage is Stage.CREDITING
        assert order.trade_no == receipt.receipt_no
        assert order.paid_at == receipt.taken_at
        assert (task.account_no, task.amount_fen, task.bill_nos) == (ACCOUNT, 14960, [BILL])
        assert (entry.kind, entry.debit, entry.credit) == ("payment", "counter", "received")
        assert entry.amount_fen == 14960
        assert shifts.drawer_fen(session, shifts.lock_open(session, desk.agent)) == 249_60
        assert customers_cash(session) == {shifts.lock_open(session, desk.agent).shift_no: 14960}
        jobs = session.scalar(text("select count(*) from procrastinate_jobs"))
        assert jobs == 1


def test_a_replayed_form_takes_money_once(database: Database, desk: Desk, coded: str) -> None:
    for _ in range(3):
        with database.unit_of_work() as session:
            take(session, desk, coded, key="same")
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Cash)) == 1


def test_a_key_is_not_used_for_another_code(
    database: Database, home: Home, desk: Desk, checkout: Checkout, coded: str
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded, key="same")
        create_bill(session, "B202611420011875603", total_fen=5000)
    other = place(checkout, home, "form-2")
    with database.unit_of_work() as session, pytest.raises(Conflict, match=r"counter\.key_reused"):
        take(session, desk, other, key="same")


@pytest.mark.parametrize(
    ("given_fen", "code", "params"),
    [
        (149_00, "counter.too_little", {"missing_fen": 60}),
        (149_65, "counter.no_such_coins", {}),
        (4829_00, "counter.too_much", {"change_fen": 4679_40}),
    ],
)
def test_what_is_given_must_fit(
    database: Database, desk: Desk, coded: str, given_fen: int, code: str, params: dict[str, int]
) -> None:
    with (
        database.unit_of_work() as session,
        pytest.raises(Refused, match=re.escape(code)) as refusal,
    ):
        take(session, desk, coded, given_fen)
    assert refusal.value.params == params
    with database.unit_of_work() as session:
        assert session.scalar(select(Cash)) is None


def test_a_code_works_once_and_says_when(database: Database, desk: Desk, coded: str) -> None:
    with database.unit_of_work() as session:
        receipt = take(session, desk, coded)
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        take(session, desk, coded, key="k2")
    assert (refusal.value.code, refusal.value.params) == (
        "counter.code_paid",
        {"at": receipt.taken_at},
    )


def test_a_code_that_is_over_takes_no_cash(database: Database, desk: Desk, coded: str) -> None:
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        with database.unit_of_work() as session, pytest.raises(Conflict, match="code_expired"):
            take(session, desk, coded)
        with database.unit_of_work() as session, pytest.raises(Conflict, match="code_expired"):
            cash.payable(session, coded)


def test_a_code_that_was_given_up_takes_no_cash(
    database: Database, home: Home, desk: Desk, checkout: Checkout, coded: str
) -> None:
    checkout.cancel(home.user_id, coded)
    with database.unit_of_work() as session, pytest.raises(Conflict, match="code_closed"):
        take(session, desk, coded)


@pytest.mark.parametrize(
    "changed", [{"settled_fen": 14951}, {"settled_fen": 5000}, {"status": "cancelled"}]
)
def test_a_code_whose_bill_has_changed_takes_no_cash(
    database: Database, desk: Desk, coded: str, changed: dict[str, object]
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(**changed))
    with database.unit_of_work() as session, pytest.raises(Conflict, match="code_outdated"):
        take(session, desk, coded)


def test_an_order_of_a_gateway_is_no_code(
    database: Database, desk: Desk, order: Callable[..., Order]
) -> None:
    order_no = order().order_no
    with database.unit_of_work() as session, pytest.raises(NotFound, match="order_unknown"):
        take(session, desk, order_no)
    with database.unit_of_work() as session, pytest.raises(NotFound, match="order_unknown"):
        cash.payable(session, order_no)


def test_without_an_open_drawer_no_cash_is_taken(database: Database, desk: Desk) -> None:
    with database.unit_of_work() as session, pytest.raises(Conflict, match=r"counter\.no_shift"):
        shifts.lock_open(session, desk.lead)


# ---- without a code ------------------------------------------------------------------------------


def walk_in(
    session: Session, desk: Desk, wanted: Wanted, given_fen: int = 200_00, key: str = "w1"
) -> Cash:
    shift = shifts.lock_open(session, desk.agent)
    return cash.take_for_account(session, wanted, Handed(shift, given_fen, key, desk.agent))


def test_whoever_comes_without_a_code_pays_what_is_due(
    database: Database, home: Home, desk: Desk
) -> None:
    with database.unit_of_work() as session:
        receipt = walk_in(session, desk, Wanted(ACCOUNT, (BILL,), expected_fen=14960))
    with database.unit_of_work() as session:
        order = session.get_one(Order, receipt.order_id)
        assert (order.gateway, order.product, order.user_id) == ("counter", "cash", desk.agent)
        assert [item.amount_fen for item in order.items] == [14951, 9]
        assert order.status == "paid"
        with pytest.raises(NotFound):
            history.order_view(session, desk.agent, order.order_no)
        with pytest.raises(NotFound):
            history.order_view(session, home.user_id, order.order_no)
        assert overview.payers(session, [order.order_no]) == {}
        assert history.last_gateway(session, desk.agent) is None
        payment = history.payments_of(session, home.user_id, ACCOUNT)[0]
        assert (payment.channel, payment.amount_fen) == ("counter", 14960)
        assert payment.stage is Stage.CREDITING


def test_money_for_a_balance_is_whole_jiao(database: Database, home: Home, desk: Desk) -> None:
    with database.unit_of_work() as session:
        receipt = walk_in(session, desk, Wanted(ACCOUNT, top_up_fen=100_00), 100_00)
        order = session.get_one(Order, receipt.order_id)
        assert (order.purpose, order.amount_fen) == ("top_up", 100_00)
    for fen, code in (
        (100_05, "counter.no_such_coins"),
        (99, "amount.too_small"),
        (50_000_10, "amount.too_large"),
    ):
        with database.unit_of_work() as session, pytest.raises(Refused, match=re.escape(code)):
            walk_in(session, desk, Wanted(ACCOUNT, top_up_fen=fen), 60_000_00, "w2")


def test_a_sum_that_has_changed_is_named_again(database: Database, home: Home, desk: Desk) -> None:
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        walk_in(session, desk, Wanted(ACCOUNT, (BILL,), expected_fen=14900))
    assert (refusal.value.code, refusal.value.params) == (
        "order.amount_changed",
        {"amount_fen": 14960},
    )


def test_a_double_click_without_a_code_takes_money_once(
    database: Database, home: Home, desk: Desk
) -> None:
    wanted = Wanted(ACCOUNT, (BILL,), expected_fen=14960)
    numbers = set()
    for _ in range(2):
        with database.unit_of_work() as session:
            numbers.add(walk_in(session, desk, wanted).receipt_no)
    assert len(numbers) == 1
    with database.unit_of_work() as session:
        create_account(session, "420011875604")
        with pytest.raises(Conflict, match=r"counter\.key_reused"):
            walk_in(session, desk, Wanted("420011875604", top_up_fen=100_00))


def test_a_bill_that_somebody_is_paying_is_not_taken(
    database: Database, home: Home, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
        walk_in(session, desk, Wanted(ACCOUNT, (BILL,)))
    assert (refusal.value.code, refusal.value.params["order_no"]) == ("bill.being_paid", coded)
    with database.unit_of_work() as session:
        take(session, desk, coded)
    with database.unit_of_work() as session, pytest.raises(Conflict, match="being_credited"):
        walk_in(session, desk, Wanted(ACCOUNT, (BILL,)))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted(ACCOUNT), "order.nothing_chosen"),
        (Wanted(ACCOUNT, ("B1",)), "bill.settled"),
        (Wanted("420000000000", (BILL,)), "bill.settled"),
        (Wanted("420000000000", top_up_fen=100_00), "counter.no_account"),
    ],
)
def test_what_is_not_there_is_not_paid(
    database: Database, home: Home, desk: Desk, wanted: Wanted, code: str
) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused, match=re.escape(code)):
        walk_in(session, desk, wanted)


# ---- what the database itself holds --------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "update counter_cash set amount_fen = 10",
        "delete from counter_cash",
        "update counter_shift set float_fen = 0",
        "delete from counter_shift",
    ],
)
def test_cash_is_not_rewritten(database: Database, desk: Desk, coded: str, statement: str) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
    with database.unit_of_work() as session, pytest.raises(DBAPIError):
        session.execute(text(statement))


def test_no_order_of_the_counter_is_paid_beside_the_drawers(
    database: Database, home: Home, coded: str
) -> None:
    trade = Trade(coded, TradeState.PAID, "C1", 14960, clock.now())
    with (
        pytest.raises(IntegrityError, match="in no drawer"),
        database.unit_of_work() as session,
    ):
        assert receipts.record(session, COUNTER, trade, "counter") is Verdict.ACCEPTED
