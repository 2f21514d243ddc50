"""The tier gauge: how far a household is through its tiers, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal import formats
from portal.bills.lines import TIERS
from portal.i18n import gettext as _
from rating import TierPosition
from service.tiers import TierStanding

LAST_TIER = Decimal("0.25")
"""The last tier has no end; it is drawn as long as this part of the others."""


@dataclass(frozen=True)
class TierPart:
    """A tier of the gauge: `width` on its scale, `fill` in percent of the tier."""

    width: float
    fill: float
    title: str
    help: str


@dataclass(frozen=True)
class TierGauge:
    """The gauge and its words; `at` is percent of the whole scale."""

    title: str
    tiers: tuple[TierPart, ...]
    at: float
    here: str
    sentence: str


def bill_gauge(position: TierPosition, until: date, exports: bool) -> TierGauge:
    """Where a bill left its household: what was true on its last day, whatever has been since."""
    used = formats.number(_whole(position.used_kwh))
    return TierGauge(
        title=_bill_title(position, until),
        tiers=_parts(position),
        at=_at(position),
        here=_("%(number)s 度", number=used),
        sentence=formats.joined(
            (
                _used(position, until, used),
                _left_then(position),
                _reset(position),
                _("只算从电网用的电，自家发的不占档。") if exports else "",
            )
        ),
    )


def standing_gauge(standing: TierStanding) -> TierGauge:
    """Where a household stands today, and when the next tier begins at its present pace."""
    position = standing.position
    return TierGauge(
        title=_title(position, f"{standing.as_of:%Y-%m}"),
        tiers=_parts(position),
        at=_at(position),
        here=_("%(number)s 度", number=formats.number(_whole(position.used_kwh))),
        sentence=formats.joined((_left(position), _pace(standing), _price(standing))),
    )


def _parts(position: TierPosition) -> tuple[TierPart, ...]:
    starts, ends = (Decimal(0), *position.limits_kwh), (*position.limits_kwh, _end(position))
    return tuple(
        TierPart(
            width=round(float(upper - lower), 2),
            fill=_fill(position.used_kwh, lower, upper),
            title=str(TIERS[f"tier{at}"]),
            help=_range(upper if at < len(ends) else None),
        )
        for at, (lower, upper) in enumerate(zip(starts, ends, strict=True), 1)
    )


def _end(position: TierPosition) -> Decimal:
    """Where the scale ends."""
    return max(position.limits_kwh[-1] * (1 + LAST_TIER), position.used_kwh)


def _at(position: TierPosition) -> float:
    return round(float(100 * position.used_kwh / _end(position)), 2)


def _bill_title(position: TierPosition, until: date) -> str:
    if position.cycle != "yearly":
        return _title(position, f"{until:%Y-%m}")
    tier = str(TIERS[f"tier{position.tier}"])
    return _("到 %(month)s底用到%(tier)s", month=formats.full_month(f"{until:%Y-%m}"), tier=tier)


def _title(position: TierPosition, period: str) -> str:
    tier = str(TIERS[f"tier{position.tier}"])
    if position.cycle == "yearly":
        return _("%(year)s 年用到%(tier)s", year=period[:4], tier=tier)
    return _("%(month)s用到%(tier)s", month=formats.month(period), tier=tier)


def _used(position: TierPosition, until: date, used: str) -> str:
    if position.cycle != "yearly":
        return ""
    month = formats.full_month(f"{until:%Y-%m}")
    return _("这一年从年初到 %(month)s底，一共用了 %(used)s 度。", month=month, used=used)


def _left_then(position: TierPosition) -> str:
    """What was left when the bill's month was over."""
    if position.left_kwh is None:
        return _("那时已经在最高一档。")
    return _("那时离%(tier)s还有 %(left)s 度。", **_next(position.tier, position.left_kwh))


def _left(position: TierPosition) -> str:
    if position.left_kwh is None:
        return _("已经在最高一档。")
    return _("离%(tier)s还有 %(left)s 度。", **_next(position.tier, position.left_kwh))


def _next(tier: int, left_kwh: Decimal) -> dict[str, str]:
    """The tier after this one, and how far away it is."""
    return {"tier": str(TIERS[f"tier{tier + 1}"]), "left": formats.number(_whole(left_kwh))}


def _reset(position: TierPosition) -> str:
    if position.cycle == "yearly":
        return _("每年 1 月 1 日重新从第一档算起。")
    return _("每个月重新从第一档算起。")


def _pace(standing: TierStanding) -> str:
    if standing.position.left_kwh is None:
        return _("%(day)s重新从第一档算起。", day=formats.day(standing.resets_on))
    if standing.reached_on is not None:
        return _("照最近四周的用法，约 %(day)s到。", day=formats.day(standing.reached_on))
    if standing.position.cycle == "yearly":
        return formats.joined((_("照最近四周的用法，今年到不了。"), _reset(standing.position)))
    return formats.joined((_("照最近四周的用法，这个月到不了。"), _reset(standing.position)))


def _price(standing: TierStanding) -> str:
    """What the next tier costs more, if it is reached."""
    extra: Mapping[str, tuple[Decimal, ...]] = standing.extra_prices
    tier = standing.position.tier
    if "total" not in extra or standing.reached_on is None:
        return ""
    more = extra["total"][tier] - extra["total"][tier - 1]
    return _("到了以后每度多 %(price)s 元。", price=formats.number(more.normalize()))


def _range(upper: Decimal | None) -> str:
    if upper is None:
        return _("以上")
    return _("到 %(to)s 度", to=formats.number(_whole(upper)))


def _fill(used: Decimal, lower: Decimal, upper: Decimal) -> float:
    share = (used - lower) / (upper - lower)
    return round(float(100 * min(max(share, Decimal(0)), Decimal(1))), 2)


def _whole(kwh: Decimal) -> Decimal:
    return kwh.quantize(Decimal(1))
