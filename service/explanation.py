"""Why a bill is not what it was: the change in parts that add up to the fen.

The older bill's case is turned into the newer one's step by step (days, daily use, mix of the
day's periods, demand, capacity, power factor, free kWh, prices), each step rated exactly; a part is
what its step changed. Tiers are priced apart: steps are rated as if all use were in the first tier,
and what the higher tiers cost on either bill is the part `tier`. Export, late charges and whatever
the rating of today does not reproduce are taken from the bills themselves, so nothing is left over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.bills import month_before, visible_bill
from service.models import Bill
from service.substitution import Part, rated_parts

HEADLINES = ("more", "less", "same")
"""Every key of the sentence on top; `same` has no reasons."""

MOST_REASONS = 2
WORTH_SAYING = Decimal("0.2")
"""A second reason is named when it makes up so much of the change."""


@dataclass(frozen=True)
class Explanation:
    """The change of a bill against another; the parts add up to it, always.

    `headline` is one of HEADLINES and `reasons` the parts, biggest first, that say most of it;
    every key of a part or reason is in `substitution.PARTS` and `substitution.REASONS`.
    """

    bill_no: str
    against_no: str
    against_period: str
    against_total_fen: int
    difference_fen: int
    parts: tuple[Part, ...]
    reasons: tuple[Part, ...]

    @property
    def headline(self) -> str:
        if self.difference_fen == 0:
            return "same"
        return "more" if self.difference_fen > 0 else "less"


@dataclass(frozen=True)
class Explanations:
    """A bill against last month and against the same month last year, where they are known.

    `others` are these bills by period. A comparison is rated when it is first asked for.
    """

    bill: Bill
    others: Mapping[str, Bill]

    @cached_property
    def last_month(self) -> Explanation | None:
        return self._against(1)

    @cached_property
    def last_year(self) -> Explanation | None:
        return self._against(12)

    def _against(self, months: int) -> Explanation | None:
        other = self.others.get(month_before(self.bill.period, months))
        return explain_change(self.bill, other) if other else None


def explanations(session: Session, user_id: int, bill_no: str) -> Explanations:
    """Why a bill is what it is. Raises NotFound when it is not the user's to see."""
    bill = visible_bill(session, user_id, bill_no)
    months = (month_before(bill.period), month_before(bill.period, 12))
    others = session.scalars(
        select(Bill).where(
            Bill.account_no == bill.account_no,
            Bill.service_point_no == bill.service_point_no,
            Bill.period.in_(months),
            Bill.status == "issued",
        )
    )
    return Explanations(bill, {other.period: other for other in others})


def explain_change(bill: Bill, against: Bill) -> Explanation:
    """The difference between two bills of a service point, part by part."""
    parts = tuple(part for part in _parts(bill, against) if part.amount_fen)
    difference = bill.total_fen - against.total_fen
    return Explanation(
        bill_no=bill.bill_no,
        against_no=against.bill_no,
        against_period=against.period,
        against_total_fen=against.total_fen,
        difference_fen=difference,
        parts=parts,
        reasons=_reasons(parts, difference),
    )


def _parts(bill: Bill, against: Bill) -> Iterator[Part]:
    rated = rated_parts(bill, against)
    yield from rated
    yield _export(bill, against)
    late, late_before = _late_fen(bill), _late_fen(against)
    yield Part.of("late", late - late_before, fen=late, fen_before=late_before)
    consumption = bill.consumption_fen - against.consumption_fen
    yield Part.of("other", consumption - sum(part.amount_fen for part in rated))


def _export(bill: Bill, against: Bill) -> Part:
    return Part.of(
        "export",
        bill.export_fen - against.export_fen,
        kwh=_exported(bill),
        kwh_before=_exported(against),
    )


def _exported(bill: Bill) -> Decimal:
    return Decimal(str(bill.case.get("export_kwh") or 0))


def _late_fen(bill: Bill) -> int:
    return bill.total_fen - bill.consumption_fen - bill.export_fen


def _reasons(parts: Sequence[Part], difference: int) -> tuple[Part, ...]:
    """The parts that pull the way the bill went: the largest, and a second if it matters."""
    pulling = [part for part in parts if part.amount_fen * difference > 0]
    largest = sorted(pulling, key=lambda part: -abs(part.amount_fen))[:MOST_REASONS]
    worth = abs(difference) * WORTH_SAYING
    return tuple(part for part in largest if part is largest[0] or abs(part.amount_fen) >= worth)
