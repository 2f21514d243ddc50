"""The ledger of an account. The balance is the sum of its entries, and nothing else."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import published
from core.feed import Change
from core.models import Account, LedgerEntry
from runtime.errors import NotFound

Kind = Literal["bill", "late_fee", "late_fee_back", "posting", "reversal", "adjustment", "rebill"]


def book(
    session: Session,
    account_id: int,
    kind: Kind,
    reference: str,
    amount_fen: int,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Add an entry; positive raises what is owed. A kind and reference are booked once only."""
    session.add(
        LedgerEntry(
            account_id=account_id,
            kind=kind,
            reference=reference,
            amount_fen=amount_fen,
            booked_at=at,
            reason=reason,
        )
    )


def balances_fen(session: Session, account_ids: Collection[int]) -> dict[int, int]:
    """What each account owes in all; negative is credit."""
    entries = (
        select(LedgerEntry.account_id, func.sum(LedgerEntry.amount_fen))
        .where(LedgerEntry.account_id.in_(account_ids))
        .group_by(LedgerEntry.account_id)
    )
    found = {account_id: int(total) for account_id, total in session.execute(entries)}
    return {account_id: found.get(account_id, 0) for account_id in account_ids}


def balance_fen(session: Session, account_id: int) -> int:
    """What one account owes in all; negative is credit."""
    return balances_fen(session, [account_id])[account_id]


def balance_change(session: Session, account: Account, at: datetime) -> Change:
    """The account's balance for the change feed."""
    return published.balance(account.account_no, balance_fen(session, account.id), at)


def lock_account(session: Session, account_no: str) -> Account:
    """The account, held until the transaction ends. Whatever moves money takes it first.

    Raises NotFound.
    """
    account = session.scalar(
        select(Account)
        .where(Account.account_no == account_no)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if account is None:
        raise NotFound("account.not_found", account_no=account_no)
    return account
