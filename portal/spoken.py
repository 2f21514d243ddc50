"""Amounts as a person says them: large letters show `65 元 4 角 9 分`, a voice reads it aloud.

These words are Chinese by nature; in English an amount is said as it is written.
"""

from portal import formats
from portal.i18n import language
from runtime import money, numerals

KEPT = "\N{NO-BREAK SPACE}"


def shown(fen: int) -> str:
    """14951 -> `149 元 5 角 1 分`; `¥149.51` in English. Whether it is owed is said beside it."""
    if language() == "en":
        return formats.amount(abs(fen))
    parts = zip(numerals.split(fen), numerals.COINS, strict=True)
    said = [f"{part:,}{KEPT}{coin}" for part, coin in parts if part]
    return " ".join(said) or f"0{KEPT}{numerals.COINS[0]}"


def aloud(fen: int) -> str:
    """14951 -> `一百四十九元五角一分`; `149.51 yuan` in English."""
    if language() == "en":
        return f"{money.yuan(abs(fen))} yuan"
    return numerals.money(fen)
