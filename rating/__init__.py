"""Rating: use and tariff in, bill lines out. Pure: no clock, no database, nothing of other rooms.

`rating.bulk` rates whole bill runs and `rating.intervals` sums meter-days; both need numpy and are
imported by those who want them.
"""

from rating.case import Case, CaseError, Late, parse_case
from rating.loading import (
    NotInForce,
    TariffError,
    Tariffs,
    TariffVersion,
    UnknownTariff,
    load_tariffs,
)
from rating.periods import period_index
from rating.rules import rate
from rating.schema import DayType, Tariff
from rating.statement import Line, Statement, TierPosition
from rating.tiers import tier_position

__all__ = [
    "Case",
    "CaseError",
    "DayType",
    "Late",
    "Line",
    "NotInForce",
    "Statement",
    "Tariff",
    "TariffError",
    "TariffVersion",
    "Tariffs",
    "TierPosition",
    "UnknownTariff",
    "load_tariffs",
    "parse_case",
    "period_index",
    "rate",
    "tier_position",
]
