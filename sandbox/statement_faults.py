"""Statements with something wrong in them, as a tester orders it: refused ones, and honest ones.

A statement whose totals do not know of its lines, or whose form is broken, is to be refused. One
that agrees with itself is to be believed, and says something else than the merchant's books.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from sqlite3 import Connection
from typing import Any

from sandbox import clock, conditions, statements
from sandbox.statements import DAY, Movement

LINES = {
    "missing_line": "a movement is not in the file",
    "extra_line": "a line stands for an order that the merchant has never made",
    "unknown": "the same, and the totals count it",
    "amount": "an amount is a fen too high, and so are the totals",
    "repeated_line": "a line is there twice, and the totals count it twice",
}
FILES = {
    "wrong_hash": "the hash is that of another file (WeChat Pay)",
    "wrong_day": "all is of the day before",
    "wrong_merchant": "all is another merchant's",
    "wrong_charset": "the text is in another character set",
    "truncated": "the second half of the file is missing",
}
KINDS = (*LINES, *FILES)
_ADJUSTED = frozenset({"unknown", "amount", "repeated_line"})


@dataclass(frozen=True)
class Listing:
    """The lines of a statement, and those that its totals count: the same, unless ordered so.

    `fault` is the kind that concerns the whole file, or empty.
    """

    day: date
    lines: Sequence[Movement]
    counted: Sequence[Movement]
    fault: str = ""


def listing(db: Connection, channel: str, day: date) -> Listing | None:
    """The day's statement with the fault in force; None when there is none (yet)."""
    if not statements.is_out(db, day):
        return None
    true, fault = statements.movements(db, channel, day), _ordered(db, channel)
    kind = fault.get("kind", "")
    if kind == "wrong_day":
        return _of_the_day_before(day, true)
    lines = _changed(true, fault, day) if kind in LINES else true
    counted = lines if fault.get("adjusted") else true
    return Listing(day, lines, counted, kind) if lines or counted else None


def order(
    db: Connection, channel: str, kind: str, out_trade_no: str, adjusted: bool | None
) -> dict[str, Any]:
    """In place of the one before. It hits the lines of `out_trade_no`, or else the first line.

    `adjusted` says whether the totals know of it; None leaves that to the kind.
    """
    agrees = kind in _ADJUSTED if adjusted is None else adjusted
    fault = {"kind": kind, "out_trade_no": out_trade_no, "adjusted": agrees}
    conditions.put(db, f"statement:{channel}", json.dumps(fault))
    return fault


def heal(db: Connection) -> None:
    """Statements are right again."""
    conditions.clear(db, "statement:")


def _ordered(db: Connection, channel: str) -> dict[str, Any]:
    fault = conditions.get(db, f"statement:{channel}")
    return json.loads(fault) if fault else {}


def _of_the_day_before(day: date, true: Sequence[Movement]) -> Listing | None:
    moved = [replace(each, at=each.at - DAY, opened_at=each.opened_at - DAY) for each in true]
    return Listing(day - timedelta(days=1), moved, moved) if true else None


def _changed(true: list[Movement], fault: dict[str, Any], day: date) -> list[Movement]:
    if fault["kind"] in ("extra_line", "unknown"):
        return [*true, _stranger(day)]
    wanted = fault["out_trade_no"]
    hit = next((each for each in true if wanted in ("", each.out_trade_no)), None)
    if hit is None:
        return true
    place = true.index(hit)
    return [*true[:place], *_instead(fault["kind"], hit), *true[place + 1 :]]


def _instead(kind: str, hit: Movement) -> list[Movement]:
    if kind == "missing_line":
        return []
    return [hit, hit] if kind == "repeated_line" else [replace(hit, fen=hit.fen + 1)]


def _stranger(day: date) -> Movement:
    """A payment of 1.00 at noon, the same whenever the file is made."""
    at = statements.midnight(day) + DAY / 2
    number = clock.digits(at)[:8]
    trade_no = number + "9" * 20
    return Movement(f"{number}unknown", trade_no, "", "", "native", "未知订单", 100, 1, at, at)
