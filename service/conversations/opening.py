"""Where a conversation begins, is found again, and becomes a signed-in person's own."""

import secrets
from hashlib import sha256

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import NotFound
from service.conversations.models import Conversation, Handoff, Message
from service.events import ConversationAdopted

_LIVE = text("user_id is not null and closed_at is null")


def open_for_user(
    session: Session, user_id: int, language: str = "zh", channel: str = "web"
) -> Conversation:
    """The user's live conversation, opened when there is none yet."""
    return find_for_user(session, user_id) or _opened_for_user(session, user_id, language, channel)


def find_for_user(session: Session, user_id: int) -> Conversation | None:
    """The user's live conversation, if there is one; writes nothing."""
    return session.scalars(
        select(Conversation).where(
            Conversation.user_id == user_id, Conversation.closed_at.is_(None)
        )
    ).one_or_none()


def open_for_browser(
    session: Session, key: str, language: str = "zh", channel: str = "web"
) -> Conversation:
    """The conversation of whoever brings the secret `key`, opened when there is none yet.

    It never gives a signed-in person's: that one forgot its browser when it was adopted.
    """
    return find_for_browser(session, key) or _opened_for_browser(session, key, language, channel)


def find_for_browser(session: Session, key: str) -> Conversation | None:
    """The anonymous conversation of this key, if there is one; writes nothing."""
    return session.scalars(
        select(Conversation).where(Conversation.browser_sha256 == browser_sha256(key))
    ).one_or_none()


def by_ref(session: Session, ref: str) -> Conversation:
    """The live conversation of this name. Raises NotFound."""
    found = session.scalars(
        select(Conversation).where(Conversation.ref == ref, Conversation.closed_at.is_(None))
    ).one_or_none()
    if found is None:
        raise NotFound("conversation.not_found")
    return found


def locked(session: Session, conversation_id: int) -> Conversation:
    """The conversation under lock, as it is now: whoever writes into it asks for this first.

    So messages are numbered in the order in which they are committed. Raises NotFound when it
    has been closed or deleted.
    """
    found = session.get(Conversation, conversation_id, with_for_update=True, populate_existing=True)
    if found is None or found.closed_at is not None:
        raise NotFound("conversation.not_found")
    return found


def adopt(session: Session, ref: str, user_id: int) -> Conversation:
    """What was said before signing in becomes the user's; returns the user's conversation.

    When the user already has a live one, the messages (and a waiting handoff, if the user's own
    has none) move over and stand among its messages by the time they were said, and the
    anonymous one is closed. Another person's conversation is NotFound.
    """
    given = locked(session, by_ref(session, ref).id)
    if given.user_id == user_id:
        return given
    if given.user_id is not None:
        raise NotFound("conversation.not_found")
    own = find_for_user(session, user_id)
    if own is None:
        own = _taken_over(session, given, user_id)
    if own is not given:
        _merge(session, given, locked(session, own.id))
    events.publish(session, ConversationAdopted(given.id, own.id, user_id))
    return own


def browser_sha256(key: str) -> bytes:
    """What is kept of a browser's secret."""
    return sha256(key.encode()).digest()


def _opened_for_user(session: Session, user_id: int, language: str, channel: str) -> Conversation:
    opened = session.scalars(
        insert(Conversation)
        .values(user_id=user_id, **_fresh(language, channel))
        .on_conflict_do_nothing(index_elements=[Conversation.user_id], index_where=_LIVE)
        .returning(Conversation)
    ).one_or_none()
    return opened or open_for_user(session, user_id, language, channel)


def _opened_for_browser(session: Session, key: str, language: str, channel: str) -> Conversation:
    opened = session.scalars(
        insert(Conversation)
        .values(browser_sha256=browser_sha256(key), **_fresh(language, channel))
        .on_conflict_do_nothing(index_elements=[Conversation.browser_sha256])
        .returning(Conversation)
    ).one_or_none()
    return opened or open_for_browser(session, key, language, channel)


def _fresh(language: str, channel: str) -> dict[str, object]:
    now = clock.now()
    return {
        "ref": secrets.token_urlsafe(18),
        "channel": channel,
        "language": language,
        "held_by": "assistant",
        "opened_at": now,
        "last_at": now,
    }


def _taken_over(session: Session, given: Conversation, user_id: int) -> Conversation:
    """The anonymous one as the user's own; theirs, when they have opened one this very moment."""
    try:
        with session.begin_nested():
            given.user_id, given.browser_sha256 = user_id, None
    except IntegrityError:
        return open_for_user(session, user_id)
    return given


def _merge(session: Session, given: Conversation, own: Conversation) -> None:
    _move_messages(session, given, own)
    _move_handoffs(session, given, own)
    own.last_at = max(own.last_at, given.last_at)
    own.channel, own.language = given.channel, given.language
    given.closed_at, given.browser_sha256, given.held_by = clock.now(), None, "assistant"
    session.flush()


def _move_messages(session: Session, given: Conversation, own: Conversation) -> None:
    taken = select(Message.client_key).where(
        Message.conversation_id == own.id, Message.client_key.is_not(None)
    )
    theirs = Message.conversation_id == given.id
    session.execute(
        update(Message).where(theirs, Message.client_key.in_(taken)).values(client_key=None)
    )
    session.execute(update(Message).where(theirs).values(conversation_id=own.id))


def _move_handoffs(session: Session, given: Conversation, own: Conversation) -> None:
    """An open one goes on in the user's conversation, unless that has one: then that is it."""
    waits = select(Handoff.id).where(Handoff.ended_at.is_(None))
    if session.scalar(waits.where(Handoff.conversation_id == own.id)) is not None:
        session.execute(
            update(Handoff)
            .where(Handoff.conversation_id == given.id, Handoff.ended_at.is_(None))
            .values(state="closed", how="given_up", ended_at=clock.now())
        )
    elif session.scalar(waits.where(Handoff.conversation_id == given.id)) is not None:
        own.held_by = given.held_by
    session.execute(
        update(Handoff).where(Handoff.conversation_id == given.id).values(conversation_id=own.id)
    )
