"""Trades as a gateway keeps them: opened by a merchant, paid by a tester, closed, refunded.

Money is integer fen. Every function works inside the transaction it is given.
"""

import json
import secrets
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from sandbox import clock
from sandbox.numbers import digits

PREFIXES = {"wechat": "wx", "alipay": "ap", "unionpay": "up"}
"""How the tokens of each gateway's cashier begin."""


class RefusedError(Exception):
    """The gateway says no. `reason`: absent, paid, closed, unpaid, differs, too_much, or one of
    `sandbox.refunds.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Trade:
    """One trade. `request` is what the merchant asked for, word for word."""

    id: int
    channel: str
    product: str
    out_trade_no: str
    token: str
    trade_no: str
    total_fen: int
    subject: str
    request: dict[str, Any]
    notify_url: str
    return_url: str
    state: str
    created_at: float
    expires_at: float
    paid_at: float | None
    refunded_fen: int
    failed: bool


@dataclass(frozen=True)
class Refund:
    """Money on its way back; it has arrived when `settles_at` has passed."""

    id: int
    trade_id: int
    refund_no: str
    gateway_no: str
    fen: int
    reason: str
    created_at: float
    settles_at: float
    ending: str = ""  # closed or abnormal, where a tester ordered it (`sandbox.refunds`)


@dataclass(frozen=True)
class Wish:
    """What a merchant asks a gateway to open."""

    channel: str
    product: str
    out_trade_no: str
    total_fen: int
    subject: str
    request: dict[str, Any]
    notify_url: str
    return_url: str
    expires_at: float


_REFUND = """
select refund.*, coalesce((select ending from refund_ending where refund_id = refund.id), '')
    as ending from refund
"""
_SELECT = """
select trade.*, coalesce((select sum(fen) from refund where trade_id = trade.id
    and id not in (select refund_id from refund_ending where ending = 'closed')), 0)
    as refunded_fen,
    exists (select 1 from failed_debit where trade_id = trade.id) as failed from trade
"""


def open_trade(db: Connection, wish: Wish) -> Trade:
    """A new trade, or the same one when the merchant repeats itself.

    Raises RefusedError: paid, closed, differs (the number stands for another request).
    """
    known = find(db, wish.channel, wish.out_trade_no)
    if known is None:
        return _insert(db, wish)
    if known.state != "open":
        raise RefusedError(known.state)
    if (known.product, known.request) != (wish.product, wish.request):
        raise RefusedError("differs")
    return known


def _insert(db: Connection, wish: Wish) -> Trade:
    now = clock.now()
    db.execute(
        "insert into trade (channel, product, out_trade_no, token, trade_no, total_fen, subject,"
        " request, notify_url, return_url, created_at, expires_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            wish.channel,
            wish.product,
            wish.out_trade_no,
            _token(wish.channel, now),
            _trade_no(wish.channel, now),
            wish.total_fen,
            wish.subject,
            json.dumps(wish.request, ensure_ascii=False, sort_keys=True),
            wish.notify_url,
            wish.return_url,
            now,
            wish.expires_at,
        ),
    )
    return get(db, wish.channel, wish.out_trade_no)


def _token(channel: str, now: float) -> str:
    """WeChat Pay calls it prepay_id; nobody can guess it."""
    return PREFIXES[channel] + clock.digits(now) + secrets.token_hex(8)


def _trade_no(channel: str, now: float) -> str:
    """28 digits, as WeChat Pay and Alipay number their trades; UnionPay takes 21."""
    if channel == "unionpay":
        return clock.digits(now) + digits(7)
    day = clock.digits(now)[:8]
    start = f"42000{day}" if channel == "wechat" else f"{day}22001"
    return start + digits(28 - len(start))


def find(db: Connection, channel: str, out_trade_no: str) -> Trade | None:
    return _one(db, "where channel = ? and out_trade_no = ?", (channel, out_trade_no))


def get(db: Connection, channel: str, out_trade_no: str) -> Trade:
    """Raises RefusedError: absent."""
    return _present(find(db, channel, out_trade_no))


def by_trade_no(db: Connection, channel: str, trade_no: str) -> Trade:
    """By the gateway's own number. Raises RefusedError: absent."""
    return _present(_one(db, "where channel = ? and trade_no = ?", (channel, trade_no)))


