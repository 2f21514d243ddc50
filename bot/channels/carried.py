"""A message that changes a part of the question before: 那上个月呢, 爸妈家呢, and for March?"""

import re
from datetime import date
from typing import Any

from actions.labels import TAKEN, called
from channels.payload import certain
from periods import Unresolved, resolve

LONGEST = 24
"""Characters; a longer message says its own question."""

_BEFORE = re.compile(
    r"^(?:那么?|然后|还有|再看看?|再查查?|换成?|如果是|"
    r"and|what about|how about|and for|for|in|ok|so)[\s，,]*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"[\s，,]*(?:的?[呢吗嘛么]?|那边呢?|怎么样|then|instead|please)[\s？?。.!！~～]*$",
    re.IGNORECASE,
)
_OF = re.compile(r"^的|的$|'s$")


def carried(
    text: str, question: dict[str, Any] | None, accounts: list[dict[str, Any]] | None, today: date
) -> dict[str, Any] | None:
    """What Rasa is to understand of it: the intent before, with a new time or account, or None."""
    rest = _rest(text) if question and len(text) <= LONGEST else ""
    if not rest:
        return None
    named, beside = called(rest, accounts or [])
    period = _OF.sub("", beside.replace(TAKEN, "", 1).strip()).strip() if named else rest
    if period and isinstance(resolve(period, today), Unresolved):
        return None
    entities = [_entity("account_no", each, text) for each in named[:1]]
    if period:
        entities.append(_entity("period", period, text))
    return certain(text, question["intent"], entities) if entities else None


def _rest(text: str) -> str:
    """The message without what leads in and what asks."""
    before = None
    rest = text.strip()
    while rest != before:
        before, rest = rest, _AFTER.sub("", _BEFORE.sub("", rest))
    return rest


def _entity(name: str, value: str, text: str) -> dict[str, Any]:
    start = max(text.find(value), 0)
    return {
        "entity": name,
        "value": value,
        "start": start,
        "end": start + len(value),
        "extractor": "carried",
    }
