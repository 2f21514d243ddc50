"""Money: integer fen inside, yuan with two decimals at the edge."""

import re

MINUS = "−"
LARGEST_FEN = 99_999_999_999_99
"""One fen below ten thousand hundred-million yuan: beyond any bill, and far inside a bigint."""

_AMOUNT = re.compile(r"(?P<yuan>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<fen>\d+))?", re.ASCII)


class AmountError(ValueError):
    """The text is no amount of money; `code` says why.

    Codes: `not_a_number`, `negative`, `too_many_decimals`, `too_large`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def yuan(fen: int) -> str:
    """`123450` fen as `1,234.50`; a negative amount carries a true minus sign (U+2212)."""
    whole, rest = divmod(abs(fen), 100)
    return f"{MINUS if fen < 0 else ''}{whole:,}.{rest:02d}"


def parse_yuan(text: str) -> int:
    """Yuan as a person types them (`1,234.5`, `¥88`) to fen. Raises AmountError."""
    plain = _plain_digits(text)
    if plain.startswith(("-", MINUS)):
        raise AmountError("negative" if _AMOUNT.fullmatch(plain[1:]) else "not_a_number")
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise AmountError("not_a_number")
    decimals = match["fen"] or ""
    if len(decimals) > 2:
        raise AmountError("too_many_decimals")
    return _within_limit(match["yuan"].replace(",", ""), decimals.ljust(2, "0"))


def _plain_digits(text: str) -> str:
    """Full-width digits and signs as typed on a Chinese keyboard become plain ones."""
    wide = str.maketrans("０１２３４５６７８９．，－。", "0123456789.,-.")
    return text.strip().translate(wide).removeprefix("¥").removeprefix("￥").strip()


def _within_limit(whole: str, decimals: str) -> int:
    if len(whole.lstrip("0")) > len(str(LARGEST_FEN)) - 2:
        raise AmountError("too_large")
    return int(whole) * 100 + int(decimals)
