"""Dial readings: how far a dial went, and when it turned over."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

DIGITS = 6
"""Whole kWh digits of a dial, unless the meter says otherwise."""

WH_PER_KWH = 1000
LARGEST_DAY_WH = 24 * 20_000
"""20 kW all day, more than the connection of a home or small shop carries."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Energy between two dial readings, Wh; `refusal` says why they cannot both be true."""

    wh: int = 0
    rolled_over: bool = False
    refusal: str | None = None


def advance(
    before: int, after: int, days: int, *, digits: int = DIGITS, day_wh: int = LARGEST_DAY_WH
) -> Advance:
    """How far the dial went in `days` days from `before` to `after` Wh.

    A lower reading is a turn-over of the dial when going on from zero explains it within what
    the connection can carry (`day_wh` a day); otherwise the dial cannot have gone backwards.
    """
    dial = 10**digits * WH_PER_KWH
    limit = day_wh * max(days, 1)
    if after >= dial or before >= dial:
        return Advance(refusal=f"The dial has {digits} digits of kWh and cannot show this.")
    forward = (after - before) % dial
    if after >= before and forward > limit:
        return Advance(refusal=_too_much(forward, days))
    if after < before and forward > limit:
        return Advance(refusal="The reading is lower than the one before, and no turn-over.")
    return Advance(forward, rolled_over=after < before)


def total_advance(readings: dict[date, int], digits: int = DIGITS) -> int:
    """Wh over all readings of one dial in order of days; steps that cannot be are left out.

    The limit of one connection is not known here, so only the direction is checked: a dial that
    falls from its top tenth into its lowest tenth has turned over.
    """
    values = [readings[day] for day in sorted(readings)]
    dial = 10**digits * WH_PER_KWH
    total = 0
    for before, after in pairwise(values):
        if after >= before:
            total += after - before
        elif before >= dial * 9 // 10 and after < dial // 10:
            total += after + dial - before
    return total


def _too_much(wh: int, days: int) -> str:
    span = "a day" if days <= 1 else f"{days} days"
    return f"{wh / WH_PER_KWH:g} kWh in {span} is more than the connection can carry."
