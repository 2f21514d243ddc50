"""Refunds with the core as it is and with the gateways' sandbox, from payment to money back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

import core.models
from payments import callbacks, history, posting, work
from payments.callbacks import Message
from payments.checkout import Checkout, Visit
from payments.gateways.base import Gateway, Product
from payments.history import Stage
from payments.models import Refund
from payments.orders import Selection
from payments.refunds import desk as at_desk
from payments.refunds.carrying import Carrier, NotRefunded
from payments.settings import PaymentSettings, of_process
from runtime.database import Database
from service.core_client import CoreClient
from service.models import Bill
from service.sync import run
from service.sync.sources import CoreFeed
from tests.core.conftest import TOKEN
from tests.payments.builders import ACCOUNT, create_user, link
from tests.payments.refunds.conftest import Desk
from tests.payments.test_posting import _enter as enter_bills
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer
from tests.waiting import until_done

PRODUCTS = {"wechat": Product.NATIVE, "alipay": Product.PAGE}


@pytest.fixture
def client(core_url: str) -> Iterator[CoreClient]:
    client = CoreClient(core_url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def customer(database: Database, client: CoreClient) -> int:
    enter_bills(database, ACCOUNT, {"2026-10": 14951})
    run.run(database, CoreFeed(client))
    with database.unit_of_work() as session:
        user_id = create_user(session)
        link(session, user_id)
    return user_id


@pytest.fixture
def posted_at(
    database: Database,
    client: CoreClient,
    customer: int,
    sandbox: SandboxServer,
    sandbox_settings: PaymentSettings,
    offered: dict[str, Gateway],
    merchant: Merchant,
) -> Callable[[str], str]:
    """Pays the bill at a gateway and has the core post it; the number of the order."""

    def pay(gateway: str) -> str:
        checkout = Checkout(database, offered, sandbox_settings)
        visit = Visit(merchant.url.removesuffix("/notify"))
        everything = Selection(all_due=True)
        number = checkout.place(customer, everything, gateway, PRODUCTS[gateway], "form", visit)
        with database.unit_of_work() as session:
            away = history.order_view(session, customer, number).destination.get("redirect_url")
        if away:
            sandbox.open(away)
        sandbox.pay(number)
        checkout.ask(number)
        posting.post_order(database, client, number)
        run.run(database, CoreFeed(client))
        return number

    return pay


def _carried(carrier: Carrier, refund_no: str) -> None:
    until_done(lambda: carrier.carry(refund_no), NotRefunded)


@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
def test_a_wrong_payment_is_given_back_in_two_parts_and_the_bill_is_owed_again(
    database: Database,
    client: CoreClient,
    customer: int,
    desk: Desk,
    posted_at: Callable[[str], str],
    offered: dict[str, Gateway],
    sandbox: SandboxServer,
    books: Any,
    gateway: str,
) -> None:
    number = posted_at(gateway)
    carrier = Carrier(database, client, offered, "http://127.0.0.1:9")
    assert _owed(database) == 0
    _carried(carrier, desk.refund(number, {ACCOUNT: 10000}))
    assert sandbox.order(number)["refunded_fen"] == 10000
    run.run(database, CoreFeed(client))
    assert _owed(database) == 10000
    with database.unit_of_work() as session:
        assert history.order_view(session, customer, number).stage is Stage.POSTED
    _carried(carrier, desk.refund(number, {ACCOUNT: 4951}))
    run.run(database, CoreFeed(client))
    with database.unit_of_work() as session:
        seen = history.order_view(session, customer, number)
        reversals = session.execute(
            select(core.models.Reversal.amount_fen).order_by(core.models.Reversal.id)
        ).scalars()
        assert list(reversals) == [10000, 4951]
    assert (seen.stage, seen.refunded_fen) == (Stage.REFUNDED, 14951)
    assert (_owed(database), sandbox.order(number)["refunded_fen"], books()) == (14951, 14951, {})


def _owed(database: Database) -> int:
    with database.unit_of_work() as session:
        bill = session.scalars(select(Bill)).one()
        return bill.total_fen - bill.settled_fen


@pytest.mark.silence
@pytest.mark.parametrize("gateway", ["wechat", "alipay"])
def test_the_gateways_own_message_ends_the_refund_first(
    database: Database,
    client: CoreClient,
    desk: Desk,
    posted_at: Callable[[str], str],
    offered: dict[str, Gateway],
    sandbox: SandboxServer,
    merchant: Merchant,
    state: Any,
    gateway: str,
) -> None:
    number = posted_at(gateway)
    merchant.wait(1)
    carrier = Carrier(database, client, offered, merchant.url.removesuffix("/notify"))
    refund_no = desk.refund(number, {ACCOUNT: 14951})
    sandbox.outage(gateway, "lost_answer")
    with pytest.raises(NotRefunded):
        carrier.carry(refund_no)
    sandbox.heal()
    heard = merchant.wait(2)[1]
    message = Message(dict(heard.headers.items()), heard.body)
    for _ in range(2):
        assert callbacks.take(database, offered[gateway], message).status == 200
    assert state(number) == ("refunded", 14951, ["done"], [None])
    carrier.carry(refund_no)
    with database.unit_of_work() as session:
        kept = session.scalars(select(callbacks.Callback)).all()
    assert [(each.verdict, each.order_no) for each in kept] == [("accepted", number)]


def test_a_merchant_without_money_is_left_to_the_desk_until_it_has_some(
    database: Database,
    client: CoreClient,
    desk: Desk,
    posted_at: Callable[[str], str],
    offered: dict[str, Gateway],
    sandbox: SandboxServer,
    state: Any,
) -> None:
    number = posted_at("wechat")
    carrier = Carrier(database, client, offered, "http://127.0.0.1:9")
    refund_no = desk.refund(number, {ACCOUNT: 14951})
    sandbox.refunds("wechat", "not_enough")
    carrier.carry(refund_no)
    assert state(number) == ("refunding", 14951, ["stuck"], ["not_enough"])
    sandbox.refunds("wechat", "closed")
    with database.unit_of_work() as session:
        at_desk.retry(session, refund_no, by=desk.first)
    _carried(carrier, refund_no)
    assert state(number)[2:] == (["stuck"], ["closed"])
    sandbox.refunds("wechat")
    with database.unit_of_work() as session:
        at_desk.retry(session, refund_no, by=desk.first)
        assert session.scalars(select(Refund.gateway_no)).one() == f"{refund_no}x2"
    _carried(carrier, refund_no)
    assert state(number) == ("refunded", 14951, ["done"], [None])
    assert sandbox.order(number)["refunded_fen"] == 14951


def test_the_worker_has_what_a_refund_needs(
    settings_env: pytest.MonkeyPatch,
    desk: Desk,
    posted_at: Callable[[str], str],
    core_url: str,
    sandbox: SandboxServer,
    state: Any,
) -> None:
    number = posted_at("alipay")
    refund_no = desk.refund(number, {ACCOUNT: 14951})
    settings_env.setenv("DENGHUO_VAR", str(sandbox.folder))
    settings_env.setenv("DENGHUO_CORE_URL", core_url)
    settings_env.setenv("DENGHUO_CORE_TOKEN", TOKEN)
    of_process.cache_clear()
    work._equip.cache_clear()
    try:
        work.refund(refund_no)
    finally:
        work._equip().core.close()
        work._equip().gateways["alipay"]._wire.close()  # type: ignore[attr-defined]
        work._equip.cache_clear()
        of_process.cache_clear()
    assert state(number) == ("refunded", 14951, ["done"], [None])
