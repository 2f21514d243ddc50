"""Payments and reversals in one line each, for tests of what goes back."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.billing.postings import Payment, post
from core.billing.reversals import Reversed, Withdrawal, reverse
from core.models import Account, LedgerEntry, Posting

IN_TIME = datetime(2026, 10, 10, 4, tzinfo=UTC)
DUE = date(2026, 10, 16)


def days_late(days: int) -> datetime:
    """Noon in China, so many days after the due day."""
    return datetime(DUE.year, DUE.month, DUE.day, 4, tzinfo=UTC) + timedelta(days=days)


def pay(
    session: Session, account: Account, fen: int, paid_at: datetime = IN_TIME, *bills: str
) -> Posting:
    count = session.scalar(select(func.count()).select_from(Posting))
    payment = Payment(account.account_no, fen, "wechat", "ORDER-1", paid_at, bills)
    return post(session, payment, f"payment-{count}").posting


def back(session: Session, posting: Posting, fen: int, key: str = "back-1") -> Reversed:
    return reverse(session, Withdrawal(posting.posting_no, fen, "wrong_account", "ORDER-1"), key)


def entries(session: Session, *kinds: str) -> list[tuple[str, str, int]]:
    """Ledger entries of these kinds, in their order."""
    rows = session.execute(
        select(LedgerEntry.kind, LedgerEntry.reference, LedgerEntry.amount_fen)
        .where(LedgerEntry.kind.in_(kinds))
        .order_by(LedgerEntry.id)
    )
    return [tuple(row) for row in rows]
