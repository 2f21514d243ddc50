"""Payments that went back, and bills that are owed again because of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from runtime.database import Database
from service.models import Account, Bill, Posting, User
from tests.portal.places import move_in, part, says
from tests.service import builders

PAID = datetime(2026, 12, 6, 2, 5, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def account(database: Database, user: User) -> Account:
    with database.unit_of_work() as session:
        return move_in(session, user)


def pay(session: Session, account: Account, bill: Bill, late_fen: int = 0, **given: Any) -> Posting:
    share = {"bill_no": bill.bill_no, "principal_fen": 13220, "late_fee_fen": late_fen}
    fields = {"paid_at": PAID, "channel": "bank", "allocations": [share]}
    return builders.create_posting(session, account, 13220 + late_fen, **(fields | given))


def take_back(session: Session, posting: Posting, bill: Bill, fen: int, late_fen: int = 0) -> None:
    share = {"bill_no": bill.bill_no, "principal_fen": fen, "late_fee_fen": late_fen}
    builders.create_reversal(session, posting, fen + late_fen, allocations=[share])


def test_a_bill_whose_payment_went_back_is_simply_owed(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, account, "2026-11")
        take_back(session, pay(session, account, bill), bill, 13220)
    page = says(client, f"/bills/{bill.bill_no}")
    assert "待缴 ¥132.20 12 月 18 日前缴，还有 7 天" in page
    assert "缴 ¥132.20 现在缴不了？ 存 PDF" in page
    assert "缴费记录 12 月 6 日 10:05银行代扣¥132.20已退回" in part(
        client, f"/bills/{bill.bill_no}", "paid"
    )
    assert "11 月电费，待缴 ¥132.20" in part(client, "/", "owed")
    assert "退回了 ¥132.2012 月 6 日，银行代扣" in part(client, "/", "news")


def test_a_part_that_went_back_is_named_and_owed(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, account, "2026-11", settled_fen=8220)
        take_back(session, pay(session, account, bill), bill, 5000)
    page = says(client, f"/bills/{bill.bill_no}")
    assert "现在缴¥50.00" in page
    assert "缴费记录 12 月 6 日 10:05银行代扣¥132.20退回了 ¥50.00" in part(
        client, f"/bills/{bill.bill_no}", "paid"
    )


def test_in_english_too(client: FlaskClient, database: Database, account: Account) -> None:
    with database.unit_of_work() as session:
        bill = builders.create_bill(session, account, "2026-11", settled_fen=8220)
        take_back(session, pay(session, account, bill, channel="agent"), bill, 5000)
    client.set_cookie("language", "en")
    paid = part(client, f"/bills/{bill.bill_no}", "paid")
    assert "Collection point" in paid
    assert "¥50.00 paid back" in paid


def test_a_bill_paid_again_counts_only_what_stayed(
    client: FlaskClient, database: Database, account: Account
) -> None:
    """The first late charge went back with the first payment; the second was taken."""
    with database.unit_of_work() as session:
        settled = {"settled_fen": 13220, "settled_at": PAID}
        bill = builders.create_bill(session, account, "2026-10", **settled)
        take_back(session, pay(session, account, bill, 238), bill, 13220, 238)
        pay(session, account, bill, 264, order_no="AGAIN")
    page = says(client, f"/bills/{bill.bill_no}")
    assert "12 月 6 日缴清，另付违约金 ¥2.64" in page
    assert "从余额扣" not in page


def test_credit_that_went_back_from_a_bill_does_not_hide_who_paid_it_then(
    client: FlaskClient, database: Database, account: Account
) -> None:
    with database.unit_of_work() as session:
        settled = {"settled_fen": 13220, "settled_at": PAID}
        bill = builders.create_bill(session, account, "2026-11", **settled)
        ahead = pay(session, account, bill, allocations=[], order_no="AHEAD")
        take_back(session, ahead, bill, 13220)
        pay(session, account, bill)
    assert "12 月 6 日缴清" in says(client, f"/bills/{bill.bill_no}")
    paid = part(client, f"/bills/{bill.bill_no}", "paid")
    assert "缴费记录 12 月 6 日 10:05银行代扣¥132.20" in paid
    assert (paid.count("¥132.20"), "退回" in paid) == (1, False)
