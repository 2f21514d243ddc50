"""What the desk words is read in the inbox with the figures of now, and leads where it should."""

from flask.testing import FlaskClient
from sqlalchemy import select, update

from notifications import payments
from notifications.bills import on_issued
from notifications.composing import compose_chunk
from notifications.models import InboxMessage
from runtime import clock
from runtime.database import Database
from service.events import BillsIssued, PaymentPosted
from service.models import Bill, User
from tests.portal.conftest import post
from tests.portal.places import move_in
from tests.service.builders import create_bill, create_posting


def _paid(database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, session.merge(user))
        posting = create_posting(session, account, 14951, channel="alipay")
        event = PaymentPosted(
            posting.posting_no, account.account_no, posting.order_no, 14951, clock.now()
        )
        payments.on_posted(session, event)


def _compose(database: Database) -> None:
    with database.unit_of_work() as session:
        compose_chunk(session)


def _billed(database: Database, user: User) -> str:
    with database.unit_of_work() as session:
        account = move_in(session, session.merge(user))
        bill = create_bill(session, account, issued_at=clock.now(), total_fen=14951)
        on_issued(session, BillsIssued((bill.bill_no,), (), ()))
        return bill.bill_no


def test_a_payment_is_read_in_both_languages(
    client: FlaskClient, user: User, database: Database
) -> None:
    _paid(database, user)
    page = client.get("/inbox").get_data(as_text=True)
    assert "收到 149.51 元" in page
    assert "支付宝" in page
    english = client.get("/inbox?lang=en").get_data(as_text=True)
    assert "149.51 yuan" in english


def test_opening_leads_to_the_bill_itself(
    client: FlaskClient, user: User, database: Database
) -> None:
    number = _billed(database, user)
    _compose(database)
    with database.unit_of_work() as session:
        message = session.scalars(select(InboxMessage.id)).one()
    answer = post(client, f"/inbox/{message}")
    assert answer.headers["Location"] == f"/bills/{number}"


def test_what_no_longer_holds_says_so(client: FlaskClient, user: User, database: Database) -> None:
    number = _billed(database, user)
    _compose(database)
    with database.unit_of_work() as session:
        session.execute(update(Bill).where(Bill.bill_no == number).values(status="cancelled"))
    page = client.get("/inbox").get_data(as_text=True)
    assert "后来办好了，或者有了变化。点开看现在怎么样。" in page
    assert "149.51" not in page
