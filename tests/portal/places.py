"""Homes and firms for the tests of pages, and what a page says, without its markup."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import patch

from flask.testing import FlaskClient
from psycopg import Cursor
from sqlalchemy.orm import Session

from payments.models import Order, OrderItem, PostingTask
from payments.receipts import book_payment
from runtime import clock
from service.models import Account, Bill, Link, Meter, ServicePoint, User
from tests.service import builders

NOW = "2026-12-11T02:00:00Z"
"""Friday 11 December 2026, ten in the morning in China."""

_STILL_THERE = ";"
"""What SQLAlchemy asks of a connection to know whether it lives."""


def says(client: FlaskClient, path: str, status: int = 200) -> str:
    """The words of a page, its markup removed and its spaces made one."""
    answer = client.get(path)
    assert answer.status_code == status
    return words(answer.get_data(as_text=True))


def words(page: str) -> str:
    main = page[page.index("<main") : page.index("</main>")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", main))).strip()


def part(client: FlaskClient, path: str, name: str) -> str:
    """The words of the section that is labelled by `name`."""
    page = client.get(path).get_data(as_text=True)
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', page, re.S)
    assert found, f"{path} has no part {name}"
    return words(f"<main>{found[0]}</main>")


def move_in(session: Session, user: User, role: str = "owner", **account: Any) -> Account:
    """An account that is the user's."""
    found = builders.create_account(session, **account)
    builders.create_link(session, user, found, role)
    return found


def supply(
    session: Session, account: Account, tariff: str = "zj-residential-tou", **meter: Any
) -> tuple[ServicePoint, Meter]:
    """A place where the account is supplied, and its meter."""
    point = builders.create_service_point(session, account, tariff)
    return point, builders.create_meter(session, point, **meter)


def use(session: Session, meter: Meter, first: date, last: date, wh: int = 50) -> None:
    """The same energy in each quarter-hour of some days."""
    for count in range((last - first).days + 1):
        builders.create_meter_day(session, meter, first + timedelta(days=count), wh)


def named(session: Session, user: User, account: Account, alias: str) -> None:
    """The user's own name for an account."""
    link = session.query(Link).filter_by(user_id=user.id, account_no=account.account_no).one()
    link.alias = alias


def pay(session: Session, user: User, bill: Bill, *, at: datetime | None = None) -> Order:
    """The user's order for a bill: paid, and not yet posted by the core."""
    paid_at = at or clock.now() - timedelta(minutes=1)
    amount = bill.total_fen - bill.settled_fen
    order = started(session, user, bill, created_at=paid_at - timedelta(minutes=1))
    order.status, order.paid_at = "paid", paid_at
    book_payment(session, order)
    session.flush()
    session.add(
        PostingTask(
            order_id=order.id,
            account_no=bill.account_no,
            amount_fen=amount,
            bill_nos=[bill.bill_no],
            idempotency_key=order.order_no,
        )
    )
    session.flush()
    return order


def started(
    session: Session, user: User, bill: Bill, *, created_at: datetime | None = None
) -> Order:
    """An order for a bill that waits for its payment."""
    amount = bill.total_fen - bill.settled_fen
    created = created_at or clock.now()
    order = Order(
        order_no=f"D{bill.bill_no}",
        user_id=user.id,
        status="awaiting",
        gateway="wechat",
        product="native",
        purpose="bills",
        amount_fen=amount,
        idempotency_key=bill.bill_no,
        created_at=created,
        expires_at=created + timedelta(minutes=15),
        next_query_at=created,
        items=[
            OrderItem(
                account_no=bill.account_no,
                bill_no=bill.bill_no,
                period=bill.period,
                principal_fen=amount,
                amount_fen=amount,
            )
        ],
    )
    session.add(order)
    session.flush()
    return order


@contextmanager
def queries() -> Iterator[list[str]]:
    """The statements that the database is asked.

    Whether a rested connection still lives is no question of a page: a slow machine lets one
    rest where a quick one does not.
    """
    asked: list[str] = []

    def note(cursor: Cursor, statement: str, *rest: Any, **options: Any) -> Cursor:
        if statement != _STILL_THERE:
            asked.append(statement)
        return execute(cursor, statement, *rest, **options)

    execute = Cursor.execute
    with patch.object(Cursor, "execute", note):
        yield asked
