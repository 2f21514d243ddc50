"""Where the money of a payment went in the core: to which bills, and what is left of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.history import OrderView
from runtime import clock
from service.dues import bearing_fen, late_on
from service.models import Bill, Posting


@dataclass(frozen=True)
class Landed:
    """Fen that went to bills with their late charges, and fen that are left on the accounts.

    `months` are those of the bills. `waiting_late_fen` is the late charge on what was paid now
    for which the money did not reach: it comes with the next bill (rule 7.9).
    """

    months: tuple[str, ...]
    bills_fen: int
    credit_fen: int
    waiting_late_fen: int


def landed(session: Session, order: OrderView) -> Landed | None:
    """Where the asker's own payment went; None while our copy of the core's postings lacks any."""
    rows = session.scalars(select(Posting).where(Posting.order_no == order.order_no))
    postings = [each for each in rows if each.account_no in order.account_nos]
    if {each.account_no for each in postings} != set(order.account_nos):
        return None
    parts = [(posting, part) for posting in postings for part in posting.allocations]
    numbers = {part["bill_no"] for _posting, part in parts}
    found = session.scalars(select(Bill).where(Bill.bill_no.in_(numbers)))
    bills = {bill.bill_no: bill for bill in found}
    return Landed(
        months=tuple(sorted({bill.period for bill in bills.values()})),
        bills_fen=sum(part["principal_fen"] + part["late_fee_fen"] for _posting, part in parts),
        credit_fen=sum(each.credit_fen for each in postings),
        waiting_late_fen=sum(
            _waiting_late(bills[part["bill_no"]], posting, part)
            for posting, part in parts
            if part["bill_no"] in bills
        ),
    )


def _waiting_late(bill: Bill, posting: Posting, part: dict[str, Any]) -> int:
    """The charge on this part of a bill that was not taken with it; carried charges bear none."""
    if part["late_fee_fen"]:
        return 0
    carried = max(0, bill.settled_fen - bearing_fen(bill))
    return late_on(bill, part["principal_fen"] - carried, clock.civil_date(posting.paid_at))
