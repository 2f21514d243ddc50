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
_JOINT = re.compile(
    r"[，,；;。]|(?<![a-z])\s+|\s+(?![a-z])|改成|(?<!不)是|\bbut\b|"
    r"(?=不是|不要|别)|(?=\bnot\b|\binstead of\b)"
)
_PAID = re.compile(rf"(?:交|充|缴|付|存|打|pay|top up)(?:电?费|[个了点])?\s*({_NUMBER})", re.I)
_PAID_ON = re.compile(
    r"\s*(?:$|[，,；;。.!！?？、\s]|[吧啊呀呢嘛哦喔咯哈了]|[用从走拿给到进先就可行好够]|通过|以|(?:的)?电费|"
    r"微信|支付宝|银|云闪付|信用卡|储蓄卡)"
)
"""What may follow a bare number after a word for paying, so that it can only be a sum."""
_THINGS = re.compile(
    r"\s*(?:[户家个月期次张遍笔号年天度岁栋楼室单下哈点起些半分趟道会样共直定般边层之成块套间位口]|"
    r"(?:accounts?|bills?|months?|times?|homes?|houses?|kwh)\b|%)"
)
"""What a bare number may count: 两户, 三个月, 一下, 一起, 一部分. Such a number is no sum."""
_LONE = frozenset("零〇一幺二两三四五六七八九")
"""A digit in words that stands for a sum only where nothing else is said."""
_NO_SUM = re.compile(
    r"一块儿|一块(?=[交缴付补结算清充])|"
    r"\b(?:this|that|the|other|first|second|last|wrong|right|each|every) one\b|"
    r"\bone (?:of|moment|second|more)\b"
)
"""Words that hold a number and mean none: 一块 as together, the other one."""
_SHARE = re.compile(
    rf"(?P<half>一半|对半|半数|(?<!and a )\bhalf\b)|(?P<below>{_NUMBER})分之(?P<above>{_NUMBER})|"
    rf"[交缴付](?P<tenths>[一二两三四五六七八九])成|(?P<percent>\d{{1,2}})\s*%|"
    r"(?P<third>\b(?:a|one) third\b)",
    re.IGNORECASE,
)
_ROUND = (
    r"(?:[\s，,。.!！~吧了的嘛呀啊呢哦喔咯哈]|那|就|还是|只|先|给我|我|要|想|嗯|哎|算了|改|换|成|为|交|缴|付|充|存|"
    r"行|够|可以|好|算|得|块|元|不是|不对|足)*"
)
_ROUND_ENGLISH = re.compile(
    r"\b(?:and|just|only|make it|ok|okay|please|is|enough|will|do|then|pay|yuan|instead)\b"
)
_COUNTING = frozenset(_ENGLISH) | frozenset(_ENGLISH_UNIT)
_ALONE = re.compile(rf"{_ROUND}(?P<number>{_NUMBER}){_ROUND}", re.IGNORECASE)
_DENIED = re.compile(r"不是|不要|别|不对|哪是|not\b|no\b", re.IGNORECASE)
_LONG = re.compile(r"\d[\d \-]{8,}\d")


def fen_of(text: str, named: bool = False) -> int | None:
    """The first sum in a text, in fen; negative where it says so; None where there is none.

    Long rows of digits (accounts, phones) are no sums; with `named` neither is a number without
    its unit.
    """
    plain = _NO_SUM.sub(" ", _LONG.sub(" ", _plain(text)))
    coins = _COINS.search(plain)
    money = next((each for each in _MONEY.finditer(plain) if _is_sum(each, named)), None)
    if coins and (not money or coins.start() <= money.start()):
        return _coins(coins)
    if money:
        return _fen(money)
    words = None if named and not _UNIT_WORDS.search(plain) else _english(plain)
    return None if words is None else words * 100


def meant_fen_of(text: str, named: bool = False) -> int | None:
    """The sum that is meant: the last one that is not denied (不是一百，两百)."""
    meant = [fen for part in _meant(text) if (fen := fen_of(part, named)) is not None]
    return meant[-1] if meant else None


def paid_fen_of(text: str) -> int | None:
    """The sum after a word for paying, without its unit: 交100, 充五十, pay 80. 交一下 has none."""
    plain = _LONG.sub(" ", _plain(text))
    found = next((each for each in _PAID.finditer(plain) if _is_paid(each)), None)
    return int(_value(found[1]) * 100) if found else None


def alone_fen_of(text: str) -> int | None:
    """The sum that is all a text says: 一百就行了. A single digit may as well be a place."""
    plain = _ROUND_ENGLISH.sub(" ", _plain(text)).strip()
    found = _ALONE.fullmatch(plain)
    if found:
        return int(_value(found["number"]) * 100) if len(found["number"]) > 1 else None
    words = _english(plain) if _COUNTING.issuperset(re.split(r"[\s,.!]+", plain)) else None
    return words * 100 if words and words > 9 else None


def share_of(text: str) -> tuple[int, int] | None:
    """The part of what is owed that is meant, as (parts, of): 一半 (1, 2), 三分之一 (1, 3), 20%."""
    found = _SHARE.search(_plain(text))
    if not found:
        return None
    if found["half"]:
        return 1, 2
    if found["third"]:
        return 1, 3
    if found["below"]:
        above, below = _value(found["above"]), _value(found["below"])
        return (int(above), int(below)) if 0 < above < below else None
    share = (_small(found["tenths"]), 10) if found["tenths"] else (int(found["percent"]), 100)
    return share if share[0] else None


def _is_sum(money: re.Match[str], named: bool) -> bool:
    """Whether a number is money: by its sign or unit, else if it counts nothing else."""
    if money["sign"] or money["unit"]:
        return True
    if named or _THINGS.match(money.string, money.end()):
        return False
    return money["yuan"] not in _LONE or money[0].strip() == money.string.strip()


def _is_paid(paid: re.Match[str]) -> bool:
    """Whether a bare number after a word for paying can only be a sum."""
    bare = paid[1] not in _LONE and not _THINGS.match(paid.string, paid.end())
    return bare and bool(_PAID_ON.match(paid.string, paid.end()))


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
