"""On which days a bill is debited, and at which hours: civil days and the clock of Beijing."""

from datetime import date, datetime, timedelta

from payments.settings import PaymentSettings
from runtime import clock

NIGHT_BEGINS = 21
"""No debit begins and no message about one is sent from this hour to the hour of the settings."""

AGAIN_AFTER = (timedelta(days=2), timedelta(days=5))
"""After the first attempt; and once more on the due day."""


def is_open(settings: PaymentSettings, now: datetime) -> bool:
    """Whether debits may begin and be spoken of at this hour."""
    hour = now.astimezone(clock.BEIJING).hour
    return settings.agreement_debit_hour <= hour < NIGHT_BEGINS


def first_day(issued_at: datetime, due: date, settings: PaymentSettings, now: datetime) -> date:
    """Some days after issue, not after the due date; late enough to be announced a day before."""
    wanted = clock.civil_date(issued_at) + timedelta(days=settings.agreement_debit_days)
    return max(min(wanted, due), announceable(now))


def announceable(now: datetime) -> date:
    """The first day for which a message can still go out on the day before."""
    evening = now.astimezone(clock.BEIJING).hour >= NIGHT_BEGINS
    return clock.civil_date(now) + timedelta(days=2 if evening else 1)


def next_day(first: date, tried: date, due: date) -> date | None:
    """When it is tried again after an attempt on `tried`; None when that was the last."""
    days = sorted({*(first + wait for wait in AGAIN_AFTER), due})
    return next((day for day in days if tried < day <= due), None)
