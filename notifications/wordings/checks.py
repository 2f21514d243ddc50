"""What words must be like before anybody is told them.

Placeholders are plain names (`{amount}`): a format string that could reach into an object is
refused. Lengths are those of the words filled with samples, as the network and WeChat count.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from notifications.channels import wechat_keys
from notifications.channels.base import Channel
from notifications.channels.segments import PIECE, characters, on_the_phone

INBOX = "inbox"
CHANNELS = (*(each.value for each in Channel), INBOX)
MOST_SEGMENTS = 4
"""Pieces of a short message, at most."""
PARTS = {
    "sms": {"text": PIECE * MOST_SEGMENTS - characters(on_the_phone(""))},
    "voice": {"text": 400},
    "mail": {"subject": 78, "text": 4000, "button": 24},
    "push": {"title": 40, "text": 160},
    "inbox": {"title": 60, "text": 400},
}
"""The parts of each channel and the most characters of each; WeChat's are those of its cards."""
NEEDLESS = frozenset({"button"})
"""Parts that may be empty."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part; `code` and its figures, as refusals have them."""

    part: str
    code: str
    params: dict[str, Any] = field(default_factory=dict)


class BadTemplateError(ValueError):
    """A format string that holds more than plain names."""


def names(text: str) -> set[str]:
    """The names that a text is filled with. Raises BadTemplateError."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError as error:
        raise BadTemplateError(text) from error
    found = set()
    for _, name, form, conversion in fields:
        if name is None:
            continue
        if form or conversion or not (name.isidentifier() and name.isascii()):
            raise BadTemplateError(name)
        found.add(name)
    return found


def faults(
    channel: str,
    parts: Mapping[str, str],
    samples: Mapping[str, str],
    wanted: Mapping[str, int],
) -> list[Fault]:
    """All that is wrong with the parts; `samples` are of all that they may be filled with.

    `wanted` are the parts that there must be, with the most characters of each.
    """
    found = [Fault(part, "wording.part_unknown") for part in parts if part not in wanted]
    for part, most in wanted.items():
        wrong = _of_part(part, parts.get(part, ""), samples, most)
        if not wrong and channel == Channel.WECHAT:
            wrong = _of_key(part, parts[part].format_map(samples))
        found += wrong
    return found


def _of_key(key: str, value: str) -> list[Fault]:
    try:
        wechat_keys.fit(key, value)
    except wechat_keys.UnfitError:
        return [Fault(key, "wording.key_unfit", {"value": value})]
    return []


def _of_part(part: str, text: str, samples: Mapping[str, str], most: int) -> list[Fault]:
    if not text.strip():
        return [] if part in NEEDLESS else [Fault(part, "wording.part_empty")]
    try:
        used = names(text)
    except BadTemplateError:
        return [Fault(part, "wording.not_plain")]
    unknown = sorted(used - samples.keys())
    if unknown:
        return [_unknown(part, name, samples) for name in unknown]
    length = len(text.format_map(samples))
    if length > most:
        return [Fault(part, "wording.too_long", {"length": length, "most": most})]
    return []


def _unknown(part: str, name: str, known: Collection[str]) -> Fault:
    return Fault(part, "wording.name_unknown", {"name": name, "known": sorted(known)})
