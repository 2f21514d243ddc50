"""What the tests of shifts look at: drawers, and what the ledger says of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.counter import reading
from payments.counter.models import Shift
from payments.ledger.models import LedgerEntry
from tests.payments.counter.conftest import Desk

FLOAT = {100_00: 1}
WITH_THE_BILL = {100_00: 2, 20_00: 2, 5_00: 1, 1_00: 4, 50: 1, 10: 1}  # 249.60


def shift_of(session: Session, desk: Desk) -> Shift:
    return session.scalars(select(Shift).where(Shift.opened_by == desk.agent)).one()


def customers_cash(session: Session) -> dict[str, int]:
    """Cash of customers in each shift that is not closed, as its sheet says it, by its number."""
    sheets = [
        reading.sheet(session, shift.shift_no, of=None)
        for shift in reading.unclosed(session, of=None)
    ]
    return {each.shift.shift_no: each.expected_fen - each.shift.float_fen for each in sheets}


def books(session: Session, *kinds: str) -> list[tuple[str, str, str, int]]:
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.kind.in_(kinds)).order_by(LedgerEntry.id)
    )
    return [(each.kind, each.debit, each.credit, each.amount_fen) for each in entries]


def balance(session: Session) -> int:
    """What the books say is at the counter."""
    entries = session.scalars(
        select(LedgerEntry).where(
            (LedgerEntry.debit == "counter") | (LedgerEntry.credit == "counter")
        )
    )
    return sum(each.amount_fen if each.debit == "counter" else -each.amount_fen for each in entries)
