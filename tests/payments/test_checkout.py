"""From order to gateway and back, with the gateways' sandbox and without any page."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text, update

from payments import callbacks, history, sweeping
from payments.callbacks import Message
from payments.checkout import Checkout, Visit
from payments.gateways.base import Gateway, Product
from payments.history import Stage
from payments.models import Order, OrderEvent, PostingTask, Refund
from payments.orders import Selection
from payments.refunds.carrying import Carrier, NotRefunded
from payments.settings import PaymentSettings
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from service.core_client import CoreClient
from tests.payments.builders import create_user
from tests.payments.conftest import Home
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer

PRODUCTS = {"wechat": Product.NATIVE, "alipay": Product.PAGE, "unionpay": Product.PAGE}
ALL = Selection(all_due=True)


@pytest.fixture
def checkout(
    database: Database, offered: dict[str, Gateway], sandbox_settings: PaymentSettings
) -> Checkout:
    return Checkout(database, offered, sandbox_settings)


@pytest.fixture
def place(
    checkout: Checkout, home: Home, sandbox: SandboxServer, merchant: Merchant, database: Database
) -> Any:
    """Places an order for the home's bill and opens its cashier; its number."""

    def go(gateway: str = "wechat", key: str = "form-1") -> str:
        visit = Visit(merchant.url.removesuffix("/notify"))
        number = checkout.place(home.user_id, ALL, gateway, PRODUCTS[gateway], key, visit)
        with database.unit_of_work() as session:
            view = history.order_view(session, home.user_id, number)
        if away := view.destination.get("redirect_url"):
            sandbox.open(away)
        if form := view.destination.get("form"):
            sandbox.post(form["action"], form["fields"])
        return number

    return go


@pytest.fixture
def stage(database: Database, home: Home) -> Any:
    def read(order_no: str) -> Stage:
        with database.unit_of_work() as session:
            return history.order_view(session, home.user_id, order_no).stage

    return read


def _reason(database: Database, order_no: str) -> str | None:
    with database.unit_of_work() as session:
        return session.scalar(select(Order.close_reason).where(Order.order_no == order_no))


def _expire(database: Database) -> None:
    """The order's time is over; the gateways keep their own clock, so ours stays as it is."""
    with database.unit_of_work() as session:
        session.execute(update(Order).values(expires_at=clock.now() - timedelta(seconds=1)))


def _later(minutes: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=True)


@pytest.mark.parametrize("gateway", list(PRODUCTS))
def test_a_lost_callback_is_found_by_asking(
    checkout: Checkout,
    database: Database,
    sandbox: SandboxServer,
    place: Any,
    stage: Any,
    gateway: str,
) -> None:
    number = place(gateway)
    checkout.ask(number)
    assert stage(number) is Stage.AWAITING
    sandbox.pay(number, "lose")
    checkout.ask(number)
    checkout.ask(number)
    assert stage(number) is Stage.CREDITING
    with database.unit_of_work() as session:
        causes = list(session.scalars(select(OrderEvent.cause).order_by(OrderEvent.id)))
        assert len(list(session.scalars(select(PostingTask)))) == 1
    assert causes == ["customer", "gateway", "query"]


@pytest.mark.parametrize("gateway", list(PRODUCTS))
def test_callback_and_query_come_to_the_same(
    checkout: Checkout,
    database: Database,
    offered: dict[str, Gateway],
    sandbox: SandboxServer,
    merchant: Merchant,
    place: Any,
    gateway: str,
) -> None:
    number = place(gateway)
    sandbox.pay(number)
    heard = merchant.wait(1)[0]
    checkout.ask(number)

    def rows() -> list[Any]:
        with database.unit_of_work() as session:
            order = session.execute(
                text("select status, paid_at, trade_no, contested from payment_order")
            ).one()
            tasks = session.execute(
                text(
                    "select account_no, amount_fen, bill_nos,"
                    " idempotency_key, attempts from posting_task"
                )
            ).all()
            jobs = session.execute(
                text("select task_name, queue_name, args, lock, priority from procrastinate_jobs")
            ).all()
        return [order, tasks, jobs]

    asked = rows()
    with database.unit_of_work() as session:
        session.execute(text("truncate posting_task, procrastinate_jobs cascade"))
        session.execute(
            text("update payment_order set status = 'awaiting', paid_at = null, trade_no = null")
        )
    message = Message(dict(heard.headers.items()), heard.body)
    assert callbacks.take(database, offered[gateway], message).status == 200
    assert rows() == asked


