"""Which accounts are left in peace."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, or_, select

from runtime import clock
from service.arrangements.models import Arrangement
from service.arrangements.rules import rules


def paused(day: date) -> Subquery:
    """The accounts (`account_no`) whose reminders rest on a civil day.

    Those with an arrangement that holds, or with a question that nobody has answered for a few
    days; the pause ends with the arrangement.
    """
    return select(Arrangement.account_no).where(is_resting(day)).subquery()


def is_resting(day: date) -> ColumnElement[bool]:
    """What an arrangement must be to keep reminders away on a civil day."""
    days = rules().instalments.decide_days
    answerable = Arrangement.asked_at >= clock.civil_midnight(day - timedelta(days=days))
    return or_(
        Arrangement.state == "active",
        and_(Arrangement.state == "asked", answerable),
    )
