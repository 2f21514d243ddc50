"""An account's payments are seen by those who may see its bills, as the core posted them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from payments import history
from payments.history import Payment, Share, Stage
from runtime.errors import NotFound
from service.models import Posting
from tests.payments.builders import ACCOUNT, create_account, create_user, link

PAID = datetime(2026, 10, 20, 4, tzinfo=UTC)


@pytest.fixture
def posted(session: Session) -> None:
    """Money that came in at a counter and settled two bills."""
    create_account(session)
    parts = [("B1", 14_951, 45), ("B2", 10, 0)]
    session.add(
        Posting(
            posting_no="P1",
            account_no=ACCOUNT,
            amount_fen=15_010,
            channel="counter",
            order_no="C1",
            paid_at=PAID,
            posted_at=PAID,
            credit_fen=4,
            allocations=[
                {"bill_no": bill_no, "principal_fen": principal, "late_fee_fen": late}
                for bill_no, principal, late in parts
            ],
        )
    )
    session.flush()


def test_a_posted_payment_says_what_it_settled(session: Session, posted: None) -> None:
    user_id = create_user(session)
    link(session, user_id, role="enterprise_energy")
    assert history.payments_of(session, user_id, ACCOUNT) == [
        Payment(
            at=PAID,
            amount_fen=15_010,
            channel="counter",
            order_no="C1",
            stage=Stage.POSTED,
            posting_no="P1",
            shares=(Share("B1", 14_951, 45), Share("B2", 10, 0)),
            credit_fen=4,
            account_no=ACCOUNT,
        )
    ]


def test_a_neighbour_finds_no_payment(session: Session, posted: None) -> None:
    neighbour = create_user(session, phone="13800002047")
    with pytest.raises(NotFound):
        history.payments_of(session, neighbour, ACCOUNT)
