"""By which channels a person can be reached at all, and where.

SMS and calls go to the phone that a person signs in with; WeChat needs a bound account, mail an
address that answered our letter, a browser its subscription.
"""

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, Select, exists, literal, select
from sqlalchemy.orm import Session

from notifications.channels import subscribing
from notifications.channels.base import Channel
from notifications.channels.push_models import PushSubscription
from notifications.preferences.models import MailAddress, NoticeChoice
from service.models import User
from service.people.models import WeChatFollower

Addresses = Select[int, str]


def reached() -> dict[Channel, ColumnElement[bool]]:
    """For a statement over users: whether each can be reached on a channel."""
    return {
        Channel.SMS: literal(True),
        Channel.VOICE: literal(True),
        Channel.WECHAT: exists().where(WeChatFollower.user_id == User.id),
        Channel.MAIL: exists().where(MailAddress.user_id == User.id, *_in_use()),
        Channel.PUSH: exists().where(
            PushSubscription.user_id == User.id, PushSubscription.ended_at.is_(None)
        ),
    }


def reached_by(channel: str) -> Select[int]:
    """The ids of the users who can be reached on a channel. Raises ValueError for none."""
    return select(User.id).where(User.disabled_at.is_(None), reached()[Channel(channel)])


def consented(topic: str) -> Select[int]:
    """The ids of the users who have said yes to a topic, on whatever channel."""
    return select(NoticeChoice.user_id).where(NoticeChoice.topic == topic, NoticeChoice.is_on)


def addresses(session: Session, user_ids: Collection[int], channel: str) -> dict[int, list[str]]:
    """Where to send to each of these users on a channel, in one statement.

    A user without one is left out. Of several WeChat accounts the one seen last comes first.
    """
    if not user_ids:
        return {}
    if channel == Channel.PUSH:
        return subscribing.recipients(session, tuple(user_ids))
    found: dict[int, list[str]] = {}
    for user_id, address in session.execute(_QUERIES[Channel(channel)](user_ids)):
        found.setdefault(user_id, []).append(address)
    return found


def _phones(user_ids: Collection[int]) -> Addresses:
    return select(User.id, User.phone).where(User.id.in_(user_ids), User.disabled_at.is_(None))


def _openids(user_ids: Collection[int]) -> Addresses:
    known = select(User.id, WeChatFollower.openid).join_from(
        User, WeChatFollower, WeChatFollower.user_id == User.id
    )
    mine = known.where(User.id.in_(user_ids), User.disabled_at.is_(None))
    return mine.order_by(WeChatFollower.seen_at.desc(), WeChatFollower.id)


def _mails(user_ids: Collection[int]) -> Addresses:
    known = select(User.id, MailAddress.address).join(MailAddress, MailAddress.user_id == User.id)
    return known.where(User.id.in_(user_ids), User.disabled_at.is_(None), *_in_use())


def _in_use() -> tuple[ColumnElement[bool], ...]:
    return MailAddress.ended_at.is_(None), MailAddress.confirmed_at.is_not(None)


_QUERIES: dict[Channel, Callable[[Collection[int]], Addresses]] = {
    Channel.SMS: _phones,
    Channel.VOICE: _phones,
    Channel.WECHAT: _openids,
    Channel.MAIL: _mails,
}
