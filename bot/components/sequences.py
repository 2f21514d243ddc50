"""What is known about each character of a message when its entities are looked for; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

NUMERALS = set("零〇一二三四五六七八九十百千万两俩半几幺廿卅壹贰叁肆伍陆柒捌玖拾佰仟")
EDGE = "<>"
Names = Mapping[str, frozenset[tuple[str, ...]]]


def sort_of(word: str) -> str:
    """The kind of a token: digits by their number, a numeral, Latin by length, Han, a mark."""
    if word.isdigit():
        return f"D{min(len(word), 14)}"
    if word in NUMERALS:
        return "N"
    if word.isascii() and word.isalpha():
        return f"L{min(len(word), 3)}"
    return "H" if word.isalnum() else "P"


def known_names(words: Sequence[str], names: Names) -> list[list[str]]:
    """For each word where it stands in a name of the lookup tables, the longest name first."""
    found: list[list[str]] = [[] for _ in words]
    for kind, table in names.items():
        longest = max(map(len, table), default=0)
        at = 0
        while at < len(words):
            length = _longest(words, at, longest, table)
            for place in range(length):
                found[at + place].append(f"{kind}{_position(place, length)}")
            at += length or 1
    return found


def _longest(words: Sequence[str], at: int, longest: int, table: Iterable[tuple[str, ...]]) -> int:
    for end in range(min(len(words), at + longest), at, -1):
        if tuple(words[at:end]) in table:
            return end - at
    return 0


def _position(place: int, length: int) -> str:
    """B, I, L as in the labels; U for a name of one word."""
    if length == 1:
        return "U"
    return "B" if place == 0 else "L" if place == length - 1 else "I"


def features(words: Sequence[str], heads: Sequence[str], names: Names) -> list[list[str]]:
    """Each word in its surroundings of three; `heads` are the first two digits of long numbers."""
    near = [EDGE] * 3 + list(words) + [EDGE] * 3
    sorts = [EDGE] * 3 + [sort_of(word) for word in words] + [EDGE] * 3
    known = known_names(words, names)
    made = []
    for at in range(len(words)):
        window, kinds = near[at : at + 7], sorts[at : at + 7]
        here = ["b", f"h:{heads[at]}", f"k3:{kinds[2]}{kinds[3]}{kinds[4]}"]
        here += [f"w{i}:{word}" for i, word in enumerate(window)]
        here += [f"k{i}:{kind}" for i, kind in enumerate(kinds[1:6])]
        here += [f"ww{i}:{a}{b}" for i, (a, b) in enumerate(pairwise(window))]
        here += [f"kk{i}:{a}{b}" for i, (a, b) in enumerate(pairwise(kinds[2:5]))]
        here += [f"www{i}:{''.join(window[i : i + 3])}" for i in range(1, 4)]
        here += [
            f"n{step}:{name}"
            for step in (-1, 0, 1)
            if 0 <= at + step < len(words)
            for name in known[at + step]
        ]
        made.append(here)
    return made


def labels(tokens: Sequence, spans: Iterable[tuple[int, int, str]]) -> list[str]:
    """BILOU labels of tokens (with start and end) for the spans (start, end, entity)."""
    made = ["O"] * len(tokens)
    for start, end, entity in spans:
        inside = [i for i, token in enumerate(tokens) if token.start >= start and token.end <= end]
        for place, i in enumerate(inside):
            made[i] = f"{_position(place, len(inside))}-{entity}"
    return made


def spans(tokens: Sequence, made: Sequence[str]) -> list[tuple[int, int, str]]:
    """The spans the labels tell of; a label that cannot follow begins a new span."""
    found: list[tuple[int, int, str]] = []
    is_open = False
    for token, label in zip(tokens, made, strict=True):
        position, _, entity = label.partition("-")
        if position in "IL" and is_open and found[-1][2] == entity:
            found[-1] = (found[-1][0], token.end, entity)
        elif entity:
            found.append((token.start, token.end, entity))
        is_open = position in ("B", "I")
    return found
