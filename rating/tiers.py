"""Tiers: which limits hold for a household, and how a month's kWh fall into them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from rating.loading import TariffVersion
from rating.schema import Tiers
from rating.statement import TierPosition

KWH_STEP = Decimal("0.01")
ZERO = Decimal(0)


def tier_limits(tiers: Tiers, period: str, opened: date | None, people: int) -> tuple[Decimal, ...]:
    """Upper limits in kWh of all tiers but the last (rules 7.3 and 7.10).

    A household of 5 or more moves every limit by the same bonus; a yearly limit of an account
    opened in the year of the bill counts the months of use, the opening month in full.
    """
    bonus = large_household_bonus(tiers, people)
    listed = tiers.limits(int(period[5:]))
    if tiers.cycle == "monthly":
        return tuple(limit + bonus for limit in listed)
    months = months_of_use(int(period[:4]), opened)
    return tuple(_round_kwh((limit + 12 * bonus) * months / 12) for limit in listed)


def large_household_bonus(tiers: Tiers, people: int) -> Decimal:
    """kWh a month by which each limit moves for a large household (rule 7.3)."""
    large = tiers.large_household
    return large.kwh_per_month if large and people >= large.people else ZERO


def months_of_use(year: int, opened: date | None) -> int:
    """12, or 13 less the opening month when the account was opened in that year (rule 7.3)."""
    return 13 - opened.month if opened and opened.year == year else 12


def up_to_tier(limits: Sequence[Decimal], before: Decimal, kwh: Decimal) -> list[Decimal]:
    """This month's kWh up to and including each tier, the counter standing at `before` (7.2)."""
    return [*(min(max(limit - before, ZERO), kwh) for limit in limits), kwh]


def steps(cumulative: Sequence[Decimal]) -> list[Decimal]:
    """Differences of a cumulative series: from "up to each tier" to "in each tier"."""
    return [upper - lower for lower, upper in zip([ZERO, *cumulative], cumulative, strict=False)]


def shares_by_period(
    cumulative: Sequence[Decimal], kwh: Mapping[str, Decimal], periods: Sequence[str]
) -> dict[str, list[Decimal]]:
    """kWh of each tier in each period, by this month's shares (rule 7.4, mode P).

    Each period takes its rounded part of the kWh up to each tier; what it leaves is shared by the
    periods after it in the same way, and the last takes the rest. Nothing becomes negative.
    """
    left, total = list(cumulative), sum(kwh.values(), ZERO)
    found: dict[str, list[Decimal]] = {}
    for period in periods:
        own = kwh.get(period, ZERO)
        taken = [_round_kwh(part * own / total) if total else ZERO for part in left]
        found[period] = steps(taken)
        left = [part - used for part, used in zip(left, taken, strict=True)]
        total -= own
    return found


def tier_position(
    version: TariffVersion,
    *,
    period: str,
    ytd_kwh_before: Decimal,
    kwh: Decimal,
    opened: date | None = None,
    people: int = 0,
) -> TierPosition | None:
    """Where a household stands after `kwh` of a month; None when the tariff has no tiers.

    `ytd_kwh_before` counts on a yearly cycle only. A use that ends exactly on a limit is still in
    the lower tier, with nothing left of it.
    """
    tiers = version.terms.tiers
    if tiers is None:
        return None
    limits = tier_limits(tiers, period, opened, people)
    used = (ytd_kwh_before if tiers.cycle == "yearly" else ZERO) + kwh
    open_limits = [limit for limit in limits if used <= limit]
    left = open_limits[0] - used if open_limits else None
    return TierPosition(tiers.cycle, tiers.count - len(open_limits), used, limits, left)


def _round_kwh(kwh: Decimal) -> Decimal:
    return kwh.quantize(KWH_STEP, ROUND_HALF_UP)
