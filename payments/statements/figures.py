"""Amounts and times as statements write them, to be taken exactly or not at all.

A day knows far fewer amounts than lines: they are remembered, some thousands at a time.
"""

import re
from datetime import datetime
from functools import lru_cache

_YUAN = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,2})0*)?", re.ASCII)
_REMEMBERED = 1 << 16


@lru_cache(_REMEMBERED)
def signed_fen(text: str) -> int:
    """`149.51`, `-45` or `0.01000` as fen; ValueError for a part of a fen."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError("no amount of yuan in whole fen")
    sign, yuan, part = match.groups("")
    return int(f"{sign}{yuan}{part:0<2}")


@lru_cache(_REMEMBERED)
def fen(text: str) -> int:
    """The same where no minus sign may be. Raises ValueError."""
    if text.startswith("-"):
        raise ValueError("an amount that cannot be negative")
    return signed_fen(text)


def back_fen(text: str) -> int:
    """What goes back, written as a negative amount, or zero. Raises ValueError."""
    amount = -signed_fen(text)
    if amount < 0:
        raise ValueError("an amount that cannot be positive")
    return amount


def count(text: str) -> int:
    """A count of lines, which may be written `45.0`. Raises ValueError."""
    lines, part = divmod(fen(text), 100)
    if part:
        raise ValueError("a count is whole")
    return lines


def instant(text: str) -> datetime:
    """A wall clock in Beijing, `2026-11-20 08:30:00`. Raises ValueError."""
    if len(text) != len("2026-11-20 08:30:00"):
        raise ValueError("no date with a time in seconds")
    return datetime.fromisoformat(f"{text}+08:00")
