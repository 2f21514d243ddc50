"""A posted order over two accounts, the people of the desk, and who carries refunds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments import posting, refunds
from payments.gateways.base import Product
from payments.ledger.models import LedgerEntry
from payments.models import Order, Refund
from payments.orders import Selection, start_order
from payments.receipts import record
from payments.refunds.carrying import Carrier
from runtime import events
from runtime.database import Database
from service import approvals
from service.core_client import CoreClient
from service.events import ActionApproved
from tests.payments.builders import ACCOUNT, create_account, create_bill, create_user, link
from tests.payments.conftest import Home
from tests.payments.refunds.doubles import Core, Till

OTHER = "420011875604"
SITE = "http://portal.test"


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def carrier(database: Database, core: Core, till: Till) -> Carrier:
    return Carrier(database, cast(CoreClient, core), {till.name: till}, SITE)


@dataclass(frozen=True)
class Desk:
    """Two members of staff: who asks, and who approves."""

    database: Database
    first: int
    second: int

    def ask(self, order_no: str, parts: dict[str, int], reason: str = "wrong_account") -> int:
        """The number of the approval."""
        with self.database.unit_of_work() as session:
            return refunds.ask_refund(session, order_no, parts, reason, by=self.first).id

    def approve(self, approval_id: int) -> None:
        with self.database.unit_of_work() as session:
            approvals.approve(session, approval_id, by=self.second)

    def refund(self, order_no: str, parts: dict[str, int], reason: str = "wrong_account") -> str:
        """The number of a refund that was asked for and approved."""
        approval = self.ask(order_no, parts, reason)
        self.approve(approval)
        with self.database.unit_of_work() as session:
            return session.scalars(
                select(Refund.refund_no).where(Refund.approval_id == approval)
            ).one()


@pytest.fixture
def desk(database: Database) -> Any:
    with database.unit_of_work() as session:
        first, second = create_user(session, "13900000001"), create_user(session, "13900000002")
    with events.subscribed(ActionApproved, refunds.on_approved):
        yield Desk(database, first, second)


@pytest.fixture
def paid(database: Database, home: Home, till: Till) -> Callable[..., str]:
    """Starts and pays an order for the home's bill and one of another account; its number."""

    def pay(key: str = "form-1", trade_no: str = "4200-1") -> str:
        with database.unit_of_work() as session:
            if key == "form-1":
                create_account(session, OTHER)
                link(session, home.user_id, OTHER)
                create_bill(session, "B202610420011875604", account_no=OTHER, total_fen=5000)
            everything = Selection(all_due=True)
            order = start_order(session, home.user_id, everything, "wechat", Product.NATIVE, key)
            number, fen = order.order_no, order.amount_fen
        with database.unit_of_work() as session:
            record(session, till, till.pay(number, fen, trade_no), "callback")
        return number

    return pay


@pytest.fixture
def posted(database: Database, core: Core, paid: Callable[..., str]) -> str:
    """The number of an order of ¥149.51 + ¥50.00 that the core has posted."""
    number = paid()
    posting.post_order(database, cast(CoreClient, core), number)
    return number


@pytest.fixture
def books(database: Database) -> Callable[[], dict[str, int]]:
    """The balance of every account of the books that is not nothing, in fen."""

    def read() -> dict[str, int]:
        with database.unit_of_work() as session:
            return balances(session)

    return read


def balances(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for side, sign in ((LedgerEntry.debit, 1), (LedgerEntry.credit, -1)):
        for account, fen in session.execute(
            select(side, func.sum(LedgerEntry.amount_fen)).group_by(side)
        ):
            found[account] = found.get(account, 0) + sign * int(fen)
    return {account: fen for account, fen in found.items() if fen}


@pytest.fixture
def state(database: Database) -> Callable[[str], tuple[Any, ...]]:
    """(status of an order, fen refunded of it, states of its refunds, why they wait)."""

    def read(order_no: str) -> tuple[Any, ...]:
        with database.unit_of_work() as session:
            order = session.scalars(select(Order).where(Order.order_no == order_no)).one()
            found = session.scalars(
                select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)
            ).all()
            return (
                order.status,
                order.refunded_fen,
                [each.state for each in found],
                [each.last_error for each in found],
            )

    return read


HOME = ACCOUNT
