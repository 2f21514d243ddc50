"""All that was booked for one order of a payer: what was posted, and what of it went back."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Account, Posting, Reversal


@dataclass(frozen=True)
class Booked:
    """Postings with their account's number, and reversals with posting and account."""

    postings: list[tuple[Posting, str]]
    reversals: list[tuple[Reversal, Posting, str]]


def booked(session: Session, order_no: str) -> Booked:
    """In the order of booking; nothing at all for an order that is not known."""
    postings = session.execute(
        select(Posting, Account.account_no)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.order_no == order_no)
        .order_by(Posting.id)
    )
    reversals = session.execute(
        select(Reversal, Posting, Account.account_no)
        .join(Posting, Posting.id == Reversal.posting_id)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.order_no == order_no)
        .order_by(Reversal.id)
    )
    return Booked(
        [(posting, account_no) for posting, account_no in postings],
        [(reversal, posting, account_no) for reversal, posting, account_no in reversals],
    )