def by_token(db: Connection, channel: str, token: str) -> Trade:
    """Raises RefusedError: absent."""
    return _present(_one(db, "where channel = ? and token = ?", (channel, token)))


def by_id(db: Connection, trade_id: int) -> Trade:
    """Raises RefusedError: absent."""
    return _present(_one(db, "where trade.id = ?", (trade_id,)))


def named(db: Connection, out_trade_no: str) -> list[Trade]:
    """Trades of this number at all gateways; a merchant may use it once at each."""
    rows = db.execute(f"{_SELECT} where out_trade_no = ? order by id", (out_trade_no,))
    return [_trade(row) for row in rows]


def latest(db: Connection, limit: int = 100) -> list[Trade]:
    """Newest first."""
    return [_trade(row) for row in db.execute(f"{_SELECT} order by id desc limit ?", (limit,))]


def settle(db: Connection, trade: Trade, *, force: bool = False) -> Trade:
    """The payer's money has arrived; `force` takes it for a closed trade as well.

    Raises RefusedError: paid, closed.
    """
    if trade.state == "paid" or (trade.state == "closed" and not force):
        raise RefusedError(trade.state)
    db.execute("update trade set state = 'paid', paid_at = ? where id = ?", (clock.now(), trade.id))
    return by_id(db, trade.id)


def close(db: Connection, trade: Trade) -> Trade:
    """Raises RefusedError: paid, closed."""
    if trade.state != "open":
        raise RefusedError(trade.state)
    db.execute("update trade set state = 'closed' where id = ?", (trade.id,))
    return by_id(db, trade.id)


def refund(
    db: Connection, trade: Trade, refund_no: str, fen: int, reason: str, settles_at: float
) -> tuple[Refund, bool]:
    """The refund, and whether it is new. Repeating one changes nothing.

    Raises RefusedError: unpaid, differs (same number, another amount), too_much.
    """
    known = find_refund(db, trade, refund_no)
    if known is not None and known.fen != fen:
        raise RefusedError("differs")
    if known is not None:
        return known, False
    if trade.state != "paid":
        raise RefusedError("unpaid")
    if trade.refunded_fen + fen > trade.total_fen:
        raise RefusedError("too_much")
    now = clock.now()
    number = _trade_no(trade.channel, now)
    if trade.channel != "unionpay":
        number = "50" + number[5:]
    db.execute(
        "insert into refund (trade_id, refund_no, gateway_no, fen, reason, created_at, settles_at)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (trade.id, refund_no, number, fen, reason, now, settles_at),
    )
    return get_refund(db, trade, refund_no), True


def find_refund(db: Connection, trade: Trade, refund_no: str) -> Refund | None:
    row = db.execute(
        f"{_REFUND} where trade_id = ? and refund_no = ?", (trade.id, refund_no)
    ).fetchone()
    return Refund(**row) if row else None


def get_refund(db: Connection, trade: Trade, refund_no: str) -> Refund:
    """Raises RefusedError: absent."""
    found = find_refund(db, trade, refund_no)
    if found is None:
        raise RefusedError("absent")
    return found


def refund_numbered(db: Connection, channel: str, refund_no: str) -> tuple[Trade, Refund]:
    """By the merchant's number of the refund. Raises RefusedError: absent."""
    row = db.execute(
        f"{_REFUND} join trade on trade.id = trade_id where channel = ? and refund_no = ?",
        (channel, refund_no),
    ).fetchone()
    if row is None:
        raise RefusedError("absent")
    return by_id(db, row["trade_id"]), Refund(**row)


def refund_by_id(db: Connection, refund_id: int) -> Refund:
    return Refund(**db.execute(f"{_REFUND} where refund.id = ?", (refund_id,)).fetchone())


def _one(db: Connection, where: str, values: tuple[Any, ...]) -> Trade | None:
    row = db.execute(f"{_SELECT} {where}", values).fetchone()
    return _trade(row) if row else None


def _present(trade: Trade | None) -> Trade:
    if trade is None:
        raise RefusedError("absent")
    return trade


def _trade(row: Row) -> Trade:
    """An open trade whose time is over is a closed one."""
    fields = dict(row) | {"request": json.loads(row["request"])}
    if fields["state"] == "open" and fields["expires_at"] <= clock.now():
        fields["state"] = "closed"
    return Trade(**fields)
