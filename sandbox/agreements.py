"""Agreements to debit as a gateway keeps them, and the debits that are made under them.

Every function works inside the transaction it is given. Money is integer fen.
"""

import json
import secrets
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from sandbox import clock, notices, trades
from sandbox.numbers import digits
from sandbox.trades import RefusedError, Trade, Wish

MOODS = ("pays", "no_money", "pending")
"""What the wallet does when it is debited."""


@dataclass(frozen=True)
class Agreement:
    """One agreement. `request` is what the merchant asked for, word for word."""

    id: int
    channel: str
    code: str
    contract_no: str
    token: str
    request: dict[str, Any]
    notify_url: str
    return_url: str
    state: str
    mood: str
    created_at: float
    expires_at: float
    signed_at: float | None
    ended_at: float | None
    ended_by: str | None


@dataclass(frozen=True)
class Draft:
    """What a merchant asks a gateway to have signed."""

    channel: str
    code: str
    request: dict[str, Any]
    notify_url: str
    return_url: str
    expires_at: float


def draft(db: Connection, wished: Draft) -> Agreement:
    """An agreement to be signed; asking again gives it again, with a new end of its time.

    Raises RefusedError("used") when it has been signed: a number serves once.
    """
    known = find(db, wished.channel, wished.code)
    if known is not None and known.state != "open":
        raise RefusedError("used")
    if known is not None:
        db.execute(
            "update agreement set request = ?, notify_url = ?, return_url = ?, expires_at = ?"
            " where id = ?",
            (_text(wished), wished.notify_url, wished.return_url, wished.expires_at, known.id),
        )
        return by_id(db, known.id)
    db.execute(
        "insert into agreement (channel, code, contract_no, token, request, notify_url,"
        " return_url, created_at, expires_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            wished.channel,
            wished.code,
            _contract_no(),
            secrets.token_hex(16),
            _text(wished),
            wished.notify_url,
            wished.return_url,
            clock.now(),
            wished.expires_at,
        ),
    )
    return get(db, wished.channel, wished.code)


def sign(db: Connection, agreement: Agreement) -> Agreement:
    """The customer agrees. Raises RefusedError: used, late."""
    if agreement.state != "open":
        raise RefusedError("used")
    if agreement.expires_at <= clock.now():
        raise RefusedError("late")
    db.execute(
        "update agreement set state = 'signed', signed_at = ? where id = ?",
        (clock.now(), agreement.id),
    )
    return by_id(db, agreement.id)


def end(db: Connection, agreement: Agreement, by: str) -> Agreement:
    """`by` customer or merchant. Raises RefusedError("absent") when it is not in force."""
    if agreement.state != "signed":
        raise RefusedError("absent")
    db.execute(
        "update agreement set state = 'ended', ended_at = ?, ended_by = ? where id = ?",
        (clock.now(), by, agreement.id),
    )
    return by_id(db, agreement.id)


def set_mood(db: Connection, agreement: Agreement, mood: str) -> None:
    db.execute("update agreement set mood = ? where id = ?", (mood, agreement.id))


def debit(db: Connection, contract_no: str, wish: Wish) -> Trade:
    """Take money under an agreement as its wallet is minded; the same number takes it once.

    The trade is paid, failed, or still open. Raises RefusedError: ended (the agreement), paid,
    closed, differs.
    """
    row = db.execute(
        "select * from agreement where channel = ? and contract_no = ?", (wish.channel, contract_no)
    ).fetchone()
    if row is None or row["state"] != "signed":
        raise RefusedError("ended")
    trade = trades.open_trade(db, wish)
    db.execute("delete from failed_debit where trade_id = ?", (trade.id,))
    if row["mood"] == "pays":
        return trades.settle(db, trade)
    if row["mood"] == "no_money":
        return fail(db, trade)
    return trades.by_id(db, trade.id)


def fail(db: Connection, trade: Trade) -> Trade:
    """No money moves. Raises RefusedError: paid, closed."""
    if trade.state != "open":
        raise RefusedError(trade.state)
    db.execute("insert or ignore into failed_debit (trade_id) values (?)", (trade.id,))
    return trades.by_id(db, trade.id)


def tell(
    db: Connection,
    agreement: Agreement,
    event: str,
    *,
    flavour: str = "genuine",
    copies: int = 1,
    delay: float = 0,
    lost: bool = False,
) -> list[int]:
    """Let the merchant know that it was signed or has ended; ids of the notices."""
    return notices.queue_of_agreement(
        db,
        agreement.id,
        agreement.notify_url,
        event,
        flavour=flavour,
        copies=copies,
        delay=delay,
        lost=lost,
    )


def find(db: Connection, channel: str, code: str) -> Agreement | None:
    row = db.execute(
        "select * from agreement where channel = ? and code = ?", (channel, code)
    ).fetchone()
    return _agreement(row) if row else None


def get(db: Connection, channel: str, code: str) -> Agreement:
    """Raises RefusedError: absent."""
    return _present(find(db, channel, code))


def named(db: Connection, code: str) -> Agreement:
    """By the merchant's number alone. Raises RefusedError: absent."""
    row = db.execute("select * from agreement where code = ?", (code,)).fetchone()
    return _present(_agreement(row) if row else None)


def by_token(db: Connection, token: str) -> Agreement:
    """Raises RefusedError: absent."""
    row = db.execute("select * from agreement where token = ?", (token,)).fetchone()
    return _present(_agreement(row) if row else None)


def by_id(db: Connection, agreement_id: int) -> Agreement:
    row = db.execute("select * from agreement where id = ?", (agreement_id,)).fetchone()
    return _agreement(row)


def latest(db: Connection, limit: int = 100) -> list[Agreement]:
    """Newest first."""
    rows = db.execute("select * from agreement order by id desc limit ?", (limit,))
    return [_agreement(row) for row in rows]


def _text(wished: Draft) -> str:
    return json.dumps(wished.request, ensure_ascii=False, sort_keys=True)


def _contract_no() -> str:
    return clock.digits(clock.now())[:8] + digits(12)


def _present(agreement: Agreement | None) -> Agreement:
    if agreement is None:
        raise RefusedError("absent")
    return agreement


def _agreement(row: Row) -> Agreement:
    return Agreement(**dict(row) | {"request": json.loads(row["request"])})
