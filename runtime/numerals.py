"""Numbers and amounts in Chinese words, as a voice says them."""

DIGITS = "零一二三四五六七八九"
ZERO, ONE = DIGITS[0], DIGITS[1]
PLACES = ("", "十", "百", "千")
GROUPS = ("", "万", "亿", "万亿")
COINS = ("元", "角", "分")


def money(fen: int) -> str:
    """14951 -> `一百四十九元五角一分`; whether it is owed is said beside it."""
    parts = split(fen)
    said = [numeral(part) + coin for part, coin in zip(parts, COINS, strict=True) if part]
    if parts[0] and parts[2] and not parts[1]:
        said.insert(1, ZERO)
    return "".join(said) or ZERO + COINS[0]


def numeral(number: int) -> str:
    """A whole number from 0 on in Chinese words: 1010 -> `一千零一十`, 12 -> `十二`."""
    found, gap = "", False
    for group in reversed(range(len(GROUPS))):
        part = number // 10_000**group % 10_000
        if part:
            zero = ZERO if found and (gap or part < 1000) else ""
            found += zero + _group(part) + GROUPS[group]
        gap = bool(found) and not part
    return found.removeprefix(ONE) if found.startswith(ONE + PLACES[1]) else found or ZERO


def split(fen: int) -> tuple[int, int, int]:
    """Yuan, tenths and hundredths."""
    yuan, rest = divmod(abs(fen), 100)
    return yuan, *divmod(rest, 10)


def _group(part: int) -> str:
    """1 to 9999."""
    found, gap = "", False
    for place in reversed(range(len(PLACES))):
        digit = part // 10**place % 10
        if digit:
            found += (ZERO if gap else "") + DIGITS[digit] + PLACES[place]
        gap = bool(found) and not digit
    return found
