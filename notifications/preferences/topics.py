"""What a customer can choose: topics, each by the channels that its kinds go on."""

from functools import cache

from notifications.channels.base import Channel
from notifications.kinds import Kind, Level, kinds, topics

UNASKED = frozenset({"invoice", "desk"})
"""Nobody chooses these: an invoice goes where its customer sends it, the desk works in here."""
NEWS = "news"
USUAL = (Channel.WECHAT, Channel.PUSH, Channel.SMS, Channel.MAIL, Channel.VOICE)
"""The usual order of the channels, for whoever has set no other."""


@cache
def choices() -> dict[str, tuple[Channel, ...]]:
    """The topics in the order in which customers see them, with the channels of each."""
    return {name: _channels(name) for name in topics() if name not in UNASKED}


def is_on(topic: str) -> bool:
    """Whether people are told of a topic who have set nothing: of all but news."""
    return topic != NEWS


def legal() -> tuple[Kind, ...]:
    """The kinds that nobody can be spared."""
    return tuple(each for each in kinds().values() if each.level is Level.LEGAL)


def _channels(topic: str) -> tuple[Channel, ...]:
    """Those on which something of it goes that may be opted out of."""
    mine = [each for each in kinds().values() if each.topic == topic]
    used = {channel for each in mine if each.level is not Level.LEGAL for channel in each.channels}
    return tuple(each for each in USUAL if each in used)
