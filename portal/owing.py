"""What the customer's accounts owe at this moment, money on its way taken into account."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from payments import holds
from payments.agreements.showing import planned
from payments.holds import Hold
from runtime import clock
from service.access import RIGHTS, Right
from service.arrangements.showing import Agreed, agreed
from service.bills import BillSummary
from service.dues import Due, dues
from service.people.links import LinkedAccount

CREDITED_WITHIN = timedelta(minutes=10)
"""How long posting a payment takes at most, as customers are told."""


@dataclass(frozen=True)
class Owing:
    """What one account owes.

    `state`: due, today, overdue; crediting (all of it is paid and not yet posted); and with
    nothing owed prepaid or credit (money is left on the account) or settled.
    `free` are the bills that can be paid, `started` an order that the asker began and left.
    `debit_on` is the next day on which one of them is debited under an agreement; `agreed` is what
    was arranged about paying later, for those who may pay.
    """

    account: LinkedAccount
    state: str
    free: tuple[Due, ...]
    crediting_fen: int
    crediting_since: datetime | None
    started: Hold | None
    debit_on: date | None = None
    agreed: Agreed | None = None

    @property
    def due_fen(self) -> int:
        """What is to be paid now, late charges to today included."""
        return sum(due.amount_fen for due in self.free)

    @property
    def late_fen(self) -> int:
        return sum(due.late_fee_fen for due in self.free)

    @property
    def credit_fen(self) -> int:
        """What is left on the account."""
        return max(0, -self.account.balance_fen)

    @property
    def first(self) -> Due:
        """The bill that is due first."""
        return self.free[0]

    @property
    def may_pay(self) -> bool:
        """Whether the asker may pay for this account."""
        return Right.PAY in RIGHTS[self.account.role]

    @property
    def payable(self) -> bool:
        """Whether the asker may and can pay something of it."""
        return bool(self.free) and self.may_pay

    @property
    def slow(self) -> bool:
        """Whether posting takes longer than customers are told."""
        since = self.crediting_since
        return since is not None and clock.now() - since > CREDITED_WITHIN


def owing(session: Session, user_id: int, accounts: Collection[LinkedAccount]) -> list[Owing]:
    """What each of these accounts of the user owes, in their order.

    Three queries for all, and two more when something is due.
    """
    numbers = [account.account_no for account in accounts]
    if not numbers:
        return []
    waiting = dues(session, user_id, numbers)
    held = holds.held_bills(session, numbers)
    crediting = holds.crediting(session, numbers)
    debits = planned(session, user_id, numbers) if waiting else {}
    arranged = agreed(session, numbers) if waiting else {}
    return [
        _owing(
            user_id,
            account,
            [due for due in waiting if due.account_no == account.account_no],
            held,
            crediting.get(account.account_no, 0),
            debits,
            arranged.get(account.account_no) if Right.PAY in RIGHTS[account.role] else None,
        )
        for account in accounts
    ]


def bill_state(bill: BillSummary, hold: Hold | None) -> str:
    """The badge of a bill: due, bad (overdue), info (being credited), good, or none."""
    if bill.state in ("due", "overdue"):
        if hold is not None and hold.paid:
            return "info"
        return "bad" if bill.state == "overdue" else "due"
    return "none" if bill.total_fen <= 0 or bill.state == "cancelled" else "good"


def _owing(
    user_id: int,
    account: LinkedAccount,
    waiting: list[Due],
    held: dict[str, Hold],
    crediting_fen: int,
    debits: dict[str, date],
    arranged: Agreed | None,
) -> Owing:
    paid = [held[due.bill_no] for due in waiting if _is_paid(held.get(due.bill_no))]
    free = tuple(due for due in waiting if not _is_paid(held.get(due.bill_no)))
    started = (held[due.bill_no] for due in free if due.bill_no in held)
    return Owing(
        account=account,
        state=_state(account, free, crediting_fen, clock.today()),
        free=free,
        crediting_fen=crediting_fen,
        crediting_since=min((hold.since for hold in paid), default=None),
        started=next((hold for hold in started if hold.user_id == user_id), None),
        debit_on=min((debits[due.bill_no] for due in free if due.bill_no in debits), default=None),
        agreed=arranged,
    )


def _is_paid(hold: Hold | None) -> bool:
    return hold is not None and hold.paid


def _state(account: LinkedAccount, free: tuple[Due, ...], crediting_fen: int, today: date) -> str:
    if free:
        first = free[0]
        return "overdue" if first.days_late else "today" if first.due == today else "due"
    if crediting_fen:
        return "crediting"
    if account.settlement == "prepaid":
        return "prepaid"
    return "credit" if account.balance_fen < 0 else "settled"
