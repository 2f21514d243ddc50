"""Whether words that a person typed or said mean a street, an estate or an area."""

import re
from collections.abc import Iterable
from unicodedata import normalize

LEAST = 2
"""Letters below which words mean no place: a single 路 would mean them all."""

HOUSE, BUILDING = "号", "栋"
"""What a number is of: a house of a street, a building of an estate."""

_BEFORE_NUMBERS = re.compile(r"[^\d\s]*")
_UNIT = r"(?:栋|幢|座|号楼|号(?!楼)|#)"
_RANGE = r"\s*[-–—~至到]\s*"
_SOME = rf"(?<!\d)\d{{1,4}}(?:{_RANGE}\d{{1,4}})?"
_NUMBERED = re.compile(rf"({_SOME}(?:\s*[、,和]\s*{_SOME})*)\s*({_UNIT})")
_IN_ENGLISH = re.compile(rf"\b(?:building|block|bldg\.?)\s*({_SOME})", re.I)
_AND = re.compile("[、,和]")
_TWICE = re.compile(rf"{_UNIT}({_RANGE}\d)")
_HAN = re.compile(rf"[一二三四五六七八九十]{{1,3}}(?=\s*{_UNIT})")
_DIGITS = {han: number for number, han in enumerate("一二三四五六七八九", 1)}
_NOT_A_LETTER = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """Letters and digits alone, of one width and case: `梧桐里 １２栋` -> `梧桐里12栋`."""
    return _NOT_A_LETTER.sub("", normalize("NFKC", text)).casefold()


def street(place: str) -> str:
    """What stands before the first number or blank: `梧桐里 9–12 栋` -> `梧桐里`."""
    found = _BEFORE_NUMBERS.match(place.strip())
    return bare(found[0] if found else place)


def means_street(text: str, places: Iterable[str]) -> bool:
    """Whether the words name one of the places by its street or a part of that name.

    Where both name houses or buildings, these must meet: `听雨轩 5 栋` is not in 听雨轩 11–16 栋.
    """
    return any(_names(text, place) and _meet(text, place) is not False for place in places)


def surely_means(text: str, places: Iterable[str]) -> bool:
    """Whether one of the places is meant as a whole, or the number that is named lies in it."""
    return any(
        _names(text, place) and (_meet(text, place) or not _numbers(place)) for place in places
    )


def means_area(text: str, areas: Iterable[str]) -> bool:
    """Whether the words name one of the areas; `江城东` means all of 江城东-01 to -06."""
    return any(_means(bare(text), bare(area)) for area in areas)


def too_short(text: str) -> bool:
    """Whether there is nothing in the words to look for."""
    return len(bare(text)) < LEAST


def _means(words: str, name: str) -> bool:
    """A number alone means no place, though names have numbers in them."""
    if len(words) < LEAST or len(name) < LEAST:
        return False
    return name in words or (words in name and not words.isdigit())


def _names(text: str, place: str) -> bool:
    return _means(bare(text), street(place))


def _meet(text: str, place: str) -> bool | None:
    """Whether a number of the words is one of the place; None when they cannot be compared."""
    said, known = _numbers(text), _numbers(place)
    both = said.keys() & known.keys()
    return any(said[unit] & known[unit] for unit in both) if both else None


def _numbers(text: str) -> dict[str, set[int]]:
    """The houses and buildings that are named: `11–16 栋` -> {栋: {11, …, 16}}.

    What follows a building is a flat: in 5 栋 302 号 there is no house 302.
    """
    plain = _HAN.sub(_in_digits, _TWICE.sub(r"\1", normalize("NFKC", text)))
    found: dict[str, set[int]] = {}
    for some, unit in _NUMBERED.findall(plain):
        kind = HOUSE if unit == "号" else BUILDING
        if kind == BUILDING or not found:
            found.setdefault(kind, set()).update(_counted(some))
    for some in _IN_ENGLISH.findall(plain):
        found.setdefault(BUILDING, set()).update(_counted(some))
    return found


def _counted(some: str) -> set[int]:
    """`1–3、7` -> {1, 2, 3, 7}."""
    spans = [[int(number) for number in re.findall(r"\d+", each)] for each in _AND.split(some)]
    return {number for each in spans for number in range(min(each), max(each) + 1)}


def _in_digits(han: re.Match[str]) -> str:
    """`十二` -> `12`."""
    tens, ten, ones = han[0].rpartition("十")
    return str((_DIGITS.get(tens, 1) * 10 if ten else 0) + _DIGITS.get(ones, 0))
