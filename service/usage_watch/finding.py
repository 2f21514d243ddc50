"""A day that stands out, and a tier that is nearly used up."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from runtime import clock
from service.compared import wholly
from service.events import TierNear
from service.standing import Standing
from service.tiers import TierStanding
from service.usage_watch.rules import TierRule, Unusual

WEEKS = timedelta(days=28)


@dataclass(frozen=True)
class UnusualDay:
    """A service point used `wh` on a day, and `usual_wh` on days of its kind."""

    service_point_no: str
    day: date
    wh: int
    usual_wh: int


def unusual_day(at: Standing, today: date, rule: Unusual) -> UnusualDay | None:
    """The newest day, if it stands out and is fresh and wholly known."""
    if at.as_of < today - timedelta(days=rule.oldest_days):
        return None
    days = at.totals(at.as_of - WEEKS, at.as_of)
    known = wholly(days.values())
    wh = known.pop(at.as_of, None) if days[at.as_of].quality == "V" else None
    alike = [
        each for day, each in known.items() if clock.is_holiday(day) == clock.is_holiday(at.as_of)
    ]
    if wh is None or len(alike) < rule.least_days:
        return None
    usual = round(median(alike))
    if wh < rule.times * usual or wh - usual < rule.more_kwh * 1000:
        return None
    return UnusualDay(at.service_point_no, at.as_of, wh, usual)


def near_tier(account_no: str, tier: TierStanding, rule: TierRule) -> TierNear | None:
    """The tier, if the next one begins before the count does anew and little of it is left."""
    position, reached_on = tier.position, tier.reached_on
    if position.left_kwh is None or reached_on is None:
        return None
    soon = reached_on - tier.as_of <= timedelta(days=rule.days_left)
    if not soon and _used_share(tier) < rule.used_share:
        return None
    return TierNear(
        account_no=account_no,
        service_point_no=tier.service_point_no,
        cycle=f"{tier.resets_on:%Y-%m}",
        tier=position.tier,
        left_kwh=position.left_kwh,
        reached_on=reached_on,
        extra_yuan=_extra(tier),
    )


def _extra(tier: TierStanding) -> Decimal | None:
    """What a kWh of the next tier costs above one of this; None where the hour decides."""
    prices = tier.extra_prices.get("total")
    here = tier.position.tier
    return prices[here] - prices[here - 1] if prices is not None else None


def _used_share(tier: TierStanding) -> Decimal:
    """How much of the present tier is used, 0..1."""
    position = tier.position
    below = position.limits_kwh[position.tier - 2] if position.tier > 1 else Decimal(0)
    width = position.limits_kwh[position.tier - 1] - below
    return (position.used_kwh - below) / width if width else Decimal(1)
