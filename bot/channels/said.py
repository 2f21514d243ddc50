"""What the portal sends: one message of one conversation, checked."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

LONGEST = 1000
"""Characters of a message."""

PAYLOAD = re.compile(r"/[a-z][a-z_]*(\{.*\})?", re.DOTALL)
KEPT_BY_RASA = {"restart", "session_start", "back"}
"""Intents that change the conversation itself; no button has them."""


class Malformed(Exception):  # noqa: N818
    """A request that is not as agreed; `field` names what is wrong."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(field)


@dataclass(frozen=True)
class Said:
    """One message. `payload`: the text is the payload of a button that the portal has offered.

    `held`: the customer speaks to a person, or waits for one; of danger they are warned all the
    same, and nothing else is answered.
    """

    conversation: str
    message: str
    text: str
    language: str
    signed_in: bool
    today: date
    channel: str
    elder: bool
    payload: bool
    held: bool = False

    @classmethod
    def read(cls, body: bytes) -> "Said":
        """Raises `Malformed`."""
        try:
            given = json.loads(body)
        except ValueError as problem:
            raise Malformed("body") from problem
        if not isinstance(given, dict):
            raise Malformed("body")
        payload = _flag(given, "payload")
        return cls(
            conversation=_words(given, "conversation", 100),
            message=_words(given, "message", 100),
            text=_button(given) if payload else _typed(given),
            language=_one_of(given, "language", ("zh", "en")),
            signed_in=_flag(given, "signed_in"),
            today=_day(given),
            channel=_one_of(given, "channel", ("web", "wechat")),
            elder=_flag(given, "elder"),
            payload=payload,
            held=_flag(given, "held"),
        )


def _words(given: dict[str, Any], field: str, longest: int) -> str:
    value = given.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        raise Malformed(field)
    return value.strip()


def _typed(given: dict[str, Any]) -> str:
    """A typed message never begins with the sign by which Rasa knows a payload."""
    return _words(given, "text", LONGEST).lstrip("/ \t\n") or "？"


def _button(given: dict[str, Any]) -> str:
    text = _words(given, "text", LONGEST)
    if not PAYLOAD.fullmatch(text) or re.split(r"\W", text[1:])[0] in KEPT_BY_RASA:
        raise Malformed("text")
    return text


def _one_of(given: dict[str, Any], field: str, values: tuple[str, ...]) -> str:
    if given.get(field, values[0]) not in values:
        raise Malformed(field)
    return given.get(field, values[0])


def _flag(given: dict[str, Any], field: str) -> bool:
    if not isinstance(given.get(field, False), bool):
        raise Malformed(field)
    return given.get(field, False)


def _day(given: dict[str, Any]) -> date:
    try:
        return date.fromisoformat(given.get("today", ""))
    except (TypeError, ValueError) as problem:
        raise Malformed("today") from problem
