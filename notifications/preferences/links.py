"""The way out that stands in every letter: signed, for one person and one topic, no sign-in."""

import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from notifications import saying
from notifications.channels.base import Channel
from notifications.preferences import choosing, consents, topics
from notifications.preferences.models import ALL
from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import NotFound
from service.models import User

CONTEXT = "unsubscribe"
SLIP = timedelta(hours=1)
"""So long news that a link ended can be taken back by it."""
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
    return _switch(session, way, False, words, language)


def undo(session: Session, way: WayOut, *, words: str, language: str) -> bool:
    """Mail about it again, as before."""
    return _switch(session, way, True, words, language)


def pairs(topic: str) -> list[choosing.Pair]:
    """What of a topic, or of all, goes by mail."""
    ways = topics.choices()
    names = ways if topic == ALL else [topic]
    return [(each, Channel.MAIL.value) for each in names if Channel.MAIL in ways.get(each, ())]


def _switch(session: Session, way: WayOut, is_on: bool, words: str, language: str) -> bool:
    """News are agreed to on a page alone: going back on `ALL` does not bring them, and a link to
    them takes back a slip of a moment ago, not the no of somebody whose letter was passed on."""
    keeps_news = not is_on or (way.topic == topics.NEWS and _slipped(session, way.user_id))
    these = [each for each in pairs(way.topic) if keeps_news or each[0] != topics.NEWS]
    choosing.lock(session, way.user_id)
    changed = choosing.switch(session, way.user_id, these, is_on)
    if changed:
        consents.write(
            session,
            user_id=way.user_id,
            topic=way.topic,
            channel=Channel.MAIL,
            given=is_on,
            words=words,
            language=language,
            how=consents.ONE_CLICK,
        )
    return changed


def _slipped(session: Session, user_id: int) -> bool:
    """Whether news by mail ended last by such a link, and lately."""
    last = next(
        (
            each
            for each in consents.history(session, user_id)
            if each.channel == Channel.MAIL and each.topic in (topics.NEWS, ALL)
        ),
        None,
    )
    by_link = last is not None and not last.given and last.how == consents.ONE_CLICK
    return by_link and last is not None and last.at > clock.now() - SLIP


def _mac(user_id: int, topic: str) -> str:
    return blind_index(f"{user_id}:{topic}", CONTEXT).hex()[:MAC]
