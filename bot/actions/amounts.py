"""Numbers and sums of money as people write and say them: 两百块, 一百五, 八十六块四, ￥45,820."""

import re
from decimal import Decimal

_DIGIT = {
    **dict(zip("零〇一幺二两三四五六七八九", (0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True)),
}
_UNIT = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIAD = {"万": 10_000, "亿": 100_000_000}
_ENGLISH = {
    **dict(
        zip(
            [
                "one",
                "two",
                "three",
                "four",
                "five",
                "six",
                "seven",
                "eight",
                "nine",
                "ten",
                "eleven",
                "twelve",
                "thirteen",
                "fourteen",
                "fifteen",
                "sixteen",
                "seventeen",
                "eighteen",
                "nineteen",
            ],
            range(1, 20),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
            range(20, 100, 10),
            strict=True,
        )
    ),
}
_ENGLISH_UNIT = {"hundred": 100, "thousand": 1000, "million": 1_000_000}

_NUMBER = (
    r"(?:\d+(?:\.\d+)?|[零〇一幺二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾])"
    r"(?:\d+(?:\.\d+)?|[零〇一幺二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟])*"
)
_MONEY = re.compile(
    rf"(?P<minus>[-−负])?\s*(?P<sign>[￥¥])?\s*(?P<yuan>{_NUMBER})\s*[多来几]?\s*(?P<unit>块钱?|元钱?|圆|钱|(?:yuan|rmb|cny|kuai)\b)?"
    rf"(?:(?P<jiao>[0-9零〇一二两三四五六七八九])(?:毛|角|(?=\D|$)))?(?:(?P<fen>[0-9一二两三四五六七八九])分?(?=\D|$))?"
)
_UNIT_WORDS = re.compile(r"\b(?:yuan|rmb|cny|kuai)\b")
_COINS = re.compile(
    r"(?P<jiao>[0-9一二两三四五六七八九])(?:毛|角)(?:(?P<fen>[0-9一二两三四五六七八九])分?)?"
)
_JOINT = re.compile(r"[，,；;。]|\s+|改成|(?<!不)是|(?=不是|不要|别)|(?=\bnot\b)")
_PAID = re.compile(
    rf"(?:交|充|缴|付|存|打|pay|top up)(?:电?费|[个了点])?\s*({_NUMBER})"
    r"(?![户家个月期次张遍笔号年天度\d.])",
    re.IGNORECASE,
)
_DENIED = re.compile(r"不是|不要|别|不对|哪是|not\b|no\b", re.IGNORECASE)
_LONG = re.compile(r"\d[\d \-]{8,}\d")


def fen_of(text: str, named: bool = False) -> int | None:
    """The first sum in a text, in fen; negative where it says so; None where there is none.

    Long rows of digits (accounts, phones) are no sums; with `named` neither is a number without
    its unit.
    """
    plain = _LONG.sub(" ", _plain(text))
    coins = _COINS.search(plain)
    money = next(
        (each for each in _MONEY.finditer(plain) if not named or each["sign"] or each["unit"]), None
    )
    if coins and (not money or coins.start() <= money.start()):
        return _coins(coins)
    if money:
        return _fen(money)
    words = None if named and not _UNIT_WORDS.search(plain) else _english(plain)
    return None if words is None else words * 100


def meant_fen_of(text: str, named: bool = False) -> int | None:
    """The sum that is meant: the last one that is not denied (不是一百，两百)."""
    meant = [fen for part in _meant(text) if (fen := fen_of(part, named)) is not None]
    return meant[-1] if meant else fen_of(text, named)


def paid_fen_of(text: str) -> int | None:
    """The sum after a word for paying, without its unit: 交100, 充五十, pay 80. 交两户 has none."""
    found = _PAID.search(_LONG.sub(" ", _plain(text)))
    return int(_value(found[1]) * 100) if found else None


def number_of(text: str) -> Decimal | None:
    """The first number in a text, in digits or in Chinese, or None."""
    found = re.search(rf"(?P<minus>[-−负])?\s*(?P<number>{_NUMBER})", _plain(text))
    if found:
        return _value(found["number"]) * (-1 if found["minus"] else 1)
    words = _english(text.lower())
    return None if words is None else Decimal(words)


def meant_number_of(text: str) -> Decimal | None:
    """The number that is meant: the last one that is not denied (不是20，是30)."""
    meant = [number for part in _meant(text) if (number := number_of(part)) is not None]
    return meant[-1] if meant else None


def _meant(text: str) -> list[str]:
    """The parts of a text that are not denied."""
    return [part for part in _JOINT.split(_plain(text)) if part and not _DENIED.match(part)]


def _plain(text: str) -> str:
    """Full-width digits made narrow; blanks and commas inside a number taken out."""
    narrow = text.lower().translate(str.maketrans("０１２３４５６７８９．，", "0123456789.,"))
    narrow = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", narrow)
    return re.sub(r"(?<=\d) (?=\d)", "", narrow)


def _fen(money: re.Match[str]) -> int:
    fen = int(_value(money["yuan"]) * 100)
    if money["unit"] and money["jiao"]:
        fen += 10 * _small(money["jiao"]) + _small(money["fen"] or "0")
    return -fen if money["minus"] else fen


def _coins(coins: re.Match[str]) -> int:
    return 10 * _small(coins["jiao"]) + _small(coins["fen"] or "0")


def _small(digit: str) -> int:
    return int(digit) if digit.isdigit() else _DIGIT[digit]


def _value(number: str) -> Decimal:
    """430, 1.2万, 一百五 (150), 一百零五 (105), 四三零零 (4300)."""
    parts = re.findall(r"\d+(?:\.\d+)?|\D", number)
    if all(part in _DIGIT for part in parts):
        return Decimal("".join(str(_DIGIT[part]) for part in parts))
    total, section, last, scale = Decimal(0), Decimal(0), None, 1
    for part in parts:
        if part in _UNIT:
            section += (Decimal(1) if last is None else last) * _UNIT[part]
            last, scale = None, _UNIT[part]
        elif part in _MYRIAD:
            total = (total + section + (last or 0)) * _MYRIAD[part]
            section, last, scale = Decimal(0), None, _MYRIAD[part]
        else:
            last = Decimal(_DIGIT[part]) if part in _DIGIT else Decimal(part)
            scale = 1 if part in "零〇" or len(part) > 1 else scale
    return total + section + (last or Decimal(0)) * max(scale // 10, 1)


def _english(text: str) -> int | None:
    words = re.findall(r"[a-z]+", text)
    total, current, seen = 0, 0, False
    for word in words:
        if word in _ENGLISH:
            current, seen = current + _ENGLISH[word], True
        elif word in _ENGLISH_UNIT and seen:
            current *= _ENGLISH_UNIT[word]
            if word != "hundred":
                total, current = total + current, 0
        elif seen and word != "and":
            break
    return total + current if seen else None
