"""What rating gives back. Money is integer fen; quantities have the unit of their line."""

from dataclasses import dataclass
from decimal import Decimal

from rating.codes import Unit

EXPORT_CODE = "export_credit"
LATE_CODES = ("late_fee", "late_fee.cross_year")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill.

    `rate` is yuan per unit, or a fraction of `base_fen` (per day for a late charge). It is
    positive on credits, whose `amount_fen` is negative; only `pf_adjustment` has a signed rate.
    """

    code: str
    quantity: Decimal
    unit: Unit
    rate: Decimal
    amount_fen: int
    base_fen: int | None
    explain: str


@dataclass(frozen=True, slots=True)
class TierPosition:
    """Where a household stands in its tiers after some use, in kWh of the cycle."""

    cycle: str
    tier: int
    used_kwh: Decimal
    limits_kwh: tuple[Decimal, ...]
    left_kwh: Decimal | None
    """Until the next tier begins; None in the last tier."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The rated month. `total_fen` may be negative: a credit for the customer."""

    tariff: str
    version: str
    period: str
    kwh_total: Decimal
    lines: tuple[Line, ...]
    tier: TierPosition | None

    @property
    def total_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)

    @property
    def export_fen(self) -> int:
        """What is credited for export, 0 or negative; really settled apart (rule 7.8)."""
        return self._sum((EXPORT_CODE,))

    @property
    def late_fen(self) -> int:
        return self._sum(LATE_CODES)

    @property
    def consumption_fen(self) -> int:
        """What this month's use costs: all lines but export and late charge."""
        return self.total_fen - self.export_fen - self.late_fen

    def _sum(self, codes: tuple[str, ...]) -> int:
        return sum(line.amount_fen for line in self.lines if line.code in codes)
