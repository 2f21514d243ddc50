"""What moved at a gateway on a civil day of Beijing, as its statement for the merchant lists it.

A day that is over has a statement; today has one once a tester has closed it. A day without
movements has none.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from sqlite3 import Connection, Row

from sandbox import clock

FEE_PER_MILLE = 6
LIFETIME = 300.0
"""Seconds for which the address of a file can be used."""

DAY = 86400.0


@dataclass(frozen=True)
class Movement:
    """A payment, or a refund (then with `refund_no`). A refund's fee is what comes back; fen."""

    out_trade_no: str
    trade_no: str
    refund_no: str
    gateway_no: str
    product: str
    subject: str
    fen: int
    fee_fen: int
    opened_at: float
    at: float


_PAYMENTS = """
select out_trade_no, trade_no, '' as refund_no, '' as gateway_no, product, subject,
    total_fen as fen, created_at as opened_at, paid_at as at, total_fen, 0 as before_fen
from trade where channel = ? and paid_at >= ? and paid_at < ? order by paid_at, id
"""
_REFUNDS = """
select out_trade_no, trade_no, refund_no, gateway_no, product, subject,
    refund.fen, trade.created_at as opened_at, refund.created_at as at, total_fen,
    coalesce((select sum(fen) from refund earlier
        where earlier.trade_id = trade.id and earlier.id < refund.id
        and id not in (select refund_id from refund_ending where ending = 'closed')), 0)
    as before_fen
from refund join trade on trade.id = trade_id
where channel = ? and refund.created_at >= ? and refund.created_at < ?
    and refund.id not in (select refund_id from refund_ending where ending = 'closed')
order by refund.created_at, refund.id
"""
"""Of a refund that was closed no money has moved."""


def fee(fen: int) -> int:
    """0.6 % of a payment, half a fen up."""
    return _share(FEE_PER_MILLE, fen, 1000)


def movements(db: Connection, channel: str, day: date) -> list[Movement]:
    """Payments, then refunds, each in the order in which they were made."""
    begin = midnight(day)
    span = (channel, begin, begin + DAY)
    return [_movement(row) for each in (_PAYMENTS, _REFUNDS) for row in db.execute(each, span)]


def midnight(day: date) -> float:
    """The instant at which a civil day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=clock.BEIJING).timestamp()


def is_out(db: Connection, day: date) -> bool:
    """Whether the day is over, or a tester has closed it."""
    known = db.execute("select 1 from closed_day where day = ?", (day.isoformat(),)).fetchone()
    return day < today() or known is not None


def close_day(db: Connection) -> date:
    """Let today have statements from now on."""
    day = today()
    db.execute("insert or ignore into closed_day (day) values (?)", (day.isoformat(),))
    return day


def today() -> date:
    return datetime.fromtimestamp(clock.now(), clock.BEIJING).date()


def keep_file(db: Connection, channel: str, content: bytes) -> str:
    """A token with which the file can be fetched for a while."""
    now, token = clock.now(), secrets.token_urlsafe(32)
    db.execute("delete from statement_file where until < ?", (now,))
    db.execute(
        "insert into statement_file (token, channel, content, until) values (?, ?, ?, ?)",
        (token, channel, content, now + LIFETIME),
    )
    return token


def file(db: Connection, channel: str, token: str) -> bytes | None:
    """The file, unless the token is unknown or too old."""
    row = db.execute(
        "select content from statement_file where token = ? and channel = ? and until >= ?",
        (token, channel, clock.now()),
    ).fetchone()
    return row["content"] if row else None


def _movement(row: Row) -> Movement:
    """A refund gives back its share of the fee; all refunds together never more than the fee."""
    fields = dict(row)
    total, before = fields.pop("total_fen"), fields.pop("before_fen")
    taken = fee(total)
    if fields["refund_no"]:
        until = before + fields["fen"]
        taken = _share(taken, until, total) - _share(taken, before, total)
    return Movement(**fields, fee_fen=taken)


def _share(fen: int, part: int, whole: int) -> int:
    """`fen` times part / whole, half a fen up."""
    return (2 * fen * part + whole) // (2 * whole)
