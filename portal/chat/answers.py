"""What the assistant may answer, and what of it is believed.

The assistant is another process: what it sends is read strictly. A text that is too long or a
button of the wrong form makes the whole answer malformed; a card that the portal does not know is
left out, for the words beside it are true without it.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct, field

from portal.chat.kinds import card_of
from service.conversations.answering import LONGEST_REPLY, Reply

MOST_MESSAGES = 10
MOST_BUTTONS = 12

Title = Annotated[str, Meta(min_length=1, max_length=80)]
Payload = Annotated[str, Meta(min_length=1, max_length=1000)]


class Malformed(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The answer is none that can be shown."""


class Button(Struct, frozen=True):
    """What can be tapped instead of typed; `payload` goes back to the assistant."""

    title: Title
    payload: Payload


class Said(Struct, frozen=True):
    """One message as it came."""

    text: Annotated[str, Meta(max_length=LONGEST_REPLY)] = ""
    buttons: Annotated[list[Button], Meta(max_length=MOST_BUTTONS)] | None = None
    card: Raw = field(default_factory=Raw)


class Answer(Struct, frozen=True):
    """All that the assistant says to one message. `danger`: the customer has told of some."""

    messages: Annotated[list[Said], Meta(max_length=MOST_MESSAGES)]
    danger: bool = False


@dataclass(frozen=True)
class Heard:
    """An answer as it can be stored."""

    replies: list[Reply]
    danger: bool = False


def read(body: bytes, *, empty: bool = False) -> Heard:
    """An answer. Raises Malformed, also for one that says nothing, unless it may be `empty`."""
    try:
        answer = msgspec.json.decode(body, type=Answer)
    except msgspec.MsgspecError as error:
        raise Malformed(str(error)) from error
    replies = [reply for said in answer.messages if (reply := _reply(said)) is not None]
    if not replies and not empty:
        raise Malformed("it says nothing")
    return Heard(replies, answer.danger)


def _reply(said: Said) -> Reply | None:
    text, card = _clean(said.text), card_of(bytes(said.card))
    buttons = [{"title": each.title, "payload": each.payload} for each in said.buttons or ()]
    return Reply(text, buttons, card) if text or card else None


def _clean(text: str) -> str:
    """Without what no text has and no database keeps: control characters, blanks at the ends."""
    return "".join(each for each in text if each == "\n" or each.isprintable()).strip()
