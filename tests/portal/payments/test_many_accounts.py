"""One payment over forty accounts: each is posted by itself, and shows its own state."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from payments import posting
from payments.gateways.base import Product
from payments.models import Order, PostingTask
from payments.orders import Selection, start_order
from payments.receipts import record
from runtime.database import Database
from runtime.errors import Unavailable
from service.core_client import CoreClient, Posted
from service.models import Bill, User
from tests.payments.refunds.doubles import Core, Till
from tests.portal.payments.papers import grouped, receipt
from tests.portal.places import move_in, queries, says, words
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")


@dataclass
class PickyCore(Core):
    """A core that does not take the money of one account."""

    refuses: str | None = None
    asked: list[str] = field(default_factory=list)

    def post(self, *, key: str, account_no: str, amount_fen: int, **given: Any) -> Posted:
        self.asked.append(key)
        if account_no == self.refuses:
            raise Unavailable("core.unavailable")
        return super().post(key=key, account_no=account_no, amount_fen=amount_fen, **given)


@dataclass(frozen=True)
class Firm:
    """One payment over forty accounts, ¥100.00 each, of which thirty-nine are posted."""

    order_no: str
    account_nos: list[str]
    core: PickyCore


@pytest.fixture
def firm(database: Database, user: User) -> Firm:
    with database.unit_of_work() as session:
        bills = [
            builders.create_bill(
                session, move_in(session, user, "enterprise_finance"), "2026-11", total_fen=10000
            )
            for _ in range(40)
        ]
        chosen = Selection(bill_nos=tuple(bill.bill_no for bill in bills))
        order = start_order(session, user.id, chosen, "wechat", Product.NATIVE, "form-1")
    till = Till()
    with database.unit_of_work() as session:
        record(session, till, till.pay(order.order_no, 400000, "4200-1"), "callback")
    numbers = [bill.account_no for bill in bills]
    core = PickyCore(refuses=numbers[7])
    with pytest.raises(posting.NotPosted):
        posting.post_order(database, cast(CoreClient, core), order.order_no)
    return Firm(order.order_no, numbers, core)


def test_forty_accounts_are_posted_each_by_itself(database: Database, firm: Firm) -> None:
    """The one that failed is asked for again, alone, with its own key."""
    keys = [f"{firm.order_no}:{number}" for number in firm.account_nos]
    assert sorted(firm.core.asked) == sorted(keys)
    assert sorted(firm.core.posted) == sorted(set(keys) - {keys[7]})
    firm.core.asked.clear()
    firm.core.refuses = None
    posting.post_order(database, cast(CoreClient, firm.core), firm.order_no)
    assert firm.core.asked == [keys[7]]
    assert firm.core.posted == dict.fromkeys(keys, 10000)
    with database.unit_of_work() as session:
        tasks = session.scalars(select(PostingTask)).all()
        assert {task.account_no: task.attempts for task in tasks if task.attempts} == {
            firm.account_nos[7]: 1
        }
        assert session.scalars(select(Order.status)).one() == "posted"


def test_each_account_shows_its_own_state(
    client: FlaskClient, database: Database, firm: Firm
) -> None:
    page = client.get(f"/payments/{firm.order_no}").text
    said = words(page)
    assert "40 个户号，39 个已经记上，1 个还在记。不用再付。" in said
    assert (said.count("¥100.00已记账"), said.count("¥100.00到账中")) == (39, 1)
    first = said[said.index("付给 40 个户号") :]
    assert first.index("账务系统还没收下，我们接着试") < first.index("已记账")
    assert "40 个户号¥4,000.00到账中" in says(client, "/payments?account=all")
    assert "¥100.00到账中" in says(client, f"/payments?account={firm.account_nos[7]}")
    firm.core.refuses = None
    posting.post_order(database, cast(CoreClient, firm.core), firm.order_no)
    assert words(client.get(f"/payments/{firm.order_no}").text).count("¥100.00已记账") == 40


def test_the_page_of_forty_asks_no_more_than_that_of_one(
    client: FlaskClient, firm: Firm, bill: Bill, paid: Order
) -> None:
    client.get(f"/payments/{paid.order_no}")
    with queries() as one:
        client.get(f"/payments/{paid.order_no}")
    with queries() as forty:
        client.get(f"/payments/{firm.order_no}")
    assert len(forty) == len(one)


def test_the_receipt_of_forty_names_them_all(client: FlaskClient, firm: Firm) -> None:
    text, pages = receipt(client, firm.order_no)
    assert all(grouped(number) in text for number in firm.account_nos)
    assert "肆仟元整" in text
    assert "1 个户号还在记" in text
    assert pages > 1
