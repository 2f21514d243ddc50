"""Which period of a tariff each quarter-hour of a day belongs to."""

from datetime import date

from rating.hours import QUARTERS
from rating.loading import TariffVersion
from rating.schema import DayType


def period_index(version: TariffVersion, day: date, day_type: DayType) -> tuple[str, ...]:
    """The 96 labels of a day: periods such as "peak", or "total" where the hour does not matter.

    `day_type` is "working" or "rest" (week-ends and holidays); the caller knows the calendar.
    """
    for hours in version.terms.hours:
        if hours.rule(day.month, day_type):
            return hours.labels
    return ("total",) * QUARTERS
