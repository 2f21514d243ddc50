"""Notices: what a gateway owes its merchant to be told, kept until the merchant has heard it."""

import secrets
from dataclasses import dataclass
from sqlite3 import Connection

from sandbox import clock
from sandbox.trades import Refund, Trade

LEASE = 15.0
"""Seconds after which a notice that was taken and not heard of again is due once more."""


@dataclass(frozen=True)
class Notice:
    """One call to be made. Copies of one notice share its `number`, as real repeats do."""

    id: int
    number: str
    trade_id: int | None
    refund_id: int | None
    agreement_id: int | None
    event: str
    flavour: str
    url: str
    state: str
    tries: int
    taken: int
    created_at: float
    next_at: float
    last_status: int | None
    last_answer: str | None


@dataclass(frozen=True)
class Schedule:
    """Seconds from one try to the next; the last repeats until `limit` tries are used up."""

    seconds: tuple[float, ...] = (1, 2, 4, 8, 15, 30, 60)
    limit: int = 100

    def pause(self, tries: int) -> float:
        """Seconds to wait after so many tries."""
        return self.seconds[min(tries, len(self.seconds)) - 1]


def queue(
    db: Connection,
    trade: Trade,
    *,
    event: str = "paid",
    flavour: str = "genuine",
    copies: int = 1,
    delay: float = 0,
    lost: bool = False,
    refund: Refund | None = None,
    url: str | None = None,
) -> list[int]:
    """Store a notice to be sent `delay` seconds from now; its ids. Nobody to tell: no notice."""
    about = (trade.id, refund.id if refund else None, None)
    return _store(db, about, url or trade.notify_url, event, flavour, copies, delay, lost)


def queue_of_agreement(
    db: Connection,
    agreement_id: int,
    url: str,
    event: str,
    *,
    flavour: str = "genuine",
    copies: int = 1,
    delay: float = 0,
    lost: bool = False,
) -> list[int]:
    """Store a notice about an agreement: signed or ended."""
    about = (None, None, agreement_id)
    return _store(db, about, url, event, flavour, copies, delay, lost)


def _store(
    db: Connection,
    about: tuple[int | None, int | None, int | None],
    url: str,
    event: str,
    flavour: str,
    copies: int,
    delay: float,
    lost: bool,
) -> list[int]:
    """`about` names a trade, perhaps a refund of it, or else an agreement."""
    number, now = secrets.token_hex(16), clock.now()
    state = "lost" if lost else "pending"
    values = (*about, number, event, flavour, url, state, now, now + delay)
    return [_insert(db, values) for _ in range(copies)] if url else []


def told_of(db: Connection, refund_id: int) -> str | None:
    """Where a refund was told of before; None when nobody was."""
    row = db.execute("select url from notice where refund_id = ? limit 1", (refund_id,)).fetchone()
    return str(row["url"]) if row else None


def _insert(db: Connection, values: tuple[object, ...]) -> int:
    found = db.execute(
        "insert into notice (trade_id, refund_id, agreement_id, number, event, flavour, url, state,"
        " created_at, next_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id",
        values,
    ).fetchone()
    return int(found["id"])


def take_due(db: Connection, limit: int) -> list[Notice]:
    """Notices whose time has come. They are due again after the lease unless `record` is called."""
    now = clock.now()
    rows = db.execute(
        "select * from notice where state = 'pending' and next_at <= ? order by next_at, id"
        " limit ?",
        (now, limit),
    ).fetchall()
    db.executemany(
        "update notice set next_at = ?, tries = tries + 1, taken = 1 where id = ?",
        [(now + LEASE, row["id"]) for row in rows],
    )
    return [Notice(**row | {"tries": row["tries"] + 1}) for row in map(dict, rows)]


def free_taken(db: Connection) -> None:
    """Those that an earlier process took and did not finish are due at once."""
    db.execute(
        "update notice set taken = 0, next_at = ? where taken = 1 and state = 'pending'",
        (clock.now(),),
    )


def record(
    db: Connection,
    notice: Notice,
    schedule: Schedule,
    *,
    heard: bool,
    status: int | None,
    answer: str,
) -> None:
    """How the try went: heard, to be tried again, or given up."""
    limit = 1 if notice.flavour == "forged" else schedule.limit
    state = "delivered" if heard else "given_up" if notice.tries >= limit else "pending"
    db.execute(
        "update notice set state = ?, taken = 0, next_at = ?, last_status = ?, last_answer = ?"
        " where id = ?",
        (state, clock.now() + schedule.pause(notice.tries), status, answer, notice.id),
    )


def resend(db: Connection, notice_id: int) -> bool:
    """Send a notice once more whatever became of it; False when there is none of this id."""
    changed = db.execute(
        "update notice set state = 'pending', tries = 0, next_at = ? where id = ?",
        (clock.now(), notice_id),
    )
    return changed.rowcount == 1


def next_due(db: Connection) -> float | None:
    """When the sender has to wake up; None when nothing waits."""
    found = db.execute("select min(next_at) as at from notice where state = 'pending'").fetchone()
    return found["at"]  # type: ignore[no-any-return]


def latest(db: Connection, trade_id: int | None = None, limit: int = 100) -> list[Notice]:
    """Newest first."""
    rows = db.execute(
        "select * from notice where ? is null or trade_id = ? order by id desc limit ?",
        (trade_id, trade_id, limit),
    )
    return [Notice(**row) for row in rows]


def of_agreement(db: Connection, agreement_id: int) -> list[Notice]:
    """Newest first."""
    rows = db.execute(
        "select * from notice where agreement_id = ? order by id desc", (agreement_id,)
    )
    return [Notice(**row) for row in rows]
