"""Checks of a meter's day before its values are believed.

They follow the order of validation that utilities agreed on in the Uniform Business Practices for
unbundled metering (validating, editing and estimating, "VEE"): time and order first, then sign,
then spikes. What can be told from one row alone is checked as the file is read
(`core.metering.readings`).
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np

from core.metering.days import Mask, Quarters
from core.metering.registers import LARGEST_DAY_WH

SPIKE_RATIO = 2.8
"""The spike check of the practices: the highest value exceeds the third highest by over 180 %."""

OVERLOAD = 1.2
"""A connection may run this far above its contract capacity before a value is not believed."""

HOME_QUARTER_WH = 5_000
"""20 kW for a quarter-hour, where no contract capacity says more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the connection of a service point can carry, Wh."""

    quarter_wh: int = HOME_QUARTER_WH
    day_wh: int = LARGEST_DAY_WH


class MeterInPlace(NamedTuple):
    """What the rules need to know of a meter."""

    id: int
    interval: bool
    digits: int
    installed: date
    removed: date | None
    limits: Limits


def limits_of(contract_kva: int | None) -> Limits:
    """The limits of a connection with this contract capacity; a home has none written down."""
    if contract_kva is None:
        return Limits()
    hour_wh = int(contract_kva * 1000 * OVERLOAD)
    return Limits(max(hour_wh // 4, HOME_QUARTER_WH), max(hour_wh * 24, LARGEST_DAY_WH))


def spikes(wh: Quarters, limits: Limits) -> Mask:
    """Which quarter-hours are spikes: above what the connection carries, and alone at that height.

    Both must hold. A kettle in a sleeping home is alone but possible; a home that outgrew its
    contract is above its limit all evening, and that is for the bill's anomaly check.
    """
    third = np.partition(wh, -3)[-3]
    alone: Mask = wh > SPIKE_RATIO * third
    return alone & (wh > limits.quarter_wh)
