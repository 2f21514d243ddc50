"""The words that come with Denghuo: one file per topic, read once and checked as it is read.

`variables.yaml` says what each figure means and gives a sample of it; `cards.yaml` are the
templates of the service account in WeChat, each with its typed keys.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from notifications.channels import wechat_keys
from notifications.wordings import checks, spoken
from notifications.wordings.checks import CHANNELS, PARTS, Fault

LANGUAGES = ("zh", "en")
NOT_TOPICS = frozenset({"variables.yaml", "cards.yaml"})


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure: what it means, a sample, and how a voice says it (see `spoken`)."""

    zh: str
    en: str
    sample: str | Said
    spoken: str = ""

    def example(self, language: str) -> str:
        return self.sample if isinstance(self.sample, str) else self.sample.said(language)

    def meaning(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template of the service account: its title, and the name that each key bears on it."""

    zh: str
    en: str
    keys: dict[str, Said]

    def title(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one kind. `name` is what providers call it, unless its own name is that."""

    title: Said
    variables: tuple[str, ...]
    name: str = ""
    page: str = ""
    card: str = ""
    sms: dict[str, str] = {}
    voice: dict[str, str] = {}
    wechat: dict[str, dict[str, str]] = {}
    mail: dict[str, dict[str, str]] = {}
    push: dict[str, dict[str, str]] = {}
    inbox: dict[str, dict[str, str]] = {}

    def parts(self, channel: str) -> dict[str, dict[str, str]]:
        """The parts of a channel by language; none where it does not go that way.

        Raises KeyError for a channel that there is not.
        """
        if channel not in CHANNELS:
            raise KeyError(channel)
        known = getattr(self, channel)
        if channel in ("sms", "voice"):
            return {language: {"text": text} for language, text in known.items()}
        return dict(known)


class BadWordingError(Exception):
    """A shipped file that must not be used; says where and why."""


@cache
def variables() -> dict[str, Variable]:
    """What is known of each figure, by name."""
    known: dict[str, Variable] = _read("variables.yaml", dict[str, Variable])
    return known


@cache
def cards() -> dict[str, Card]:
    """The templates of the service account, by our name for them."""
    known: dict[str, Card] = _read("cards.yaml", dict[str, Card])
    return known


@cache
def topics() -> dict[str, dict[str, Topic]]:
    """All wordings by the file that they stand in, then by kind.

    Raises BadWordingError, and msgspec.ValidationError for a file that is no such.
    """
    folder = files("notifications.wordings")
    found = {}
    for each in sorted(folder.iterdir(), key=lambda path: path.name):
        if each.name.endswith(".yaml") and each.name not in NOT_TOPICS:
            found[each.name.removesuffix(".yaml")] = _read(each.name, dict[str, Topic])
    for kinds in found.values():
        for kind, topic in kinds.items():
            _check(kind, topic)
    return found


@cache
def wordings() -> dict[str, Topic]:
    """All wordings by kind."""
    return {kind: topic for kinds in topics().values() for kind, topic in kinds.items()}


@cache
def templates() -> dict[str, tuple[str, str]]:
    """Kind and language of each name that providers know (`code_sign_in_zh`)."""
    return {
        template(kind, language): (kind, language) for kind in wordings() for language in LANGUAGES
    }


def template(kind: str, language: str) -> str:
    """What providers call the words of a kind in a language. Raises KeyError."""
    own = wordings()[kind].name or kind.replace(".", "_")
    return f"{own}_{language}"


def variables_of(kind: str) -> tuple[str, ...]:
    """The figures that the words of a kind may be filled with. Raises KeyError."""
    return wordings()[kind].variables


def samples(kind: str, language: str, channel: str = "") -> dict[str, str]:
    """A value for each figure of a kind, as the channel says it. Raises KeyError."""
    return _samples(wordings()[kind], language, channel)


def wanted(kind: str, channel: str) -> dict[str, int]:
    """The parts that the words of a kind must have on a channel, and the most of each."""
    return _wanted(wordings()[kind], channel)


def faults(kind: str, channel: str, language: str, parts: Mapping[str, str]) -> list[Fault]:
    """All that is wrong with words for this kind. Raises KeyError for a kind there is not."""
    return _faults(wordings()[kind], channel, language, parts)


def _faults(topic: Topic, channel: str, language: str, parts: Mapping[str, str]) -> list[Fault]:
    samples = _samples(topic, language, channel)
    return checks.faults(channel, parts, samples, _wanted(topic, channel))


def _wanted(topic: Topic, channel: str) -> dict[str, int]:
    if channel != "wechat":
        return PARTS[channel]
    return {key: wechat_keys.most(key) for key in cards()[topic.card].keys}


def _samples(topic: Topic, language: str, channel: str) -> dict[str, str]:
    known = {name: variables()[name].example(language) for name in topic.variables}
    return aloud(known, language) if channel == "voice" else known


def aloud(params: Mapping[str, str], language: str) -> dict[str, str]:
    """Figures as a voice reads them well."""
    known = variables()
    return {
        name: spoken.say(value, known[name].spoken if name in known else "", language)
        for name, value in params.items()
    }


def _check(kind: str, topic: Topic) -> None:
    unknown = set(topic.variables) - variables().keys()
    if unknown:
        raise BadWordingError(f"{kind}: nothing is known of {sorted(unknown)}")
    if bool(topic.wechat) != bool(topic.card) or bool(topic.inbox) != bool(topic.page):
        raise BadWordingError(f"{kind}: a card without words, or words without their page")
    for channel in CHANNELS:
        _check_channel(kind, topic, channel)


def _check_channel(kind: str, topic: Topic, channel: str) -> None:
    by_language = topic.parts(channel)
    if not by_language:
        return
    if tuple(by_language) != LANGUAGES:
        raise BadWordingError(f"{kind}, {channel}: not in both languages")
    found = {
        language: _faults(topic, channel, language, parts)
        for language, parts in by_language.items()
    }
    if any(found.values()):
        raise BadWordingError(f"{kind}, {channel}: {found}")
    said, in_english = (
        {name for text in parts.values() for name in checks.names(text)}
        for parts in by_language.values()
    )
    if said != in_english:
        raise BadWordingError(f"{kind}, {channel}: {said ^ in_english} in one language only")


def _read(name: str, form: Any) -> Any:
    source = files("notifications.wordings").joinpath(name).read_bytes()
    try:
        return msgspec.yaml.decode(source, type=form)
    except msgspec.ValidationError as error:
        raise BadWordingError(f"{name}: {error}") from error
