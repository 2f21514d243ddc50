"""An account's payments are seen by those who may see its bills, as the core posted them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from payments import history
from payments.history import Payment, Share, Stage, TakenBack
from runtime.errors import NotFound
from service.models import Posting, Reversal
from tests.payments.builders import ACCOUNT, create_account, create_user, link

PAID = datetime(2026, 10, 20, 4, tzinfo=UTC)
BACK = datetime(2026, 10, 22, 4, tzinfo=UTC)


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


def _reversal(number: str, fen: int, bill_no: str, principal: int, late: int) -> Reversal:
    return Reversal(
        reversal_no=number,
        posting_no="P1",
        account_no=ACCOUNT,
        amount_fen=fen,
        reason="wrong_account",
        order_no="C1",
        reversed_at=BACK,
        allocations=[{"bill_no": bill_no, "principal_fen": principal, "late_fee_fen": late}],
    )


def test_what_the_core_took_back_stands_with_the_payment(session: Session, posted: None) -> None:
    user_id = create_user(session)
    link(session, user_id)
    session.add(_reversal("R1", 10, "B2", 10, 0))
    session.add(_reversal("R2", 1_003, "B1", 1_000, 3))
    session.flush()
    (payment,) = history.payments_of(session, user_id, ACCOUNT)
    assert payment.reversals == (
        TakenBack(10, BACK, (Share("B2", 10, 0),)),
        TakenBack(1_003, BACK, (Share("B1", 1_000, 3),)),
    )
    assert (payment.stage, payment.returned_fen) == (Stage.POSTED, 1_013)
    assert payment.taken_back("B1") == Share("B1", 1_000, 3)
    assert payment.taken_back("B3").amount_fen == 0


def test_a_payment_that_was_taken_back_whole_is_refunded(session: Session, posted: None) -> None:
    user_id = create_user(session)
    link(session, user_id)
    session.add(_reversal("R1", 15_010, "B1", 14_951, 45))
    session.flush()
    (payment,) = history.payments_of(session, user_id, ACCOUNT)
    assert (payment.stage, payment.returned_fen) == (Stage.REFUNDED, 15_010)


def test_a_neighbour_finds_no_payment(session: Session, posted: None) -> None:
    neighbour = create_user(session, phone="13800002047")
    with pytest.raises(NotFound):
        history.payments_of(session, neighbour, ACCOUNT)
