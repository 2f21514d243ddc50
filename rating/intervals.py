"""Meter-days summed by period: from 96 quarter-hours a day to the kWh a tariff asks for."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from rating.hours import QUARTERS
from rating.loading import TariffVersion
from rating.periods import period_index
from rating.schema import DayType


def period_wh(
    version: TariffVersion, days: Sequence[tuple[date, DayType]], wh: NDArray[np.integer]
) -> dict[str, int]:
    """Wh in each of the tariff's periods, from an array of days x 96 integer Wh.

    Every period of the tariff is named, with 0 where nothing fell into it; a tariff without
    periods gives {"total": ...}. ValueError when days and array do not fit.
    """
    if wh.shape != (len(days), QUARTERS) or not np.issubdtype(wh.dtype, np.integer):
        raise ValueError(f"{len(days)} days need an integer array of {len(days)} x {QUARTERS}")
    sums = dict.fromkeys(version.terms.registers, 0)
    for labels, rows in _alike(version, days).items():
        quarters = wh[rows].sum(axis=0, dtype=np.int64)
        named = np.array(labels)
        for register in sums:
            sums[register] += int(quarters[named == register].sum())
    return sums


def _alike(
    version: TariffVersion, days: Sequence[tuple[date, DayType]]
) -> dict[tuple[str, ...], list[int]]:
    """Rows of days that share their hours."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for row, (day, day_type) in enumerate(days):
        rows.setdefault(period_index(version, day, day_type), []).append(row)
    return rows
