"""The change feed: every change of every kind of object, in one sequence, in commit order.

A reader asks for what comes after the last number it has stored. That is only safe when a number
never appears behind one that was already read, so numbers are handed out under a lock that is kept
until the transaction ends: who commits later has the higher numbers. Append last in a transaction,
after its row locks, so that nobody waits for a row while holding the feed.

A reader gets lines of JSON that PostgreSQL puts together from stored text. Nothing is decoded on
the way out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

FEED_LOCK = 0x0DE6_FEED
"""Key of the advisory lock under which numbers are handed out."""

LARGEST_PAGE = 5000
"""Changes in one answer."""

Change = tuple[str, str, object]
"""Kind, key and the whole object, as anything msgspec can encode; bytes are taken as JSON."""

_COPY = "COPY core.change (kind, key, data) FROM STDIN"
_PAGE = text(
    """
    WITH page AS (
        SELECT seq, '{"seq":' || seq || ',"kind":' || to_json(kind) || ',"key":' || to_json(key)
            || ',"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            || '","data":' || data::text || E'}\n' AS line
        FROM core.change WHERE seq > :after ORDER BY seq LIMIT :limit
    )
    SELECT max(seq), convert_to(string_agg(line, '' ORDER BY seq), 'UTF8'),
        (SELECT max(seq) FROM core.change)
    FROM page
    """
)


@dataclass(frozen=True)
class Page:
    """A piece of the feed: `lines` is NDJSON, `next_after` what to ask with next."""

    lines: bytes
    next_after: int
    latest: int


def append(session: Session, changes: Iterable[Change]) -> None:
    """Write changes to the feed, in their order, as part of the caller's transaction.

    Holds the feed until the transaction ends; a large load commits every few thousand changes.
    """
    session.flush()
    connection = session.connection()
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FEED_LOCK})
    _copy(connection, changes)


def read(session: Session, after: int, limit: int) -> Page:
    """Up to `limit` changes whose number is above `after`."""
    last, lines, latest = session.execute(_PAGE, {"after": after, "limit": limit}).one()
    return Page(lines or b"", last or after, latest or 0)


def _copy(connection: Connection, changes: Iterable[Change]) -> None:
    driver: Any = connection.connection.driver_connection
    encode = msgspec.json.encode
    with driver.cursor().copy(_COPY) as copy:
        for kind, key, data in changes:
            json = data if isinstance(data, bytes) else encode(data)
            copy.write_row((kind, key, json.decode()))
