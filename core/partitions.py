"""Monthly partitions of `core.meter_day`."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

LOCK = 7_240_961
"""Advisory lock under which a partition is made, so that two loads do not make it twice."""


def ensure_month(session: Session, day: date) -> None:
    """See to it that meter-days of this day's month have a partition to go to."""
    name = partition_name(day)
    if _exists(session, name):
        return
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
    if _exists(session, name):
        return
    first = day.replace(day=1)
    following = next_month(first)
    session.execute(
        text(
            f"create table {name} partition of core.meter_day"
            f" for values from ('{first}') to ('{following}')"
        )
    )


def partition_name(day: date) -> str:
    """The partition that holds a day, with its schema."""
    return f"core.meter_day_{day:%Y_%m}"


def next_month(day: date) -> date:
    """The first day of the month after this day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _exists(session: Session, name: str) -> bool:
    return session.scalar(text("select to_regclass(:name)"), {"name": name}) is not None
