"""The number of a firm on its invoices: the unified social credit code (GB 32100-2015)."""

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = [3**place % 31 for place in range(17)]


def is_tax_no(text: str) -> bool:
    """Whether these are 18 signs of which the last is the check sign of the others."""
    if len(text) != 18 or any(sign not in _SIGNS for sign in text):
        return False
    total = sum(_SIGNS.index(sign) * weight for sign, weight in zip(text, _WEIGHTS, strict=False))
    return _SIGNS[-total % 31] == text[17]
