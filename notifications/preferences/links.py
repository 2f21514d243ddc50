"""The way out that stands in every letter: signed, for one person and one topic, no sign-in."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from notifications import saying
from notifications.channels.base import Channel
from notifications.preferences import choosing, consents, topics
from notifications.preferences.models import ALL, Consent, NoticeChoice
from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import NotFound
from service.models import User

CONTEXT = "unsubscribe"
SLIP = timedelta(hours=1)
"""So long what a link ended can be taken back by it."""
MAC = 32
"""Hexadecimal digits of the signature: 128 bits."""


@dataclass(frozen=True)
class WayOut:
    """Whom a link is for, and which topic of theirs it stops; `ALL` stands for every one."""

    user_id: int
    topic: str
    language: str = "zh"


def unsubscribe_link(user_id: int, topic: str) -> str:
    """The address by which this person stops mail about a topic; it does not grow old.

    Empty for a topic that nobody chooses, such as an invoice that was asked for.
    """
    if topic != ALL and not pairs(topic):
        return ""
    return saying.link(f"/unsubscribe/{signed(user_id, topic)}")


def signed(user_id: int, topic: str) -> str:
    """Whom and what, with a signature by the key of the blind indexes."""
    return f"{user_id}-{topic}-{_mac(user_id, topic)}"


def read(session: Session, text: str) -> WayOut:
    """What a link stops. Raises NotFound for one that is not ours, or of nobody any more."""
    number, _, rest = text[:80].partition("-")
    topic, _, mac = rest.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise NotFound("preference.link")
    if not hmac.compare_digest(mac.encode(), _mac(int(number), topic).encode()):
        raise NotFound("preference.link")
    user = session.get(User, int(number))
    if user is None or not pairs(topic):
        raise NotFound("preference.link")
    return WayOut(user.id, topic, user.language or "zh")


def is_stopped(session: Session, way: WayOut) -> bool:
    """Whether nothing of it goes by mail any more."""
    on = choosing.chosen(session, way.user_id).on
    return not any(pair in on for pair in pairs(way.topic))


def stop(session: Session, way: WayOut, *, words: str, language: str) -> bool:
    """No more mail about it; False when that was so already."""
    choosing.lock(session, way.user_id)
    on = choosing.chosen(session, way.user_id).on
    these = [each for each in pairs(way.topic) if each in on]
    if these:
        choosing.switch(session, way.user_id, these, False)
        _keep(session, way, False, words, language)
        _mark(session, way, these)
    return bool(these)


def undo(session: Session, way: WayOut, *, words: str, language: str) -> bool:
    """Mail again about what has `slipped`; False when there is nothing of that."""
    choosing.lock(session, way.user_id)
    these = slipped(session, way)
    if these:
        choosing.switch(session, way.user_id, these, True)
        _keep(session, way, True, words, language)
    return bool(these)


def slipped(session: Session, way: WayOut) -> list[choosing.Pair]:
    """What the last stop by such a link has ended a moment ago, and nobody has set since.

    No more can be taken back by a link: letters are passed on, and their links do not grow old.
    News are agreed to on a page alone: going back on `ALL` does not bring them.
    """
    last = _last_stop(session, way)
    if last is None or last <= clock.now() - SLIP:
        return []
    names = _of(way.user_id, NoticeChoice.set_at == last, ~NoticeChoice.is_on)
    ended = set(session.scalars(select(NoticeChoice.topic).where(*names)))
    if way.topic != topics.NEWS:
        ended.discard(topics.NEWS)
    return [each for each in pairs(way.topic) if each[0] in ended]


def pairs(topic: str) -> list[choosing.Pair]:
    """What of a topic, or of all, goes by mail."""
    ways = topics.choices()
    names = ways if topic == ALL else [topic]
    return [(each, Channel.MAIL.value) for each in names if Channel.MAIL in ways.get(each, ())]


def _keep(session: Session, way: WayOut, given: bool, words: str, language: str) -> None:
    consents.write(
        session,
        user_id=way.user_id,
        topic=way.topic,
        channel=Channel.MAIL,
        given=given,
        words=words,
        language=language,
        how=consents.ONE_CLICK,
    )


def _mark(session: Session, way: WayOut, these: list[choosing.Pair]) -> None:
    """Let choices bear the very moment of the stop that ended them: by that they are found."""
    names = [topic for topic, _channel in these]
    session.execute(
        update(NoticeChoice)
        .where(*_of(way.user_id, NoticeChoice.topic.in_(names)))
        .values(set_at=_last_stop(session, way))
    )


def _last_stop(session: Session, way: WayOut) -> datetime | None:
    """When such a link was last used to stop this topic, or all."""
    return session.scalar(
        select(Consent.at)
        .where(
            Consent.user_id == way.user_id,
            Consent.channel == Channel.MAIL,
            Consent.how == consents.ONE_CLICK,
            Consent.topic.in_((way.topic, ALL)),
            ~Consent.given,
        )
        .order_by(Consent.id.desc())
        .limit(1)
    )


def _of(user_id: int, *which: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    return NoticeChoice.user_id == user_id, NoticeChoice.channel == Channel.MAIL, *which


def _mac(user_id: int, topic: str) -> str:
    return blind_index(f"{user_id}:{topic}", CONTEXT).hex()[:MAC]
