"""Received money in the real core: once, whatever fails on the way there."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

import core.models
from core import feed, published
from payments import history, holds, posting
from payments.gateways import Gateways
from payments.gateways.base import Product, Trade, TradeState
from payments.history import Stage
from payments.models import Order, PostingTask
from payments.orders import Selection, payable, start_order
from payments.receipts import record
from runtime import clock
from runtime.database import Database
from service.core_client import CoreClient
from service.sync import run
from service.sync.sources import CoreFeed
from tests.core import builders as core_side
from tests.core.conftest import TOKEN
from tests.payments.builders import ACCOUNT, create_user, link

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def client(core_url: str) -> Iterator[CoreClient]:
    client = CoreClient(core_url, TOKEN)
    yield client
    client.close()


@pytest.fixture
def user_id(database: Database, client: CoreClient) -> int:
    """A customer whose account and two bills have come from the core."""
    _enter(database, ACCOUNT, {"2026-09": 14951, "2026-10": 14951})
    _sync(database, client)
    with database.unit_of_work() as session:
        user_id = create_user(session)
        link(session, user_id)
    return user_id


def _enter(database: Database, account_no: str, bills: dict[str, int]) -> None:
    """An account with bills in the core, told to whoever follows it."""
    with database.unit_of_work() as session:
        holder = core_side.create_account(session, account_no)
        changes = [published.account(holder)]
        for period, fen in bills.items():
            point = core_side.create_service_point(session, holder)
            bill = core_side.create_bill(
                session, point, fen, period, due=date(2099, 1, 1), lines=[_line(fen)]
            )
            changes.append(published.bill(bill, account_no, point.service_point_no))
        feed.append(session, changes)


def _line(fen: int) -> dict[str, Any]:
    return {
        "code": "energy.tier1",
        "quantity": "100.00",
        "unit": "kwh",
        "rate": "1",
        "amount_fen": fen,
        "base_fen": None,
        "explain": "tier.1",
    }


def _sync(database: Database, client: CoreClient) -> None:
    run.run(database, CoreFeed(client))


def _paid(database: Database, both: Gateways, user_id: int, selection: Selection) -> str:
    with database.unit_of_work() as session:
        order = start_order(session, user_id, selection, "wechat", Product.NATIVE, "form")
        number, fen = order.order_no, order.amount_fen
    trade = Trade(number, TradeState.PAID, "4200-1", fen, clock.now(), both["wechat"].merchant)
    with database.unit_of_work() as session:
        assert record(session, both["wechat"], trade, "callback") == "accepted"
    return number


def _core_postings(database: Database) -> list[Any]:
    with database.unit_of_work() as session:
        return session.execute(
            select(
                core.models.Posting.amount_fen,
                core.models.Posting.order_no,
                core.models.Posting.credit_fen,
            )
        ).all()


def test_from_payment_to_nothing_owed(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    number = _paid(database, both, user_id, Selection(all_due=True))
    with database.unit_of_work() as session:
        assert holds.crediting(session, [ACCOUNT]) == {ACCOUNT: 29902}
        assert [p.stage for p in history.payments_of(session, user_id, ACCOUNT)] == ["crediting"]
    posting.post_order(database, client, number)
    posting.post_order(database, client, number)
    assert _core_postings(database) == [(29902, number, 0)]
    with database.unit_of_work() as session:
        assert history.order_view(session, user_id, number).stage is Stage.POSTED
        assert holds.crediting(session, [ACCOUNT]) == {ACCOUNT: 29902}
        assert all(each.hold and each.hold.paid for each in payable(session, user_id))
        assert [p.stage for p in history.payments_of(session, user_id, ACCOUNT)] == ["crediting"]
    _sync(database, client)
    with database.unit_of_work() as session:
        assert payable(session, user_id) == []
        assert holds.crediting(session, [ACCOUNT]) == {}
        payments = history.payments_of(session, user_id, ACCOUNT)
    assert [(p.amount_fen, p.stage, p.order_no, len(p.shares)) for p in payments] == [
        (29902, "posted", number, 2)
    ]


def test_an_order_over_two_accounts_is_two_postings(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    _enter(database, "420011875604", {"2026-10": 5000})
    _sync(database, client)
    with database.unit_of_work() as session:
        link(session, user_id, "420011875604")
    number = _paid(database, both, user_id, Selection(all_due=True))
    posting.post_order(database, client, number)
    assert sorted(_core_postings(database)) == [(5000, number, 0), (29902, number, 0)]


def test_money_of_ones_own_choice_becomes_credit(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    number = _paid(database, both, user_id, Selection(account_no=ACCOUNT, amount_fen=40000))
    posting.post_order(database, client, number)
    assert _core_postings(database) == [(40000, number, 40000 - 29902)]


def test_a_core_that_is_down_is_asked_again(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    number = _paid(database, both, user_id, Selection(all_due=True))
    away = CoreClient(NOWHERE, TOKEN, timeout=0.5)
    for _ in range(2):
        with pytest.raises(posting.NotPosted):
            posting.post_order(database, away, number)
    with database.unit_of_work() as session:
        task = session.scalars(select(PostingTask)).one()
        assert history.order_view(session, user_id, number).stage is Stage.CREDITING
    assert (task.attempts, task.last_error, task.posting_no) == (2, "core.unavailable", None)
    posting.post_order(database, client, number)
    with database.unit_of_work() as session:
        task = session.scalars(select(PostingTask)).one()
    assert (task.attempts, task.last_error, task.posting_no is None) == (2, None, False)


def test_an_answer_that_was_lost_does_not_post_twice(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    number = _paid(database, both, user_id, Selection(all_due=True))
    with database.unit_of_work() as session:
        order, task = (
            session.scalars(select(Order)).one(),
            session.scalars(select(PostingTask)).one(),
        )
    assert order.paid_at is not None
    client.post(
        key=task.idempotency_key,
        account_no=ACCOUNT,
        amount_fen=task.amount_fen,
        channel="wechat",
        order_no=number,
        paid_at=order.paid_at,
        bill_nos=task.bill_nos,
    )
    posting.post_order(database, client, number)
    assert _core_postings(database) == [(29902, number, 0)]


def test_what_the_core_refuses_stays_in_sight(
    database: Database, both: Gateways, client: CoreClient, user_id: int
) -> None:
    number = _paid(database, both, user_id, Selection(all_due=True))
    with database.unit_of_work() as session:
        session.scalars(select(PostingTask)).one().account_no = "420099999999"
    with pytest.raises(posting.NotPosted):
        posting.post_order(database, client, number)
    with database.unit_of_work() as session:
        task = session.scalars(select(PostingTask)).one()
        assert session.scalar(select(func.count(Order.id)).where(Order.status == "paid")) == 1
    assert (task.attempts, task.last_error) == (1, "account.not_found")
    assert _core_postings(database) == []
