"""What people are told, as data (`kinds.yaml`): each kind with its topic, its weight, its ways.

A customer chooses by topic; a kind decides how urgent it is, on which channels it goes and in
which order, how long its delivery is waited for and how long it is of use.
"""

from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from notifications.channels.base import Channel


class Level(StrEnum):
    """How much a kind weighs.

    LEGAL is owed by law: at a decent hour, whatever was opted out of, on every channel, labelled.
    URGENT goes at any hour and may be opted out of. SERVICE waits for a decent hour and can be
    put together with others. NEWS goes to those alone who have agreed.
    """

    LEGAL = "legal"
    URGENT = "urgent"
    SERVICE = "service"
    NEWS = "news"


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of notice; see the head of `kinds.yaml` for its fields."""

    name: str
    topic: str
    level: Level
    channels: tuple[Channel, ...]
    all_channels: bool = False
    digest: bool = False
    fallback_minutes: int | None = None
    expires_hours: int = 48
    keep_words: bool = True
    outlives_link: bool = False


class _Defaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: Level
    channels: tuple[Channel, ...] = ()
    all_channels: bool = False
    digest: bool = False
    fallback_minutes: int | None = None
    expires_hours: int = 48
    keep_words: bool = True
    outlives_link: bool = False


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    topics: dict[str, _Defaults]
    kinds: dict[str, dict[str, dict[str, object] | None]]


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by name. Raises msgspec.ValidationError for a catalogue that is wrong."""
    source = files("notifications").joinpath("kinds.yaml").read_bytes()
    catalogue = msgspec.yaml.decode(source, type=_Catalogue)
    return {
        name: _kind(name, topic, catalogue.topics[topic], own or {})
        for topic, named in catalogue.kinds.items()
        for name, own in named.items()
    }


def kind(name: str) -> Kind:
    """The kind. Raises KeyError for one that there is not."""
    return kinds()[name]


@cache
def topics() -> tuple[str, ...]:
    """The topics in the order in which customers see them."""
    return tuple(dict.fromkeys(each.topic for each in kinds().values()))


def _kind(name: str, topic: str, defaults: _Defaults, own: dict[str, object]) -> Kind:
    known = msgspec.structs.asdict(defaults) | own
    return msgspec.convert({"name": name, "topic": topic, **known}, Kind)
