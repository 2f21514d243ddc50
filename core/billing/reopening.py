"""What money that goes back does to a bill: how much is owed again, and what of its late charges.

The rule is in docs/core-api.md, "Reversals". A part of a bill that is owed again takes the late
charge that arose on it along. When the part is settled once more, a charge arises anew, to that
day. So a charge is neither lost nor taken twice.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.billing import late, ledger
from core.models import Bill, LateCharge


@dataclass
class Reopening:
    """Money that goes back; `left_fen` of it is still to be found.

    `paid` is the civil day on which it had come, `reversal_no` names what is booked.
    """

    left_fen: int
    paid: date
    reversal_no: str
    at: datetime
    allocations: list[dict[str, Any]] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)


@dataclass(frozen=True)
class _Part:
    """A settled part of a bill, with the late charge that arose on it."""

    settled_fen: int
    charge: LateCharge | None = None


def reopen(session: Session, bill: Bill, most_fen: int, back: Reopening) -> None:
    """Let at most `most_fen` of a bill be owed again, and no more than is still to be found."""
    opened = returned = 0
    for part in _parts(session, bill, back.paid):
        principal, fee = _portion(bill, part, most_fen - opened, back.left_fen)
        if part.charge is not None:
            _take_along(session, bill, part.charge, principal, fee, back)
        back.left_fen -= principal + fee
        opened, returned = opened + principal, returned + fee
    if opened + returned:
        bill.settled_fen -= opened
        bill.settled_at = None if opened else bill.settled_at
        _note(bill, opened, returned, back)
    session.flush()


def return_charges(session: Session, replaced: Bill, back: Reopening) -> None:
    """Give back the late charges that the same money had paid on a bill that was replaced since.

    The bill in its place has no such charge: they lapse, as those do that wait (late charges, 6).
    """
    returned = 0
    for charge in _charges(session, replaced):
        if charge.taken and charge.paid == back.paid:
            fee = min(charge.fee_fen - charge.returned_fen, back.left_fen)
            _give_back(session, replaced, charge, fee, back)
            back.left_fen -= fee
            returned += fee
    if returned:
        _note(replaced, 0, returned, back)
    session.flush()


def _parts(session: Session, bill: Bill, paid: date) -> Iterator[_Part]:
    """The settled parts of a bill in the order in which they are opened.

    First what it carries of late charges, for that is settled last; then what was settled on the
    day on which the money had come; then the rest, the latest first.
    """
    total = max(0, bill.total_fen - bill.late_fen)
    carried = max(0, bill.settled_fen - total)
    charged = [
        _Part(charge.arrears_fen - charge.reopened_fen, charge)
        for charge in sorted(_charges(session, bill), key=lambda each: each.paid != paid)
    ]
    in_time = _Part(bill.settled_fen - carried - sum(part.settled_fen for part in charged))
    yield _Part(carried)
    yield from [in_time, *charged] if bill.due and paid <= bill.due else [*charged, in_time]


def _charges(session: Session, bill: Bill) -> Sequence[LateCharge]:
    """The late charges that arose on a bill, the latest first."""
    query = select(LateCharge).where(LateCharge.bill_id == bill.id)
    return session.scalars(query.order_by(LateCharge.id.desc())).all()


def _portion(bill: Bill, part: _Part, most_fen: int, wanted_fen: int) -> tuple[int, int]:
    """How much of a part is owed again and how much of its charge goes along, in fen.

    Together that is what is wanted, unless the part does not reach. What rounding leaves is taken
    from the charge: it is never too much for the rest of the part.
    """
    size = min(part.settled_fen, most_fen)
    charge = part.charge
    if charge is None or _waits(charge):
        return min(size, wanted_fen), 0

    def found(opened: int) -> int:
        return opened + late.returning_fen(bill, charge, opened)

    opened = bisect_right(range(size + 1), wanted_fen, key=found) - 1
    return opened, (found(size) if opened == size else wanted_fen) - opened


def _waits(charge: LateCharge) -> bool:
    """Whether nothing of the charge was ever asked for, so that there is nothing to give back."""
    return not (charge.taken or charge.billed_on_id or charge.reopened_fen)


def _take_along(
    session: Session, bill: Bill, charge: LateCharge, opened: int, fee_fen: int, back: Reopening
) -> None:
    """Note on a charge that so much of its part is owed again, and give that of it back."""
    if not _waits(charge):
        charge.reopened_fen += opened
        _give_back(session, bill, charge, fee_fen, back)
        return
    charge.fee_fen -= late.returning_fen(bill, charge, opened)
    charge.arrears_fen -= opened
    if not charge.fee_fen:
        session.delete(charge)


def _give_back(
    session: Session, bill: Bill, charge: LateCharge, fee_fen: int, back: Reopening
) -> None:
    if not fee_fen:
        return
    charge.returned_fen += fee_fen
    reference = f"L{charge.id}-{back.reversal_no}"
    ledger.book(session, bill.account_id, "late_fee_back", reference, -fee_fen, back.at)


def _note(bill: Bill, opened: int, returned: int, back: Reopening) -> None:
    back.allocations.append(
        {"bill_no": bill.bill_no, "principal_fen": opened, "late_fee_fen": returned}
    )
    if opened:
        back.bills.append(bill)