@pytest.mark.parametrize("gateway", list(PRODUCTS))
def test_an_order_closes_after_its_time_at_the_gateway_first(
    checkout: Checkout,
    database: Database,
    sandbox: SandboxServer,
    place: Any,
    stage: Any,
    gateway: str,
) -> None:
    number = place(gateway)
    _expire(database)
    assert stage(number) is Stage.UNKNOWN
    checkout.ask(number)
    assert stage(number) is Stage.CLOSED
    assert sandbox.order(number)["state"] == ("open" if gateway == "unionpay" else "closed")
    assert _reason(database, number) in ("expired", "gateway_closed")


def test_paid_in_the_last_moment_is_paid(
    checkout: Checkout, database: Database, sandbox: SandboxServer, place: Any, stage: Any
) -> None:
    number = place()
    sandbox.pay(number, "lose")
    _expire(database)
    checkout.ask(number)
    assert stage(number) is Stage.CREDITING


def test_while_the_gateway_is_down_nothing_is_closed_and_it_is_asked_again(
    checkout: Checkout, database: Database, sandbox: SandboxServer, place: Any, stage: Any
) -> None:
    number = place()
    sandbox.outage()
    _expire(database)
    checkout.ask(number)
    assert stage(number) is Stage.UNKNOWN
    with database.unit_of_work() as session:
        order = session.scalars(select(Order)).one()
    assert timedelta(seconds=15) < order.next_query_at - clock.now() <= timedelta(minutes=2)
    with pytest.raises(Unavailable, match=r"order\.unclear"):
        checkout.close(number, "cancelled")
    sandbox.heal()
    checkout.ask(number)
    assert stage(number) is Stage.CLOSED


def test_the_sweep_asks_about_the_silent_and_no_others(
    database: Database, place: Any, checkout: Checkout
) -> None:
    number = place()

    def asked() -> list[Any]:
        with database.unit_of_work() as session:
            sweeping.sweep(session)
        with database.unit_of_work() as session:
            return session.execute(
                text("select task_name, args->>'order_no' from procrastinate_jobs")
            ).all()

    assert asked() == []
    with _later(0.5):
        assert asked() == [("payments.ask", number)]
        assert asked() == [("payments.ask", number)]


def test_money_without_a_job_is_picked_up(
    database: Database, checkout: Checkout, sandbox: SandboxServer, place: Any
) -> None:
    number = place()
    sandbox.pay(number, "lose")
    checkout.ask(number)
    with database.unit_of_work() as session:
        session.execute(text("truncate procrastinate_jobs cascade"))
    with _later(2), database.unit_of_work() as session:
        sweeping.sweep(session)
    with database.unit_of_work() as session:
        jobs = session.scalars(text("select task_name from procrastinate_jobs")).all()
    assert jobs == ["payments.post"]


def test_another_way_to_pay_closes_the_first(
    database: Database, sandbox: SandboxServer, place: Any, stage: Any
) -> None:
    first = place("wechat", "form-1")
    second = place("alipay", "form-2")
    assert (stage(first), stage(second)) == (Stage.CLOSED, Stage.AWAITING)
    assert _reason(database, first) == "replaced"
    assert sandbox.order(first)["state"] == "closed"


