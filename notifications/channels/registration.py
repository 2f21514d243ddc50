"""Wordings of SMS as the providers review and approve them: each with names of its own for gaps.

Aliyun knows what fills a template by name (`${code}`), Tencent Cloud by its place (`{1}`). Both
want the words about opting out at the end of what is news.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter

from notifications import saying
from notifications.channels.base import Channel
from notifications.channels.segments import opt_out
from notifications.kinds import Level, kinds
from notifications.wordings import shipped, templates

PROVIDERS = ("aliyun", "tencent")
LINK = "link"
"""The gap that holds an address of ours."""


@dataclass(frozen=True)
class Registration:
    """A wording as one provider knows it; `variables` in the order of its text."""

    provider: str
    code: str
    name: str
    text: str
    variables: tuple[str, ...]


def variables(text: str) -> tuple[str, ...]:
    """The names of what fills a text, in the order in which it first names them."""
    found = (name for _, name, *_ in Formatter().parse(text) if name)
    return tuple(dict.fromkeys(found))


def registrations(base: str = "") -> list[Registration]:
    """All SMS that come with Denghuo; both providers know them by our name for them.

    `base` is the beginning of our addresses, where it is another house's than this one's.
    """
    return [
        Registration(provider, name, name, in_form(provider, words, base), variables(words))
        for name, words in _words().items()
        for provider in PROVIDERS
    ]


def in_form(provider: str, words: str, base: str = "") -> str:
    """Our words with the gaps that a provider knows."""
    gaps = {
        name: f"${{{name}}}" if provider == "aliyun" else f"{{{place}}}"
        for place, name in enumerate(variables(words), 1)
    }
    if LINK in gaps:
        gaps[LINK] = (base or house()) + gaps[LINK]
    return words.format_map(gaps)


def filling(params: Mapping[str, str]) -> dict[str, str]:
    """What fills a wording at a provider: of an address of ours only what comes after the host.

    Both refuse whole addresses as what fills a gap; ours stands in the text that they approved.
    """
    return {
        name: value.removeprefix(house()) if name == LINK else value
        for name, value in params.items()
    }


@cache
def house() -> str:
    """The beginning of every address of ours, with the slash."""
    return saying.link("/")


def is_news(kind: str) -> bool:
    """Whether a kind must say how to opt out."""
    known = kinds().get(kind)
    return known is not None and known.level is Level.NEWS


def _words() -> dict[str, str]:
    """The words of each template, with those about opting out; not every kind has an SMS."""
    found = {}
    for name, (kind, language) in templates().items():
        try:
            words = shipped(kind, Channel.SMS, language).parts["text"]
        except KeyError:
            continue
        found[name] = words + opt_out() if is_news(kind) else words
    return found
