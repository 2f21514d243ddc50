"""How far an arrangement has come, by what the copy of the core says of its bills and postings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.arrangements.models import ArrangedBill, ArrangedPart, Arrangement
from service.models import Bill, Posting


@dataclass(frozen=True)
class Standing:
    """An arrangement as it stands.

    `bills` are those of it that hold: a corrected one in place of the one before. `paid_fen` is
    what went to them since it was made, late charges included.
    """

    arrangement: Arrangement
    bills: tuple[Bill, ...]
    paid_fen: int

    @property
    def settled(self) -> bool:
        """Whether nothing of its bills is left to pay."""
        return all(bill.settled_fen >= bill.total_fen for bill in self.bills)

    @property
    def open_nos(self) -> list[str]:
        """Its bills that are not settled."""
        return [bill.bill_no for bill in self.bills if bill.settled_fen < bill.total_fen]

    @property
    def parts(self) -> list[ArrangedPart]:
        return self.arrangement.parts

    def is_paid(self, part: ArrangedPart) -> bool:
        """Whether what was to be paid by then was; the last part is only when all is settled."""
        if self.settled:
            return True
        return part is not self.parts[-1] and self.left_fen(part) == 0

    def left_fen(self, part: ArrangedPart) -> int:
        """What is left to pay up to and with this part, as it was agreed."""
        amounts = accumulate(each.amount_fen for each in self.parts)
        agreed = dict(zip((each.number for each in self.parts), amounts, strict=True))
        return max(0, agreed[part.number] - self.paid_fen)

    @property
    def next_part(self) -> ArrangedPart | None:
        """The first part that is not paid."""
        return next((part for part in self.parts if not self.is_paid(part)), None)

    def missed(self, today: date, grace_days: int) -> ArrangedPart | None:
        """The first part that is later than the grace allows."""
        part = self.next_part
        return part if part is not None and (today - part.day).days > grace_days else None


def standing(session: Session, arrangement: Arrangement) -> Standing:
    """How an arrangement stands now; what it says is as fresh as the copy of the core."""
    bills = _bills(session, arrangement.bills)
    before = {each.bill_no: each.settled_fen for each in arrangement.bills}
    principal_fen = sum(
        max(0, bill.settled_fen - before.get(agreed_no, 0)) for agreed_no, bill in bills
    )
    late_fen = _late_taken(session, arrangement, {bill.bill_no for _agreed, bill in bills})
    return Standing(arrangement, tuple(bill for _agreed, bill in bills), principal_fen + late_fen)


def _bills(session: Session, agreed: Sequence[ArrangedBill]) -> list[tuple[str, Bill]]:
    """The bills that hold, each with the number under which it was agreed."""
    numbers = [each.bill_no for each in agreed]
    found = session.scalars(
        select(Bill)
        .where(Bill.bill_no.in_(numbers))
        .order_by(Bill.due, Bill.bill_no)
        .execution_options(populate_existing=True)
    ).all()
    in_place = [
        (bill.bill_no, bill if bill.status == "issued" else _instead(session, bill))
        for bill in found
    ]
    return [(number, bill) for number, bill in in_place if bill is not None]


def _instead(session: Session, cancelled: Bill) -> Bill | None:
    """The bill that stands in the place of a cancelled one; None when there is none any more."""
    return session.scalar(
        select(Bill)
        .where(
            Bill.account_no == cancelled.account_no,
            Bill.service_point_no == cancelled.service_point_no,
            Bill.period == cancelled.period,
            Bill.status == "issued",
        )
        .execution_options(populate_existing=True)
    )


def _late_taken(session: Session, arrangement: Arrangement, bill_nos: set[str]) -> int:
    """Late charges in fen on these bills that postings since then have paid."""
    postings = session.scalars(
        select(Posting.allocations).where(
            Posting.account_no == arrangement.account_no,
            Posting.posted_at >= arrangement.asked_at,
        )
    )
    return sum(
        part["late_fee_fen"]
        for allocations in postings
        for part in allocations
        if part["bill_no"] in bill_nos
    )
