"""From Wh to the two decimals of a kWh that a bill has, without losing a Wh.

A bill charges hundredths of a kWh, 10 Wh each. What a month leaves over, up to 9 Wh, is not dropped
and not rounded up: it is carried to the next month. Periods of the day are cut one after another
from the running sum, so that they add up to the total and each is within 10 Wh of its true use.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

WH_PER_HUNDREDTH = 10
HUNDREDTH = Decimal("0.01")


def hundredths(use_wh: Mapping[str, int], carried_wh: int) -> dict[str, int]:
    """Hundredths of a kWh to bill for each period, when `carried_wh` were used but not billed.

    The carry may be negative after a correction; then less is billed until it is made good.
    """
    billed: dict[str, int] = {}
    running, before = carried_wh, 0
    for period, wh in use_wh.items():
        running += wh
        after = max(0, running // WH_PER_HUNDREDTH)
        billed[period] = after - before
        before = after
    return billed


def kwh(count: int) -> str:
    """Hundredths of a kWh as a decimal in text: 12345 is "123.45"."""
    return f"{Decimal(count).scaleb(-2):.2f}"


def thousandth_half_up(units: int) -> str:
    """W as kW, or varh as kvarh, with two decimals, half up. Nothing is carried."""
    return str(Decimal(units).scaleb(-3).quantize(HUNDREDTH, ROUND_HALF_UP))
