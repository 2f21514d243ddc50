"""The one clock: instants in UTC, the civil calendar of China.

Working days follow the State Council's yearly notice, as carried by `chinesecalendar`. The
notice for a year appears in the autumn before it; for a year whose notice the package does
not carry, Monday to Friday count as working days.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The date on the wall in China."""
    return civil_date(now())


def civil_date(instant: datetime) -> date:
    """The date in China at an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone to have a civil date.")
    return instant.astimezone(BEIJING).date()


def civil_midnight(day: date) -> datetime:
    """The instant (UTC) at which a civil day begins."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Whether offices work: weekends moved to work count, public holidays do not."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def is_holiday(day: date) -> bool:
    """Whether it is a day off: a weekend or a public holiday, and not moved to work."""
    return not is_working_day(day)


@lru_cache(maxsize=4096)
def is_ordinary(day: date) -> bool:
    """Whether a day is like others of its weekday: no public holiday, no weekend moved to work.

    In a year whose notice is not carried all days are.
    """
    try:
        _off, holiday = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return True
    return holiday is None


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, or before it when `count` is negative."""
    step = timedelta(days=1 if count >= 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= is_working_day(day)
    return day
