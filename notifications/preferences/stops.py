"""Numbers that want to hear no more."""

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from notifications.channels.base import Channel
from notifications.preferences.models import ALL, STOPPED_PHONE, NoticeChoice, StoppedPhone
from runtime.crypto import blind_index
from service.models import User
from service.people.users import phone_index


def stopped(session: Session, phone: str, topic: str | None = None) -> bool:
    """Whether nothing, or nothing of this topic, may be sent to a number that is told as such.

    Where the number is a user's, what the user has set counts as well.
    """
    said = StoppedPhone.phone_index == blind_index(phone, STOPPED_PHONE)
    found: list[ColumnElement[bool]] = [exists().where(said, StoppedPhone.topic.in_((ALL, topic)))]
    if topic is not None:
        found.append(_off(phone, topic))
    return bool(session.scalar(select(or_(*found))))


def _off(phone: str, topic: str) -> ColumnElement[bool]:
    return exists().where(
        User.phone_index == phone_index(phone),
        NoticeChoice.user_id == User.id,
        NoticeChoice.topic == topic,
        NoticeChoice.channel == Channel.SMS,
        ~NoticeChoice.is_on,
    )
