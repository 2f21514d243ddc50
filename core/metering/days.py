"""Meter-days in and out of the database: 96 quarter-hours as arrays, a row a meter and day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString, cast

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from core import feed, published
from core.metering import binary_copy
from core.partitions import ensure_month

Quarters = NDArray[np.int64]
"""96 values of one civil day, Wh or varh."""

Letters = NDArray[np.bytes_]
"""96 letters of one civil day: V measured, E estimated, M missing."""

Mask = NDArray[np.bool_]
"""Which of the 96 quarter-hours."""

QUARTERS = 96
MEASURED, ESTIMATED, MISSING = b"V", b"E", b"M"

_COPY: LiteralString = """
    copy incoming_meter_day (meter_id, day, import_wh, export_wh, reactive_varh, quality)
    from stdin (format binary)
    """
_UPSERT: LiteralString = """
    insert into core.meter_day as stored
        (meter_id, day, import_wh, export_wh, reactive_varh, quality)
    select meter_id, day, import_wh, export_wh, reactive_varh, quality
    from incoming_meter_day order by meter_id, day
    on conflict (meter_id, day) do update
    set import_wh = excluded.import_wh, export_wh = excluded.export_wh,
        reactive_varh = excluded.reactive_varh, quality = excluded.quality
    where (stored.import_wh, stored.export_wh, stored.reactive_varh, stored.quality)
        is distinct from
        (excluded.import_wh, excluded.export_wh, excluded.reactive_varh, excluded.quality)
    returning meter_id, day
    """


@dataclass(slots=True)
class Day:
    """One meter's civil day. Export and reactive are None where the meter does not count them."""

    meter_id: int
    day: date
    import_wh: Quarters
    export_wh: Quarters | None
    reactive_varh: Quarters | None
    quality: Letters

    @property
    def letters(self) -> str | None:
        """The quality as it is stored: None when every quarter-hour is measured."""
        if (self.quality == MEASURED).all():
            return None
        return self.quality.tobytes().decode()


def blank(meter_id: int, day: date) -> Day:
    """A day of which nothing is known yet."""
    return Day(meter_id, day, np.zeros(QUARTERS, np.int64), None, None, letters_of("M" * QUARTERS))


def letters_of(quality: str | None) -> Letters:
    """The stored quality as 96 letters that may be written to."""
    return np.frombuffer((quality or "V" * QUARTERS).encode(), "S1").copy()


def cursor(session: Session) -> psycopg.Cursor[Any]:
    """A binary cursor of the session's own connection and transaction: arrays come fast by it."""
    connection = cast(psycopg.Connection[Any], session.connection().connection.driver_connection)
    return connection.cursor(binary=True)


def load_keys(session: Session, keys: Iterable[tuple[int, date]]) -> dict[tuple[int, date], Day]:
    """The stored days of these meters and dates; what is not stored is not in the answer."""
    ids, dates = zip(*keys, strict=True)
    query: LiteralString = """
        select meter_id, day, import_wh, export_wh, reactive_varh, quality
        from core.meter_day
        join unnest(%s::bigint[], %s::date[]) as wanted(meter_id, day) using (meter_id, day)
        where day between %s and %s
        """
    with cursor(session) as cur:
        cur.execute(query, [list(ids), list(dates), min(dates), max(dates)])
        return {(row[0], row[1]): _day(row) for row in cur}


def load_range(session: Session, meter_ids: Sequence[int], first: date, last: date) -> list[Day]:
    """All stored days of these meters from `first` to `last`."""
    query: LiteralString = """
        select meter_id, day, import_wh, export_wh, reactive_varh, quality
        from core.meter_day
        where meter_id = any(%s) and day between %s and %s
        """
    with cursor(session) as cur:
        cur.execute(query, [list(meter_ids), first, last])
        return [_day(row) for row in cur]


def save(session: Session, days: Sequence[Day]) -> list[Day]:
    """Insert or replace days by COPY; those that changed go to the change feed and come back.

    A day that is stored already with the same content is left alone and brings no change.
    """
    if not days:
        return []
    for month in sorted({day.day.replace(day=1) for day in days}):
        ensure_month(session, month)
    changed = _upsert(session, days)
    touched = [day for day in days if (day.meter_id, day.day) in changed]
    names = meter_numbers(session, {day.meter_id for day in touched})
    feed.append(session, (_change(names[day.meter_id], day) for day in touched))
    return touched


def meter_numbers(session: Session, meter_ids: Iterable[int]) -> dict[int, str]:
    """Meter numbers by the meters' internal ids."""
    with cursor(session) as cur:
        cur.execute("select id, meter_no from core.meter where id = any(%s)", [list(meter_ids)])
        return dict(cur.fetchall())


def _upsert(session: Session, days: Sequence[Day]) -> set[tuple[int, date]]:
    with cursor(session) as cur:
        cur.execute(
            "create temp table if not exists incoming_meter_day"
            " (like core.meter_day) on commit drop"
        )
        cur.execute("truncate incoming_meter_day")
        with cur.copy(_COPY) as copy:
            copy.write(binary_copy.SIGNATURE)
            for day in days:
                arrays = (day.import_wh, day.export_wh, day.reactive_varh)
                copy.write(binary_copy.row(day.meter_id, day.day, arrays, day.letters))
            copy.write(binary_copy.END)
        cur.execute(_UPSERT)
        return set(cur.fetchall())


def _change(meter_no: str, day: Day) -> feed.Change:
    exported, reactive = _listed(day.export_wh), _listed(day.reactive_varh)
    return published.meter_day(
        meter_no, day.day, day.import_wh.tolist(), exported, reactive, day.letters
    )


def _listed(values: Quarters | None) -> list[int] | None:
    return None if values is None else values.tolist()


def _day(row: tuple[Any, ...]) -> Day:
    meter_id, day, imported, exported, reactive, quality = row
    return Day(
        meter_id,
        day,
        np.array(imported, np.int64),
        None if exported is None else np.array(exported, np.int64),
        None if reactive is None else np.array(reactive, np.int64),
        letters_of(quality),
    )
