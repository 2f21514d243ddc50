"""Two texts side by side: what was taken out of one, and what came into the other."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_PIECE = re.compile(r"\{\w+\}|[A-Za-z0-9']+|\s+|.", re.DOTALL)
"""A placeholder and a word stay whole; Chinese is compared by character."""


@dataclass(frozen=True)
class Run:
    """A stretch of text; `mark` is del, ins, or empty where both are the same."""

    text: str
    mark: str = ""


def compared(before: str, after: str) -> tuple[list[Run], list[Run]]:
    """The earlier text with what went marked, and the later one with what came."""
    was, now = _PIECE.findall(before), _PIECE.findall(after)
    left, right = [], []
    for what, a, b, c, d in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        same = what == "equal"
        left.append(Run("".join(was[a:b]), "" if same else "del"))
        right.append(Run("".join(now[c:d]), "" if same else "ins"))
    return [each for each in left if each.text], [each for each in right if each.text]
