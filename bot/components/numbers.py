"""Numbers whose shape alone tells what they are: these are never left to what was learned."""

from __future__ import annotations

import re
from collections.abc import Iterable

Span = tuple[int, int, str]

# A request's number: two letters of the kind, the day, a count (BX2611210001), also with dashes.
REQUEST = re.compile(r"(?<![A-Za-z\d])[A-Za-z]{2}-?\d{4,}(?:-\d{3,})*(?!\d)")
# A mobile number, with blanks or dashes where people put them.
PHONE = re.compile(r"(?<![\d.])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
# An account number: 12 digits, in groups when read aloud; a number that begins with a day is none.
ACCOUNT = re.compile(
    r"(?<![\d.])(?!20[2-4]\d[01]\d)\d{12}(?!\d)|(?<![\d.])\d{4}[ -]\d{4}[ -]\d{4}(?!\d)"
)


def settle(text: str, learned: Iterable[Span]) -> list[Span]:
    """The learned spans with these numbers put right; every character belongs to one span at most.

    An account number inside words that were learned to be a request's number stays one.
    """
    found = list(learned)
    for pattern, entity in ((REQUEST, "request_no"), (PHONE, "phone"), (ACCOUNT, "account_no")):
        for match in pattern.finditer(text):
            found = _put(found, (match.start(), match.end(), entity))
    return sorted(found)


def _put(found: list[Span], new: Span) -> list[Span]:
    touched = [span for span in found if span[0] < new[1] and new[0] < span[1]]
    if new[2] == "account_no" and any(span[2] == "request_no" for span in touched):
        return found
    return [span for span in found if span not in touched] + [new]
