"""Figures as a voice reads them well: an amount as a person says it, a number digit by digit."""

from runtime import money, numerals
from runtime.money import AmountError


def say(value: str, how: str, language: str) -> str:
    """The value as it is said; what is no amount is left as it is."""
    match how:
        case "money":
            return _money(value, language)
        case "digits":
            return " ".join(value)
    return value


def _money(value: str, language: str) -> str:
    if language == "en":
        return f"{value} yuan"
    try:
        return numerals.money(money.parse_yuan(value))
    except AmountError:
        return value
