"""Days by quarter-hours, made of hours."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from service.meter_data import PointDays, month_days


def day_of(hours: Mapping[range, int], other: int = 0) -> list[int]:
    """96 values: the Wh of each quarter-hour in some hours, and in all others."""
    values = [other] * 96
    for span, wh in hours.items():
        for hour in span:
            values[4 * hour : 4 * hour + 4] = [wh] * 4
    return values


def days(first: date, count: int, values: list[int], tariff: str) -> PointDays:
    """The same day again and again."""
    shape = (count, 96)
    return PointDays(
        tariff,
        tuple(first + timedelta(days=each) for each in range(count)),
        np.array([values] * count, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int8),
    )


def month(period: str, values: list[int], tariff: str = "zj-residential") -> PointDays:
    """A whole month of the same day."""
    first, last = month_days(period)
    return days(first, last.day, values, tariff)
