"""Accounts by what their owner calls them: the whole label, or the part that tells it apart.

Of 码头路 66 号 一号冷库 and 码头路 66 号 二号冷库 nobody says more than 一号冷库, or 1号冷库.
"""

import re
import unicodedata
from itertools import takewhile
from typing import Any

Account = dict[str, Any]

LISTED = 12
"""Accounts the portal tells at most; who has more may have the one that is none of these."""
TAKEN = "▢"
"""Stands in the rest of a message where a name was."""

_WORD = "0-9a-z零〇一二两三四五六七八九十百千万幺"
_BLANK = re.compile(rf"\s+(?![{_WORD}])|(?<![{_WORD}])\s+")
"""Blanks that part nothing: neither two numbers nor two English words."""
_FAMILIAR = dict(
    zip("零〇一二三四五六七八九两幺", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 1), strict=True)
)
_TENS = re.compile(r"([一二三四五六七八九])?十([一二三四五六七八九])?")
_NUMBERED = re.compile(r"\d+(?P<what>\D*[^\d号]\D*)")
"""三号冷库: what is numbered, so that 七号冷库 is known to be one, too."""
_NUMBER = re.compile(r"(\d+号)\D{2,}")
"""三号冷库 is 三号库, too."""
_WITHIN = re.compile(r"[0-9a-z]{2}")
_LAST_FOUR = re.compile(r"(?<![\d.¥￥充交缴付存])\d{4}(?=[的那这]|$)")
_TAIL = re.compile(r"(?<![\d.¥￥充交缴付存])\d{5,13}(?![\d.]|元|块|度|千瓦)")


def called(text: str, accounts: list[Account]) -> tuple[list[str], str]:
    """Numbers of the accounts whose names or last digits stand in a text, and its rest.

    Five digits are enough anywhere, four where 的 or 那个 follows or nothing at all.
    A numbered name that none of them has comes back as it was said, unless there may be more.
    """
    rest, found = plain(text), []
    every = [
        (name, each)
        for each, names in zip(accounts, _names(accounts), strict=True)
        for name in names
    ]
    for name, _ in sorted(every, key=lambda one: -len(one[0])):
        if _said(name).search(rest):
            rest = _said(name).sub(TAKEN, rest)
            found += [each["account_no"] for same, each in every if same == name]
    tails = (*_TAIL.findall(rest), *_LAST_FOUR.findall(rest))
    ended = [each["account_no"] for each in accounts if each["account_no"].endswith(tails)]
    if ended:
        rest = re.sub("|".join(tails), TAKEN, rest)
    found += ended
    mine = [each["account_no"] for each in accounts if each["account_no"] in found]
    is_all = len(accounts) < LISTED
    return mine + (_strangers(rest, [name for name, _ in every]) if is_all else []), rest


def names(labels: list[str]) -> list[set[str]]:
    """For each label what it may be called, in the spelling of `plain`."""
    spelt = [plain(label) for label in labels]
    return [{own} | _parts(own, [each for each in spelt if each != own]) for own in spelt]


def is_of_several(text: str, accounts: list[Account]) -> bool:
    """Whether a text says what several accounts are called alike: 冷库, of six."""
    spelt = [plain(each["label"]) for each in accounts]
    pairs = ((one, other) for one in spelt for other in spelt if one < other)
    ends = {_ending(one, other).lstrip("0123456789号") for one, other in pairs}
    return any(len(end) > 1 and end in plain(text) for end in ends)


def plain(text: str) -> str:
    """In one spelling, for comparing alone: narrow, without blanks, numbers in digits."""
    spelt = _BLANK.sub("", unicodedata.normalize("NFKC", text).lower())
    spelt = _TENS.sub(
        lambda tens: f"{_FAMILIAR[tens[1] or '一']}{_FAMILIAR[tens[2] or '零']}", spelt
    )
    return "".join(str(_FAMILIAR.get(letter, letter)) for letter in spelt)


def _names(accounts: list[Account]) -> list[set[str]]:
    return [each - {""} for each in names([one["label"] for one in accounts])]


def _parts(own: str, others: list[str]) -> set[str]:
    """What remains of a label without what begins, or ends, another one as well."""
    begun = {own[_shared(own, other) :] for other in others}
    parts = begun | {
        part
        for part in (
            each.removesuffix(_ending(each, other)) for each in begun | {own} for other in others
        )
        if len(part) > 2 and not re.fullmatch(r"\d+\D?", part)
    }
    parts |= {f"{found[1]}{found[0][-1]}" for each in parts if (found := _NUMBER.fullmatch(each))}
    return {part for part in parts if _tells_apart(part, others)}


def _tells_apart(part: str, others: list[str]) -> bool:
    least = 3 if part.isdigit() else 2
    return len(part) >= least and not any(_said(part).search(other) for other in others)


def _shared(one: str, other: str) -> int:
    """How many letters begin both, no number or English word being cut."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    at = sum(1 for _ in same)
    while at and any(_WITHIN.match(each, at - 1) for each in (one, other)):
        at -= 1
    return at


def _ending(one: str, other: str) -> str:
    """What ends both."""
    at = _shared(one[::-1], other[::-1])
    return one[len(one) - at :]


def _said(name: str) -> re.Pattern[str]:
    """A name in a text; a number in it is no part of a larger one, nor of a sum or a time."""
    before = r"(?<![\d.百千万])" if name[0].isdigit() else ""
    after = r"(?![\d.])" if name[-1].isdigit() else ""
    if name.isdigit():
        before, after = r"(?<![\d.¥￥充交缴付存])", r"(?![\d.元块度年月日号%])"
    return re.compile(before + re.escape(name) + after)


def _strangers(rest: str, known: list[str]) -> list[str]:
    """七号冷库, where there are but six."""
    what = {found["what"] for name in known if (found := _NUMBERED.fullmatch(name))}
    return [
        found[0] for each in what for found in re.finditer(rf"(?<!\d)\d+{re.escape(each)}", rest)
    ]
