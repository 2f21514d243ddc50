"""Month partitions of `meter_day`, made when the first day of a month arrives."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

MonthOf = tuple[int, int]
"""Year and month."""


def ensure_months(connection: Connection, days: Iterable[date]) -> None:
    """Make the partitions that `days` need and that are not there yet.

    Runs under the lock of the sync, which alone writes `meter_day`.
    """
    wanted = {(day.year, day.month) for day in days}
    for month in sorted(wanted - _present(connection)):
        connection.execute(text(_statement(month)))


def _present(connection: Connection) -> set[MonthOf]:
    rows = connection.execute(
        text(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'meter_day'::regclass"
        )
    )
    return {_month(name) for name in rows.scalars()}


def _month(partition: str) -> MonthOf:
    """`meter_day_2026_11` as (2026, 11)."""
    year, month = partition.rsplit("_", 2)[1:]
    return int(year), int(month)


def _statement(month: MonthOf) -> str:
    start = date(*month, 1)
    end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return (
        f"CREATE TABLE meter_day_{start:%Y_%m} PARTITION OF meter_day"
        f" FOR VALUES FROM ('{start}') TO ('{end}')"
    )
