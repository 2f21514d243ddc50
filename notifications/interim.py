"""The words and wishes that there are until the rooms for them stand."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.letters import LETTERS
from notifications.templates import TEMPLATES
from service.models import User


@dataclass(frozen=True)
class Wording:
    """Words of a kind for a channel."""

    kind: str
    channel: str
    language: str
    version: int
    parts: Mapping[str, str]
    codes: Mapping[str, str] = field(default_factory=dict)

    def fill(self, params: Mapping[str, str]) -> dict[str, str]:
        return {name: text.format_map(params) for name, text in self.parts.items()}


@dataclass(frozen=True)
class Wishes:
    """How a person wants to be told of a topic."""

    language: str
    elder_mode: bool
    channels: tuple[str, ...]
    quiet_from: time
    quiet_until: time
    daily_cap: int
    digest: bool


def template(kind: str, language: str) -> str:
    return f"{kind.replace('.', '_')}_{language}"


def templates() -> dict[str, tuple[str, str]]:
    names = [*TEMPLATES, *LETTERS]
    return {each: (each[:-3], each[-2:]) for each in names}


def in_force(_session: Session, kind: str, channel: str, language: str) -> Wording:
    name = template(kind, language)
    if channel == "sms":
        return Wording(kind, channel, language, 0, {"text": TEMPLATES[name]})
    if channel == "mail":
        parts = {"subject": LETTERS[name].subject, "text": LETTERS[name].text}
        return Wording(kind, channel, language, 0, parts)
    raise KeyError(name)


def wishes(session: Session, user_ids: Collection[int], _topic: str) -> dict[int, Wishes]:
    rows = session.execute(
        select(User.id, User.language, User.elder_mode).where(User.id.in_(user_ids))
    )
    night = time(22), time(7)
    return {
        each.id: Wishes(each.language or "zh", each.elder_mode, ("sms",), *night, 10, True)
        for each in rows
    }


def addresses(session: Session, user_ids: Collection[int], channel: str) -> dict[int, list[str]]:
    if channel != "sms":
        return {}
    rows = select(User.id, User.phone).where(User.id.in_(user_ids), User.disabled_at.is_(None))
    return {user_id: [phone] for user_id, phone in session.execute(rows)}


def stopped(_session: Session, _phone: str) -> bool:
    return False
