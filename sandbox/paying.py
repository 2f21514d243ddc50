"""What a tester can do at the cashier, and what the merchant is told of it."""

from collections.abc import Callable
from sqlite3 import Connection

from sandbox import notices, trades
from sandbox.trades import Trade

COPIES = 3
DELAY = 10.0


def act(db: Connection, trade: Trade, mode: str, *, delay: float, force: bool) -> list[int]:
    """Do `mode` to the trade; returns the ids of the notices that it caused.

    Raises RefusedError (paid, closed) where money would move, KeyError for an unknown mode.
    """
    if mode in WITHOUT_MONEY:
        return WITHOUT_MONEY[mode](db, trade)
    tell = WITH_MONEY[mode]
    return tell(db, trades.settle(db, trade, force=force), delay)


def _cancel(_db: Connection, _trade: Trade) -> list[int]:
    """The payer turns away: nothing happens, and the trade stays open."""
    return []


def _forged(db: Connection, trade: Trade) -> list[int]:
    """A stranger claims that all is paid, once. No money moves."""
    return notices.queue(db, trade, flavour="forged")


def _pay(db: Connection, trade: Trade, _delay: float) -> list[int]:
    return notices.queue(db, trade)


def _delay(db: Connection, trade: Trade, delay: float) -> list[int]:
    return notices.queue(db, trade, delay=delay)


def _duplicate(db: Connection, trade: Trade, _delay: float) -> list[int]:
    """The same notice three times, all at once."""
    return notices.queue(db, trade, copies=COPIES)


def _lose(db: Connection, trade: Trade, _delay: float) -> list[int]:
    """Kept as lost, so that a tester can still send it by hand."""
    return notices.queue(db, trade, lost=True)


def _wrong_amount(db: Connection, trade: Trade, _delay: float) -> list[int]:
    """Paid in full, but the notice says one fen more. A query tells the truth."""
    return notices.queue(db, trade, flavour="wrong_amount")


WITHOUT_MONEY: dict[str, Callable[[Connection, Trade], list[int]]] = {
    "cancel": _cancel,
    "forged": _forged,
}
WITH_MONEY: dict[str, Callable[[Connection, Trade, float], list[int]]] = {
    "pay": _pay,
    "delay": _delay,
    "duplicate": _duplicate,
    "lose": _lose,
    "wrong_amount": _wrong_amount,
}
MODES = (*WITH_MONEY, *WITHOUT_MONEY)
