"""Where a household stands in its tiers, what is left of the present one, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from rating import TariffVersion, TierPosition, tier_position
from rating.schema import Tiers
from service.access import Right, visible_account
from service.meter_data import version_on
from service.models import Account
from service.standing import Standing, standings


@dataclass(frozen=True)
class TierStanding:
    """The tier of a service point as of a day; kWh of the cycle are in `position`.

    `extra_prices` are what a kWh costs in each tier above its price in the first, in yuan, under
    `total` or, where the tariff prices each period by tier, under the period.
    `resets_on` is when the count begins again. `reached_on` is the day on which the next tier
    begins at the pace of the last four weeks, None when that is not before the reset.
    """

    service_point_no: str
    position: TierPosition
    extra_prices: Mapping[str, tuple[Decimal, ...]]
    as_of: date
    resets_on: date
    reached_on: date | None


def tier_standings(
    session: Session, user_id: int, account_no: str, *, service_point_no: str | None = None
) -> list[TierStanding]:
    """The tiered service points of an account. Raises NotFound, Forbidden."""
    account = visible_account(session, user_id, account_no, needs=Right.SEE_USAGE)
    return tiers_of(account, standings(session, account_no, service_point_no))


def tiers_of(account: Account, at: Sequence[Standing]) -> list[TierStanding]:
    """The tiers of service points that were read already."""
    found = (_tier_standing(account, standing) for standing in at)
    return [standing for standing in found if standing is not None]


def _tier_standing(account: Account, at: Standing) -> TierStanding | None:
    version = version_on(at.tariff, at.first)
    if version is None or version.terms.tiers is None:
        return None
    position = tier_position(
        version,
        period=at.period,
        ytd_kwh_before=at.before_kwh,
        kwh=at.since_kwh,
        opened=account.opened,
        people=account.people or 0,
    )
    if position is None:
        return None
    resets_on = _resets_on(position.cycle, at.first)
    return TierStanding(
        service_point_no=at.service_point_no,
        position=position,
        extra_prices=_extra_prices(version, version.terms.tiers),
        as_of=at.as_of,
        resets_on=resets_on,
        reached_on=_reached_on(at, position, resets_on),
    )


def _resets_on(cycle: str, day: date) -> date:
    if cycle == "yearly":
        return date(day.year + 1, 1, 1)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _reached_on(at: Standing, position: TierPosition, resets_on: date) -> date | None:
    """The day on which the use of the last four weeks, going on, leaves the present tier."""
    if position.left_kwh is None:
        return None
    known = at.totals(at.recent_first, at.as_of).values()
    wh = sum(day.import_wh or 0 for day in known)
    if not wh:
        return None
    days = int(position.left_kwh * 1000 * len(known) / wh) + 1
    left = (resets_on - at.as_of).days
    return at.as_of + timedelta(days=days) if days < left else None


def _extra_prices(version: TariffVersion, tiers: Tiers) -> dict[str, tuple[Decimal, ...]]:
    if tiers.surcharges is not None:
        return {"total": (Decimal(0), *tiers.surcharges)}
    energy = version.terms.energy
    rows: dict[str, tuple[Decimal, ...]] = {str(name): row for name, row in energy.periods.items()}
    if energy.total is not None:
        rows["total"] = energy.total
    return {name: tuple(price - prices[0] for price in prices) for name, prices in rows.items()}
