"""Late charges (rule 7.9): how much, on what, and when each is taken.

A charge arises when a part of a bill is settled after the bill was due. It is taken once, and
whole: from the same money when that reaches, else as a line of the next bill of the same service
point (docs/core-api.md, "Late charges").
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Bill, LateCharge
from rating import Case, Late, load_tariffs
from rating.rules import late_charge


@dataclass(frozen=True)
class Fee:
    """A late charge of `fee_fen` on `arrears_fen` that were settled on the day `paid`."""

    arrears_fen: int
    due: date
    paid: date
    fee_fen: int


def fee_on(bill: Bill, settling_fen: int, paid: date) -> Fee | None:
    """The charge for settling so much more of a bill on a civil day; None when there is none.

    Late charges that the bill carries from earlier bills bear no charge themselves. They count as
    the part of the bill that is settled last.
    """
    if bill.due is None or paid <= bill.due:
        return None
    arrears = _bearing(bill, bill.settled_fen) - _bearing(bill, bill.settled_fen + settling_fen)
    fee_fen = late_fen(bill.tariff, bill.period, Late(arrears, bill.due, paid))
    return Fee(arrears, bill.due, paid, fee_fen) if fee_fen else None


def fee_today_fen(bill: Bill, today: date) -> int:
    """What would be charged if all that is outstanding were settled on a civil day."""
    fee = fee_on(bill, bill.total_fen - bill.settled_fen, today)
    return fee.fee_fen if fee else 0


def late_fen(tariff: str, period: str, late: Late) -> int:
    """Rule 7.9 at the rates of a tariff's version, in fen."""
    version = load_tariffs().find(tariff, period)
    case = Case(version=version, period=period, kwh={}, late=late)
    return sum(line.amount_fen for line in late_charge(case))


def returning_fen(bill: Bill, charge: LateCharge, opened_fen: int) -> int:
    """What of a charge goes back when so much more of its part is owed again.

    The rest of the part keeps its own charge; with the whole part goes all that is left.
    """
    rest = charge.arrears_fen - charge.reopened_fen - opened_fen
    kept = late_fen(bill.tariff, bill.period, Late(rest, charge.due, charge.paid))
    return max(0, charge.fee_fen - charge.returned_fen - kept)


def waiting(session: Session, service_point_ids: Collection[int]) -> dict[int, LateCharge]:
    """The oldest charge of each service point that neither money nor a bill has taken yet.

    A bill carries one (TARIFFS 9.1, `late`); another waits for the bill after it.
    """
    charges = (
        select(Bill.service_point_id, LateCharge)
        .join(Bill, Bill.id == LateCharge.bill_id)
        .where(Bill.service_point_id.in_(service_point_ids))
        .where(LateCharge.taken.is_(False), LateCharge.billed_on_id.is_(None))
        .order_by(Bill.service_point_id, LateCharge.due.desc(), LateCharge.id.desc())
    )
    return {point: charge for point, charge in session.execute(charges)}  # noqa: C416 - typed so


def _bearing(bill: Bill, settled_fen: int) -> int:
    """What is left, with so much settled, of the part that bears a late charge."""
    return max(0, bill.total_fen - bill.late_fen - settled_fen)
