"""What true messages make of an order; what bad ones do not is in test_bad_messages."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from payments import callbacks, gateways
from payments.callbacks import Message
from payments.gateways import Gateways
from payments.models import Callback, Order, OrderEvent, PostingTask, Refund
from runtime import clock
from runtime.database import Database
from service.models import Bill
from tests.payments.builders import (
    ACCOUNT,
    BILL,
    UNIONPAY_SIGNER,
    World,
    certificate,
    new_key,
)

GATEWAYS = ("wechat", "alipay", "unionpay")
StartOrder = Callable[..., Order]


@pytest.fixture
def take(database: Database, both: Gateways, world: World) -> Callable[..., int]:
    """Sends a message as the gateway would; returns the status of our answer."""

    def send(gateway: str, order_no: str, amount_fen: int = 14951, **change: Any) -> int:
        headers, body = getattr(world, f"{gateway}_message")(order_no, amount_fen, **change)
        body = change.get("cut", lambda whole: whole)(body)
        return callbacks.take(database, both[gateway], Message(headers, body)).status

    return send


@pytest.fixture
def state(database: Database) -> Callable[[], tuple[Any, ...]]:
    """(status of the only order, posting tasks, posting jobs, verdicts of stored messages)."""

    def read() -> tuple[Any, ...]:
        with database.unit_of_work() as session:
            return (
                session.scalar(select(Order.status)),
                session.scalar(select(func.count(PostingTask.id))),
                session.scalar(
                    text("select count(*) from procrastinate_jobs where task_name='payments.post'")
                ),
                list(session.scalars(select(Callback.verdict).order_by(Callback.id))),
            )

    return read


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_true_message_makes_the_order_paid_and_asks_for_posting(
    database: Database, order: StartOrder, take: Any, state: Any, gateway: str
) -> None:
    placed = order(gateway)
    assert take(gateway, placed.order_no) == 200
    assert state() == ("paid", 1, 1, ["accepted"])
    with database.unit_of_work() as session:
        task = session.scalars(select(PostingTask)).one()
        kept = session.scalars(select(Callback)).one()
        causes = session.execute(
            select(OrderEvent.from_status, OrderEvent.to_status, OrderEvent.cause)
        ).all()
    assert (task.account_no, task.amount_fen, task.bill_nos) == (ACCOUNT, 14951, [BILL])
    assert task.idempotency_key == f"{placed.order_no}:{ACCOUNT}"
    assert (kept.order_no, kept.size) == (placed.order_no, len(kept.body))
    assert causes == [(None, "created", "customer"), ("awaiting", "paid", "callback")]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_same_message_eight_times_at_once_counts_once(
    order: StartOrder, take: Any, state: Any, gateway: str
) -> None:
    placed = order(gateway)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: take(gateway, placed.order_no, notification_id="n"), range(8))
        )
    assert answers == [200] * 8
    assert state() == ("paid", 1, 1, ["accepted"])


def test_a_certificate_counts_only_while_it_is_unionpays(
    order: StartOrder, take: Any, state: Any, world: World
) -> None:
    placed = order("unionpay")
    issue, key = world.unionpay_certificate, world.unionpay
    stranger = new_key()
    for pem in (
        certificate(UNIONPAY_SIGNER, key, "middle", stranger),
        certificate(UNIONPAY_SIGNER, key, UNIONPAY_SIGNER, key),
        issue("041@777290058100001@another merchant@00000001", key),
        issue("中国银联股份有限公司", key),
        issue(UNIONPAY_SIGNER, key, days=(-10, -1)),
        issue(UNIONPAY_SIGNER, key, days=(1, 10)),
    ):
        assert take("unionpay", placed.order_no, certificate=pem) == 400
    assert take("unionpay", placed.order_no, certificate=issue(UNIONPAY_SIGNER, key)) == 200
    assert state()[3] == ["bad_signature"] * 6 + ["accepted"]


def test_who_signs_in_unionpays_test_environment_signs_nothing_in_production(
    database: Database, order: StartOrder, world: World, state: Any
) -> None:
    tester = world.unionpay_certificate("041@Z12@00040000:SIGN@00000001", world.unionpay)
    addresses = ("wechatpay_gateway", "alipay_gateway", "unionpay_gateway", "unionpay_files")
    https = dict.fromkeys(addresses, "https://gateway.test")
    placed = order("unionpay")
    message = Message(*world.unionpay_message(placed.order_no, 14951, certificate=tester))
    for environment, status in (("production", 400), ("demo", 200)):
        settings = world.settings(environment=environment, **https)
        unionpay = gateways.from_settings(settings)["unionpay"]
        assert callbacks.take(database, unionpay, message).status == status
    assert state()[3] == ["bad_signature", "accepted"]


def test_an_outcome_that_is_uncertain_at_unionpay_changes_nothing(
    order: StartOrder, take: Any, state: Any
) -> None:
    placed = order("unionpay")
    for code in ("05", "61"):
        assert take("unionpay", placed.order_no, state=code) == 200
    assert take("unionpay", placed.order_no, state="A6") == 200
    assert state() == ("paid", 1, 1, ["ignored", "ignored", "accepted"])


def test_a_forged_message_cannot_take_the_place_of_the_true_one(
    order: StartOrder, take: Any, state: Any
) -> None:
    placed = order("wechat")
    assert take("wechat", placed.order_no, key=new_key(), notification_id="n-1") == 400
    assert take("wechat", placed.order_no, notification_id="n-1") == 200
    assert state() == ("paid", 1, 1, ["bad_signature", "accepted"])


def test_a_message_of_the_other_gateway_does_not_pay_an_order(
    order: StartOrder, take: Any, state: Any
) -> None:
    placed = order("wechat")
    assert take("alipay", placed.order_no) == 200
    assert state() == ("awaiting", 0, 0, ["unknown_order"])


def test_a_trade_closed_at_the_gateway_closes_the_order(
    order: StartOrder, take: Any, state: Any
) -> None:
    placed = order("alipay")
    assert take("alipay", placed.order_no, state="TRADE_CLOSED") == 200
    assert state()[0] == "closed"


def test_a_second_trade_for_a_paid_order_raises_the_alarm_and_the_gateway_is_asked(
    database: Database, order: StartOrder, take: Any, state: Any
) -> None:
    placed = order("wechat")
    assert take("wechat", placed.order_no, trade_no="4200-1") == 200
    assert take("wechat", placed.order_no, trade_no="4200-2", amount_fen=1) == 200
    assert state() == ("paid", 1, 1, ["accepted", "second_trade"])
    with database.unit_of_work() as session:
        asked = session.execute(
            text("select args from procrastinate_jobs where task_name = 'payments.second_trade'")
        ).scalars()
        assert list(asked) == [
            {"gateway": "wechat", "order_no": placed.order_no, "trade_no": "4200-2"}
        ]


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_paid_after_closed_is_posted_while_the_bill_is_owed(
    order: StartOrder, take: Any, state: Any, gateway: str
) -> None:
    placed = order(gateway, status="closed")
    assert take(gateway, placed.order_no) == 200
    assert state() == ("paid", 1, 1, ["accepted"])


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_paid_after_closed_goes_back_when_the_bill_is_settled(
    database: Database, order: StartOrder, take: Any, state: Any, gateway: str
) -> None:
    placed = order(gateway, status="closed")
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=14951))
    assert take(gateway, placed.order_no) == 200
    assert state() == ("refunding", 0, 0, ["accepted"])
    with database.unit_of_work() as session:
        refund = session.scalars(select(Refund)).one()
    assert (refund.amount_fen, refund.reason) == (14951, "paid_late")


def test_a_bill_paid_by_two_orders_at_once_is_posted_once_and_given_back_once(
    database: Database, order: StartOrder, take: Any
) -> None:
    closed = order("wechat", status="closed", key="form-1")
    open_ = order("alipay", key="form-2")
    with ThreadPoolExecutor(2) as pool:
        paid = pool.submit(take, "wechat", closed.order_no)
        also = pool.submit(take, "alipay", open_.order_no)
        assert (paid.result(), also.result()) == (200, 200)
    with database.unit_of_work() as session:
        assert sorted(session.scalars(select(Order.status))) == ["paid", "refunding"]
        assert session.scalar(select(func.count(PostingTask.id))) == 1
        assert session.scalar(select(func.sum(Refund.amount_fen))) == 14951


def test_late_money_closes_the_open_order_for_the_same_bill(
    database: Database, order: StartOrder, take: Any
) -> None:
    late = order("wechat", status="closed", key="form-1")
    rival = order("alipay", key="form-2")
    assert take("wechat", late.order_no) == 200
    with database.unit_of_work() as session:
        jobs = session.execute(
            text("select task_name, args->>'order_no' from procrastinate_jobs order by id")
        ).all()
    assert jobs == [("payments.post", late.order_no), ("payments.close", rival.order_no)]


def test_refused_messages_do_not_fill_the_disk(
    database: Database, order: StartOrder, take: Any, state: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(callbacks, "REFUSED_PER_HOUR", 3)
    placed = order("wechat")
    for _ in range(5):
        assert take("wechat", placed.order_no, key=new_key()) == 400
    assert take("wechat", placed.order_no) == 200
    assert state()[3] == ["bad_signature"] * 3 + ["accepted"]
    with database.unit_of_work() as session:
        session.execute(update(Callback).values(received_at=clock.now() - timedelta(days=31)))
        assert callbacks.forget_refused(session) == 3
        assert session.scalar(select(func.count(Callback.id))) == 1
