"""A home that has paid its November."""

from datetime import UTC, datetime, timedelta

import pytest

from payments.ledger.booking import POSTED as IN_CORE
from payments.ledger.booking import RECEIVED, Kind, book
from payments.models import Order
from runtime.database import Database
from service.models import Bill, User
from tests.portal.places import move_in, pay
from tests.service import builders

PAID = datetime(2026, 12, 6, 12, 14, tzinfo=UTC)
POSTED = PAID + timedelta(seconds=2)
NUMBER = "420011875603"


@pytest.fixture
def bill(database: Database, user: User) -> Bill:
    """November of the user's own home, 132.20 yuan."""
    with database.unit_of_work() as session:
        return builders.create_bill(session, move_in(session, user, account_no=NUMBER), "2026-11")


@pytest.fixture
def paid(database: Database, user: User, bill: Bill) -> Order:
    """The bill paid by WeChat at 20:14 on 6 December, and not posted yet."""
    with database.unit_of_work() as session:
        return pay(session, user, bill, at=PAID)


def posted(database: Database, order: Order) -> None:
    """The core has taken all of an order."""
    with database.unit_of_work() as session:
        row = session.get_one(Order, order.id)
        for task in row.tasks:
            task.posting_no, task.posted_at = f"P{task.id}", POSTED
            book(
                session,
                Kind.POSTING,
                task.idempotency_key,
                debit=RECEIVED,
                credit=IN_CORE,
                amount_fen=task.amount_fen,
                order_no=row.order_no,
            )
        row.status, row.posted_at = "posted", POSTED
