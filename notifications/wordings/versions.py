"""Which words hold: the newest that two people agreed to, else those that come with Denghuo.

What holds is read once in a unit of work, however many messages it makes.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.wordings import catalogue
from notifications.wordings.models import IN_FORCE, RETIRED, WordingCode, WordingVersion

CODED = frozenset({"sms", "wechat", "voice"})
"""Channels whose providers send only what they have reviewed, and know by a code."""
_INFO = "notifications.wordings"

Key = tuple[str, str, str]
"""Kind, channel, language."""


@dataclass(frozen=True)
class Wording:
    """Words of a kind on a channel in a language. Version 0 came with Denghuo.

    `template` names them with their language (`arrears_before_zh`); `codes` are what providers
    call them where the desk has written that down. `card` is the template in WeChat.
    """

    kind: str
    channel: str
    language: str
    version: int
    parts: dict[str, str]
    codes: dict[str, str] = field(default_factory=dict)
    template: str = ""
    card: str = ""

    def fill(self, params: Mapping[str, str]) -> dict[str, str]:
        """Each part with the figures in it. Raises KeyError for a figure that is missing."""
        said = catalogue.aloud(params, self.language) if self.channel == "voice" else params
        return {part: text.format_map(said) for part, text in self.parts.items()}

    def code(self, provider: str) -> str | None:
        """What a provider calls them; None when it does not know them."""
        own = self.card or self.template if self.version == 0 else None
        return self.codes.get(provider, own)

    def goes_by(self, provider: str) -> bool:
        """Whether the provider can send them."""
        return self.channel not in CODED or self.code(provider) is not None


@dataclass(frozen=True)
class Shown:
    """A version as evidence: its words, and who agreed to them when."""

    version: int
    parts: dict[str, str]
    author_id: int | None = None
    approved_by: int | None = None
    in_force_at: datetime | None = None


@dataclass(frozen=True)
class _Held:
    versions: dict[Key, WordingVersion]
    codes: dict[tuple[Key, int], dict[str, str]]


def in_force(
    session: Session, kind: str, channel: str, language: str, provider: str = ""
) -> Wording:
    """The words that hold; by this provider, where one is named: a version that it does not
    know yet holds elsewhere, and the one before holds here. Raises KeyError for none.
    """
    first, held = shipped(kind, channel, language), _held(session)
    newest = held.versions.get((kind, channel, language))
    if newest is None:
        return _with_codes(first, held)
    found = _of(newest, first, held)
    if not provider or found.goes_by(provider):
        return found
    return _before(session, newest, first, held, provider)


def shipped(kind: str, channel: str, language: str) -> Wording:
    """The words that come with Denghuo. Raises KeyError for none."""
    topic = catalogue.wordings()[kind]
    parts = topic.parts(channel)[language]
    card = catalogue.cards()[topic.card].title(language) if channel == "wechat" else ""
    name = catalogue.template(kind, language)
    return Wording(kind, channel, language, 0, parts, template=name, card=card)


def named(template: str, channel: str) -> Wording:
    """The words that come with Denghuo, by the name that providers know. Raises KeyError."""
    kind, language = catalogue.templates()[template]
    return shipped(kind, channel, language)


def shown(session: Session, kind: str, channel: str, language: str, version: int) -> Shown | None:
    """The version that a message was sent with, as evidence; None when there was none such."""
    if version == 0:
        try:
            return Shown(0, shipped(kind, channel, language).parts)
        except KeyError:
            return None
    row = session.scalars(
        select(WordingVersion).where(
            WordingVersion.kind == kind,
            WordingVersion.channel == channel,
            WordingVersion.language == language,
            WordingVersion.version == version,
        )
    ).one_or_none()
    if row is None:
        return None
    return Shown(row.version, row.parts, row.author_id, row.approved_by, row.in_force_at)


def forget(session: Session) -> None:
    """Read anew what holds, after a change in this unit of work."""
    session.info.pop(_INFO, None)


def _held(session: Session) -> _Held:
    known: _Held | None = session.info.get(_INFO)
    if known is None:
        known = session.info[_INFO] = _read(session)
    return known


def _read(session: Session) -> _Held:
    rows = session.scalars(select(WordingVersion).where(WordingVersion.state == IN_FORCE))
    versions = {(each.kind, each.channel, each.language): each for each in rows}
    codes: dict[tuple[Key, int], dict[str, str]] = defaultdict(dict)
    for each in session.scalars(select(WordingCode)):
        codes[(each.kind, each.channel, each.language), each.version][each.provider] = each.code
    return _Held(versions, dict(codes))


def _before(
    session: Session, newest: WordingVersion, first: Wording, held: _Held, provider: str
) -> Wording:
    """The last one that was in force and that the provider knows; at the end, the first."""
    retired = session.scalars(
        select(WordingVersion)
        .where(
            WordingVersion.kind == newest.kind,
            WordingVersion.channel == newest.channel,
            WordingVersion.language == newest.language,
            WordingVersion.state == RETIRED,
        )
        .order_by(WordingVersion.in_force_at.desc())
    )
    known = (_of(each, first, held) for each in retired)
    return next((each for each in known if each.goes_by(provider)), _with_codes(first, held))


def _of(row: WordingVersion, first: Wording, held: _Held) -> Wording:
    key = (row.kind, row.channel, row.language)
    codes = held.codes.get((key, row.version), {})
    return Wording(*key, row.version, row.parts, codes, first.template, first.card)


def _with_codes(first: Wording, held: _Held) -> Wording:
    key = (first.kind, first.channel, first.language)
    codes = held.codes.get((key, 0), {})
    return Wording(*key, 0, first.parts, codes, first.template, first.card)
