"""People answer a message that they want no more of it, or want it again.

Without a topic it is about what they were sent last on this channel; news end in any case. What
the law owes goes on, and the answer says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications import outbox
from notifications.channels.base import Channel
from notifications.kinds import kinds
from notifications.models import DELIVERED, RECIPIENT, SENT, Message, Notice
from notifications.preferences import choosing, consents, topics
from notifications.preferences.models import ALL, STOPPED_PHONE, StoppedPhone
from notifications.preferences.replies import Meant, known, meant
from notifications.recomposing import compose_anew
from notifications.wordings import catalogue
from runtime.crypto import blind_index
from service.models import User
from service.people.events import UserRegistered
from service.people.users import find_by_phone

RECENT = timedelta(days=30)
"""So long after a message an answer is taken to be about it."""
LOOKED_AT = 10


@dataclass(frozen=True)
class Heard:
    """What was done: stopped or begun again, of which topics; `changed` is False when it was so."""

    stops: bool
    topics: tuple[str, ...]
    changed: bool
    language: str = "zh"

    def named(self) -> str:
        """The topics in words."""
        return topics.names(self.topics, self.language)


def heard(
    session: Session,
    *,
    phone: str | None = None,
    user_id: int | None = None,
    channel: str,
    words: str,
    at: datetime,
) -> bool:
    """Whether a reply was a wish to hear no more, or again; then it is fulfilled.

    A change is told by one short message to the number that wrote.
    """
    done = hear(session, phone=phone, user_id=user_id, channel=channel, words=words, at=at)
    if done is None:
        return False
    if phone is not None and done.changed and channel == Channel.SMS:
        _confirm(session, phone, done)
    return True


def hear(
    session: Session,
    *,
    phone: str | None = None,
    user_id: int | None = None,
    channel: str,
    words: str,
    at: datetime,
) -> Heard | None:
    """As `heard`, and says nothing to anybody; None for a reply that is no such wish."""
    wish = meant(words, channel)
    if wish is None:
        return None
    user = _user(session, phone, user_id)
    if user is None and phone is None:
        return None
    about = _about(session, user, phone, channel, wish, at)
    done = (
        _of_user(session, user, channel, wish, about)
        if user is not None
        else _of_phone(session, phone or "", wish, about, words, at)
    )
    if done.changed:
        for topic in [ALL] if _is_whole(about, channel) else about:
            consents.write(
                session,
                user_id=user.id if user else None,
                phone=phone,
                topic=topic,
                channel=channel,
                given=not wish.stops,
                words=words,
                language=done.language,
                how=consents.REPLY,
            )
    return done


def on_registered(session: Session, event: UserRegistered) -> None:
    """What a number has stopped, whoever registers with it has stopped too, and may change."""
    theirs = StoppedPhone.phone_index == blind_index(event.phone, STOPPED_PHONE)
    ended = session.scalars(delete(StoppedPhone).where(theirs).returning(StoppedPhone.topic)).all()
    ways = topics.choices()
    these = {each for name in ended for each in (ways if name == ALL else [name])}
    pairs = [
        (each, Channel.SMS.value) for each in sorted(these) if Channel.SMS in ways.get(each, ())
    ]
    choosing.switch(session, event.user_id, pairs, is_on=False)


def _user(session: Session, phone: str | None, user_id: int | None) -> User | None:
    if user_id is not None:
        return session.get(User, user_id)
    return find_by_phone(session, phone) if phone is not None else None


def _about(
    session: Session,
    user: User | None,
    phone: str | None,
    channel: str,
    wish: Meant,
    at: datetime,
) -> list[str]:
    """The topics that are meant, in the order in which customers see them.

    None where one was named that does not go this way, or news, which begin on a page alone.
    """
    every = [
        name
        for name, ways in topics.choices().items()
        if channel in ways and (wish.stops or name != topics.NEWS)
    ]
    if wish.topic:
        return [each for each in every if wish.topic in (ALL, each)]
    if not wish.stops:
        return every
    last = _last(session, user, phone, channel, at)
    return [each for each in every if each in last] or every


def _last(
    session: Session, user: User | None, phone: str | None, channel: str, at: datetime
) -> set[str]:
    """The topics of the newest message to this person that was about one."""
    whose = (
        Message.recipient_index == blind_index(phone, RECIPIENT)
        if phone is not None
        else Message.user_id == (user.id if user else None)
    )
    rows = session.scalars(
        select(Message)
        .where(whose, Message.channel == channel, Message.state.in_((SENT, DELIVERED)))
        .where(Message.sent_at > at - RECENT, Message.sent_at <= at)
        .order_by(Message.sent_at.desc())
        .limit(LOOKED_AT)
    )
    return next((found for each in rows if (found := _topics(session, each))), set())


def _topics(session: Session, message: Message) -> set[str]:
    names = session.scalars(select(Notice.kind).where(Notice.id.in_(message.notice_ids or [])))
    known = [kinds()[each].topic for each in names if each in kinds()]
    if not known:
        known = [catalogue.templates().get(message.template, ("", ""))[0].partition(".")[0]]
    return {each for each in known if each in topics.choices()}


def _of_user(session: Session, user: User, channel: str, wish: Meant, about: list[str]) -> Heard:
    """News end with whatever is stopped without a name."""
    ends_news = wish.stops and not wish.topic and channel in topics.choices()[topics.NEWS]
    these = {*about, topics.NEWS} if ends_news else set(about)
    choosing.lock(session, user.id)
    pairs = [(each, channel) for each in sorted(these)]
    changed = choosing.switch(session, user.id, pairs, not wish.stops)
    return Heard(wish.stops, tuple(about), changed, user.language or "zh")


def _of_phone(
    session: Session, phone: str, wish: Meant, about: list[str], words: str, at: datetime
) -> Heard:
    """Whoever stopped everything and wants one thing again gets all of it."""
    index = blind_index(phone, STOPPED_PHONE)
    whole = _is_whole(about, Channel.SMS)
    if wish.stops and about:
        rows = [{"phone_index": index, "topic": each} for each in ([ALL] if whole else about)]
        written = insert(StoppedPhone).values([row | {"words": words, "at": at} for row in rows])
        kept = written.on_conflict_do_nothing().returning(StoppedPhone.topic)
        is_new = bool(session.scalars(kept).all())
        compose_anew(session, Message.recipient_index == blind_index(phone, RECIPIENT))
        return Heard(True, tuple(about), is_new)
    gone = delete(StoppedPhone).where(StoppedPhone.phone_index == index)
    if not whole:
        gone = gone.where(StoppedPhone.topic.in_([ALL, *about]))
    ended = session.scalars(gone.returning(StoppedPhone.topic)).all() if not wish.stops else []
    return Heard(wish.stops, tuple(about), bool(ended))


def _is_whole(about: Iterable[str], channel: str) -> bool:
    """Whether that is all that goes on a channel to whoever has agreed to nothing."""
    every = {name for name, ways in topics.choices().items() if channel in ways}
    return set(about) >= every - {topics.NEWS}


def _confirm(session: Session, phone: str, done: Heard) -> None:
    kind = "preference.stopped" if done.stops else "preference.resumed"
    number = outbox.put(
        session,
        Channel.SMS,
        phone,
        catalogue.template(kind, done.language),
        {"topics": _short(done)},
    )
    outbox.ask_to_send(session, number)


def _short(done: Heard) -> str:
    """In a short message all of them have one word."""
    if _is_whole(done.topics, Channel.SMS):
        return known().everything.said(done.language)
    return done.named()
