"""What a customer can choose: topics, each by the channels that its kinds go on."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from notifications.channels.base import Channel
from notifications.kinds import Kind, Level, kinds, topics

UNASKED = frozenset({"invoice", "desk"})
"""Nobody chooses these: an invoice goes where its customer sends it, the desk works in here."""
NEWS = "news"
LIST_MARK = "\u3001"
"""What parts the things of a list in Chinese."""
USUAL = (Channel.WECHAT, Channel.PUSH, Channel.SMS, Channel.MAIL, Channel.VOICE)
"""The usual order of the channels, for whoever has set no other."""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic in plain words, with an example; `said` are words by which people mean it."""

    name: Said
    example: Said
    said: tuple[str, ...]


@cache
def described() -> dict[str, Topic]:
    """What is said of each topic. Raises msgspec.ValidationError for words that are wrong."""
    source = files("notifications.preferences").joinpath("topics.yaml").read_bytes()
    return msgspec.yaml.decode(source, type=dict[str, Topic])


@cache
def choices() -> dict[str, tuple[Channel, ...]]:
    """The topics in the order in which customers see them, with the channels of each."""
    return {name: _channels(name) for name in topics() if name not in UNASKED}


def is_on(topic: str) -> bool:
    """Whether people are told of a topic who have set nothing: of all but news."""
    return topic != NEWS


def names(chosen: Iterable[str], language: str) -> str:
    """Topics in words, in the order in which customers see them."""
    known = set(chosen)
    mark = ", " if language == "en" else LIST_MARK
    return mark.join(described()[each].name.said(language) for each in choices() if each in known)


def legal() -> tuple[Kind, ...]:
    """The kinds that nobody can be spared."""
    return tuple(each for each in kinds().values() if each.level is Level.LEGAL)


def _channels(topic: str) -> tuple[Channel, ...]:
    """Those on which something of it goes that may be opted out of."""
    mine = [each for each in kinds().values() if each.topic == topic]
    used = {channel for each in mine if each.level is not Level.LEGAL for channel in each.channels}
    return tuple(each for each in USUAL if each in used)
