"""Money that goes back by itself: paid twice, paid too late, a second trade of one order."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy import select, text, update

from payments import history, posting
from payments.gateways.base import GatewayUnavailable, TradeState
from payments.history import Stage
from payments.models import Order, Refund
from payments.receipts import record
from payments.refunds import second
from payments.refunds.carrying import Carrier
from payments.refunds.seen import Progress
from runtime.database import Database
from service.core_client import CoreClient
from service.models import Bill
from tests.payments.conftest import Home
from tests.payments.refunds.conftest import HOME, Desk
from tests.payments.refunds.doubles import Core, Till

State = Callable[[str], tuple[Any, ...]]
Books = Callable[[], dict[str, int]]
StartOrder = Callable[..., Order]


def _pay(database: Database, till: Till, order: Order, trade_no: str = "4200-1") -> str:
    trade = till.pay(order.order_no, order.amount_fen, trade_no)
    with database.unit_of_work() as session:
        return record(session, till, trade, "callback").value


def _numbers(database: Database) -> list[str]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Refund.refund_no).order_by(Refund.id)))


def test_late_money_for_a_settled_bill_goes_back_without_the_core(
    database: Database,
    order: StartOrder,
    carrier: Carrier,
    core: Core,
    till: Till,
    state: State,
    books: Books,
) -> None:
    late = order(status="closed")
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=Bill.total_fen))
    assert _pay(database, till, late) == "accepted"
    assert state(late.order_no) == ("refunding", 14951, ["due"], [None])
    assert books() == {"wechat": 14951, "refunds": -14951}
    carrier.carry(_numbers(database)[0])
    assert state(late.order_no) == ("refunded", 14951, ["done"], [None])
    assert (books(), core.reversals, till.balance_fen) == ({}, {}, 0)
    with database.unit_of_work() as session:
        assert session.scalars(select(Refund.reason)).one() == "paid_late"


@pytest.mark.parametrize(
    ("status", "owed_elsewhere", "becomes"),
    [("closed", False, "refunding"), ("closed", True, "paid"), ("awaiting", False, "paid")],
)
def test_late_money_for_a_cancelled_bill_goes_back_when_nothing_else_is_owed(
    database: Database,
    order: StartOrder,
    till: Till,
    state: State,
    status: str,
    owed_elsewhere: bool,
    becomes: str,
) -> None:
    placed = order(status=status)
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(status="cancelled"))
        if owed_elsewhere:
            session.execute(
                text("""
                insert into bill select (jsonb_populate_record(bill,
                    '{"bill_no": "B2", "status": "issued"}')).* from bill
                """)
            )
    assert _pay(database, till, placed) == "accepted"
    assert state(placed.order_no)[0] == becomes


def test_a_second_trade_that_the_gateway_proves_goes_back_and_the_first_stays(
    database: Database,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    twice = till.pay(posted, 19951, "4200-2")
    with database.unit_of_work() as session:
        assert record(session, till, twice, "callback") == "second_trade"
    assert books() == {"wechat": 19951, "posted": -19951}
    for _ in range(3):
        second.take_up(database, carrier.gateways, "wechat", posted, "4200-2")
    assert books() == {"wechat": 39902, "posted": -19951, "refunds": -19951}
    (number,) = _numbers(database)
    carrier.carry(number)
    assert state(posted) == ("posted", 0, ["done"], [None])
    assert books() == {"wechat": 19951, "posted": -19951}
    assert (till.given[number].trade_no, core.reversals) == ("4200-2", {})
    with database.unit_of_work() as session:
        assert record(session, till, twice, "callback") == "duplicate"


def test_a_second_trade_leaves_the_first_to_be_refunded(
    database: Database,
    carrier: Carrier,
    desk: Desk,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    till.pay(posted, 19951, "4200-2")
    second.take_up(database, carrier.gateways, "wechat", posted, "4200-2")
    whole = desk.refund(posted, {HOME: 14951, "420011875604": 5000})
    carrier.carry(whole)
    assert state(posted) == ("refunded", 19951, ["due", "done"], [None, None])
    carrier.carry(_numbers(database)[0])
    assert state(posted) == ("refunded", 19951, ["done", "done"], [None, None])
    assert (books(), till.balance_fen) == ({}, 0)


@pytest.mark.parametrize("trade_no", ["4200-1", "4200-3"])
def test_a_second_trade_that_is_not_there_moves_nothing(
    database: Database, carrier: Carrier, posted: str, state: State, trade_no: str
) -> None:
    second.take_up(database, carrier.gateways, "wechat", posted, trade_no)
    assert state(posted) == ("posted", 0, [], [])


def test_a_second_trade_that_pays_another_moves_nothing(
    database: Database, carrier: Carrier, till: Till, posted: str, state: State
) -> None:
    stolen = till.pay("20261211unknownunknownunknow", 19951, "4200-2")
    assert stolen.state is TradeState.PAID
    second.take_up(database, carrier.gateways, "wechat", posted, "4200-2")
    assert state(posted) == ("posted", 0, [], [])


def test_a_gateway_that_cannot_be_asked_about_a_second_trade_is_asked_again(
    database: Database, carrier: Carrier, till: Till, posted: str
) -> None:
    till.away = True
    for gateways in (carrier.gateways, {}):
        with pytest.raises(GatewayUnavailable):
            second.take_up(database, gateways, "wechat", posted, "4200-2")


def test_the_customer_sees_every_step(
    database: Database, home: Home, desk: Desk, carrier: Carrier, till: Till, posted: str
) -> None:
    number = desk.refund(posted, {HOME: 10000}, "paid_too_much")
    assert _seen(database, home, posted) == (
        Stage.POSTED,
        10000,
        [(number, 10000, {HOME: 10000}, Progress.ON_THE_WAY)],
    )
    till.refusal = "not_enough"
    carrier.carry(number)
    assert _seen(database, home, posted)[2][0][3] is Progress.DELAYED
    rest = desk.refund(posted, {HOME: 4951, "420011875604": 5000})
    till.refusal = None
    carrier.carry(rest)
    stage, fen, refunds = _seen(database, home, posted)
    assert (stage, fen) == (Stage.REFUNDING, 19951)
    assert [each[3] for each in refunds] == [Progress.DELAYED, Progress.DONE]


def _seen(database: Database, home: Home, order_no: str) -> tuple[Any, ...]:
    with database.unit_of_work() as session:
        view = history.order_view(session, home.user_id, order_no)
    found = [(each.refund_no, each.amount_fen, each.parts, each.progress) for each in view.refunds]
    return (view.stage, view.refunded_fen, found)


def test_an_accounts_history_has_its_own_part_alone(
    database: Database, home: Home, desk: Desk, carrier: Carrier, posted: str
) -> None:
    number = desk.refund(posted, {HOME: 14951, "420011875604": 2000})
    assert _in_history(database, home, HOME) == [(Stage.REFUNDING, 14951, 14951, [number])]
    carrier.carry(number)
    assert _in_history(database, home, HOME) == [(Stage.REFUNDED, 14951, 14951, [number])]
    assert _in_history(database, home, "420011875604") == [(Stage.CREDITING, 5000, 2000, [number])]


def _in_history(database: Database, home: Home, account_no: str) -> list[tuple[Any, ...]]:
    with database.unit_of_work() as session:
        payments = history.payments_of(session, home.user_id, account_no)
    return [
        (p.stage, p.amount_fen, p.returned_fen, [each.refund_no for each in p.refunds])
        for p in payments
    ]


def test_a_refunded_bill_can_be_paid_again(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    core: Core,
    paid: Callable[..., str],
    posted: str,
    state: State,
) -> None:
    carrier.carry(desk.refund(posted, {HOME: 14951, "420011875604": 5000}))
    with database.unit_of_work() as session:  # the copy has seen posting and reversal
        session.execute(
            text("""
            insert into posting (posting_no, account_no, amount_fen, channel, order_no, paid_at,
                                 posted_at, allocations, credit_fen, seq)
            select posting_no, account_no, amount_fen, 'wechat', '-', posted_at, posted_at,
                   '[]', 0, id
            from posting_task
            """)
        )
    again = paid("form-2", "4200-2")
    assert state(again)[0] == "paid"
    posting.post_order(database, cast(CoreClient, core), again)
    assert (state(posted)[0], state(again)[0]) == ("refunded", "posted")
