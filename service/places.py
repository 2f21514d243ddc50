"""Whether words that a person typed or said mean a street, an estate or an area."""

import re
from collections.abc import Iterable
from unicodedata import normalize

LEAST = 2
"""Letters below which words mean no place: a single 路 would mean them all."""

_BEFORE_NUMBERS = re.compile(r"[^\d\s]*")
_NOT_A_LETTER = re.compile(r"[\W_]+")


def bare(text: str) -> str:
    """Letters and digits alone, of one width and case: `梧桐里 １２栋` -> `梧桐里12栋`."""
    return _NOT_A_LETTER.sub("", normalize("NFKC", text)).casefold()


def street(place: str) -> str:
    """What stands before the first number or blank: `梧桐里 9–12 栋` -> `梧桐里`."""
    found = _BEFORE_NUMBERS.match(place.strip())
    return bare(found[0] if found else place)


def means_street(text: str, places: Iterable[str]) -> bool:
    """Whether the words name the street of one of the places, or a part of its name."""
    return any(_means(bare(text), street(place)) for place in places)


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