def test_another_way_after_paying_finds_the_payment(
    sandbox: SandboxServer, place: Any, stage: Any
) -> None:
    first = place("wechat", "form-1")
    sandbox.pay(first, "lose")
    with pytest.raises(Conflict) as refused:
        place("alipay", "form-2")
    assert refused.value.code == "bill.being_credited"
    assert stage(first) is Stage.CREDITING


def test_the_same_way_again_is_the_same_order(place: Any) -> None:
    assert place("wechat", "form-1") == place("wechat", "form-2")


def test_giving_up_closes_and_frees_the_bill(
    checkout: Checkout, database: Database, home: Home, place: Any, stage: Any
) -> None:
    number = place()
    with database.unit_of_work() as session:
        stranger = create_user(session, "13900000001")
    with pytest.raises(NotFound):
        checkout.cancel(stranger, number)
    assert stage(number) is Stage.AWAITING
    checkout.cancel(home.user_id, number)
    assert (stage(number), _reason(database, number)) == (Stage.CLOSED, "cancelled")
    assert place(key="form-2") != number


def test_a_gateway_that_is_down_frees_the_bill_at_once(
    database: Database, sandbox: SandboxServer, place: Any
) -> None:
    sandbox.outage("wechat")
    with pytest.raises(Unavailable):
        place("wechat", "form-1")
    assert place("alipay", "form-2")
    with database.unit_of_work() as session:
        orders = session.execute(select(Order.status, Order.close_reason).order_by(Order.id)).all()
    assert orders == [("closed", "gateway_failed"), ("awaiting", None)]


def test_a_gateway_that_is_not_there_is_not_offered(checkout: Checkout, home: Home) -> None:
    with pytest.raises(Refused) as refused:
        checkout.place(home.user_id, ALL, "cheque", Product.PAGE, "k", Visit("http://x"))
    assert refused.value.code == "gateway.not_offered"


def test_an_order_of_a_gateway_that_was_taken_away_waits_in_sight(
    database: Database, sandbox_settings: PaymentSettings, place: Any, stage: Any
) -> None:
    number = place()
    Checkout(database, {}, sandbox_settings).ask(number)
    assert stage(number) is Stage.AWAITING


@pytest.mark.parametrize("gateway", list(PRODUCTS))
def test_paid_twice_goes_back_the_way_it_came(
    checkout: Checkout,
    database: Database,
    offered: dict[str, Gateway],
    sandbox: SandboxServer,
    place: Any,
    stage: Any,
    gateway: str,
) -> None:
    other = {"wechat": "alipay", "alipay": "wechat", "unionpay": "wechat"}[gateway]
    late = place(gateway, "form-1")
    in_time = place(other, "form-2")
    sandbox.pay(in_time, "lose")
    checkout.ask(in_time)
    sandbox.pay(late, "lose", force=True)  # the customer's old page was quicker than the closing
    with database.unit_of_work() as session:
        session.execute(
            text("update payment_order set status = 'awaiting' where order_no = :no"), {"no": late}
        )
    checkout.ask(late)
    assert (stage(in_time), stage(late)) == (Stage.CREDITING, Stage.REFUNDING)
    sandbox.outage(gateway)
    carrier = Carrier(database, CoreClient("http://127.0.0.1:9", "none"), offered, sandbox.base_url)
    with database.unit_of_work() as session:
        number = session.scalars(select(Refund.refund_no)).one()
    with pytest.raises(NotRefunded):
        carrier.carry(number)
    with database.unit_of_work() as session:
        refund = session.scalars(select(Refund)).one()
    assert (refund.attempts, refund.last_error in ("busy", "unreachable"), refund.state) == (
        1,
        True,
        "at_gateway",
    )
    sandbox.heal()
    for _ in range(50):
        try:
            carrier.carry(number)
        except NotRefunded:
            continue
        break
    carrier.carry(number)
    assert stage(late) is Stage.REFUNDED
    refunded = sandbox.order(late)
    assert refunded["refunded_fen"] == 14951, refunded
