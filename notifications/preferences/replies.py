"""What somebody means who writes that they want to hear no more, or again. Pure, but for words."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from notifications.channels.base import Channel
from notifications.preferences.models import ALL
from notifications.preferences.topics import Said, described

LONGEST = 40
"""Characters: who writes more than that wants to talk."""
_NEEDLESS = re.compile(r"[\W_]+")


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that mean it everywhere, and those that mean it in a short message alone."""

    bare: tuple[str, ...]
    letters: tuple[str, ...]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people write; see the head of `replies.yaml`."""

    stop: Deed
    start: Deed
    all: tuple[str, ...]
    padding: tuple[str, ...]
    channels: dict[str, tuple[str, ...]]
    never: tuple[str, ...]
    everything: Said


@dataclass(frozen=True)
class Meant:
    """To stop something, or to hear it again; `topic` is empty where none was named."""

    stops: bool
    topic: str = ""


def meant(said: str, channel: str) -> Meant | None:
    """What is meant by words on a channel; None for all that is no such wish there."""
    if len(said) > LONGEST:
        return None
    text = _NEEDLESS.sub("", unicodedata.normalize("NFKC", said)).lower()
    if text in known().never:
        return None
    for stops, deed in ((False, known().start), (True, known().stop)):
        found = _after(text, deed, channel)
        if found is not None:
            return Meant(stops, found)
    return None


@cache
def known() -> Words:
    """What people write. Raises msgspec.ValidationError for words that are wrong."""
    source = files("notifications.preferences").joinpath("replies.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=Words)


def _after(text: str, deed: Deed, channel: str) -> str | None:
    """The topic beside the words of a deed, empty for none; None where the text says else."""
    letters = deed.letters if channel == Channel.SMS else ()
    for word in sorted((*deed.bare, *letters), key=len, reverse=True):
        if text == word:
            return ""
        if len(word) == 1:
            continue
        for rest in (text.removeprefix(word), text.removesuffix(word)):
            topic = _topic(rest, channel) if rest != text else None
            if topic is not None:
                return topic
    return None


def _topic(rest: str, channel: str) -> str | None:
    """The topic that is named by what stands beside; empty for what names none."""
    whole = _topics().get(rest)
    if whole:
        return whole
    padding = (*known().padding, *known().channels.get(channel, ()))
    for word in sorted(padding, key=len, reverse=True):
        rest = rest.removeprefix(word).removesuffix(word)
    return _topics().get(rest) if rest else ""


@cache
def _topics() -> dict[str, str]:
    named = {word: name for name, each in described().items() for word in each.said}
    return named | dict.fromkeys(known().all, ALL)
