"""What the core knows of an account: who holds it, and what is owed today."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import late, ledger, settlement
from core.models import Account
from core.security import same_text
from runtime import clock
from runtime.errors import NotFound


@dataclass(frozen=True)
class OpenBill:
    """An issued bill that is not settled. `late_fee_fen` is the charge if it were paid today."""

    bill_no: str
    period: str
    due: date
    outstanding_fen: int
    late_fee_fen: int


@dataclass(frozen=True)
class Balance:
    """What is owed in all (negative: credit), and the bills that are open."""

    account_no: str
    balance_fen: int
    at: datetime
    outstanding: list[OpenBill]


def find_account(session: Session, account_no: str) -> Account:
    """The account of that number. Raises NotFound."""
    account = session.scalar(select(Account).where(Account.account_no == account_no))
    if account is None:
        raise NotFound("account.not_found", account_no=account_no)
    return account


def balance_of(session: Session, account_no: str) -> Balance:
    """The account's balance now. Raises NotFound."""
    account = find_account(session, account_no)
    at = clock.now()
    bills = settlement.outstanding(session, account.id)
    open_bills = [
        OpenBill(
            bill.bill_no,
            bill.period,
            bill.due,
            bill.total_fen - bill.settled_fen,
            late.fee_today_fen(bill, clock.civil_date(at)),
        )
        for bill in bills
        if bill.due is not None
    ]
    return Balance(account_no, ledger.balance_fen(session, account.id), at, open_bills)


def verify_holder(session: Session, account_no: str, holder_name: str, phone_last4: str) -> bool:
    """Whether someone knows the account's holder and the end of the registered phone number.

    An account that does not exist, one that is closed and a wrong answer cannot be told apart.
    """
    account = session.scalar(
        select(Account).where(Account.account_no == account_no, Account.closed.is_(None))
    )
    name, phone = (account.holder_name, account.phone) if account else ("", "")
    right_name = same_text(holder_name, name)
    right_phone = same_text(phone_last4, phone[-4:])
    return account is not None and right_name and right_phone
