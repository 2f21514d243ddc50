"""People of WeChat: who writes to the service account, and whose account with us they opened.

WeChat knows its people towards one service account by an `openid`, which is kept encrypted. A
person is bound to a user only by the person: signed in, in WeChat's own browser, which has
proven the openid.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import NotFound
from service.conversations import (
    Conversation,
    adopt,
    find_for_browser,
    open_for_browser,
    open_for_user,
)
from service.conversations.opening import browser_sha256
from service.people.models import WeChatFollower

CONTEXT = "wechat_follower.openid"


@dataclass(frozen=True)
class Bound:
    """A WeChat account in the list that its owner sees."""

    id: int
    bound_at: datetime


def seen(session: Session, openid: str) -> WeChatFollower:
    """Whoever writes, kept when new."""
    values = {
        "openid": openid,
        "openid_index": _index(openid),
        "talk_sha256": browser_sha256(_key(openid)),
        "seen_at": clock.now(),
    }
    written = insert(WeChatFollower).values(values)
    return session.scalars(
        written.on_conflict_do_update(
            index_elements=[WeChatFollower.openid_index],
            set_={"seen_at": written.excluded.seen_at},
        ).returning(WeChatFollower),
        execution_options={"populate_existing": True},
    ).one()


def conversation(session: Session, openid: str, language: str) -> Conversation:
    """The conversation of whoever writes: the bound user's, or one without a user."""
    follower = seen(session, openid)
    if follower.user_id is not None:
        return open_for_user(session, follower.user_id, language, "wechat")
    return open_for_browser(session, _key(openid), language, "wechat")


def bind(session: Session, openid: str, user_id: int) -> None:
    """Whose openid this is from now on; what was said without a user comes along."""
    follower = seen(session, openid)
    follower.user_id, follower.bound_at = user_id, clock.now()
    session.flush()
    said = find_for_browser(session, _key(openid))
    if said is not None:
        adopt(session, said.ref, user_id)


def unbind(session: Session, user_id: int, follower_id: int) -> None:
    """End a binding of the user's own. Raises NotFound for anybody else's."""
    ended = session.scalars(
        update(WeChatFollower)
        .where(WeChatFollower.id == follower_id, WeChatFollower.user_id == user_id)
        .values(user_id=None, bound_at=None)
        .returning(WeChatFollower.id)
    ).one_or_none()
    if ended is None:
        raise NotFound("wechat.not_found")


def bound(session: Session, user_id: int) -> list[Bound]:
    """The WeChat accounts that see this user's bills, the oldest first."""
    rows = session.execute(
        select(WeChatFollower.id, WeChatFollower.bound_at)
        .where(WeChatFollower.user_id == user_id)
        .order_by(WeChatFollower.id)
    )
    return [Bound(number, at) for number, at in rows if at is not None]


def is_bound(session: Session, openid: str) -> bool:
    """Whether this person of WeChat is a user."""
    return user_of(session, openid) is not None


def user_of(session: Session, openid: str) -> int | None:
    """The user who let this person of WeChat in; None for a stranger."""
    known = select(WeChatFollower.user_id).where(WeChatFollower.openid_index == _index(openid))
    return session.scalar(known)


def reader(session: Session, conversation: Conversation) -> str | None:
    """Who is to read in WeChat what is said in a conversation: of several, the one seen last."""
    whose = (
        WeChatFollower.user_id == conversation.user_id
        if conversation.user_id is not None
        else and_(
            WeChatFollower.user_id.is_(None),
            WeChatFollower.talk_sha256 == conversation.browser_sha256,
        )
    )
    newest = select(WeChatFollower.openid).where(whose).order_by(WeChatFollower.seen_at.desc())
    return session.scalar(newest.limit(1))


def _index(openid: str) -> bytes:
    """Keyed; in hexadecimal, because the index takes letters of both cases for the same."""
    return blind_index(openid.encode().hex(), CONTEXT)


def _key(openid: str) -> str:
    """What the conversation of an unbound person is found by; nobody else can make it up."""
    return f"wechat-{_index(openid).hex()}"
