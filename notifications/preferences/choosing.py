"""What a person has set, read and changed by nobody else."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.channels.base import Channel
from notifications.models import Message
from notifications.preferences import consents, topics
from notifications.preferences.models import NoticeChoice, NoticeHabit
from notifications.preferences.wishing import QUIET_FROM, QUIET_UNTIL, Wishes, wishes
from notifications.recomposing import compose_anew
from runtime import clock
from runtime.errors import Refused

EARLIEST_QUIET, LATEST_QUIET = time(12), time(12)
"""Quiet hours begin no earlier, and end no later: some of the day must be left."""
MOST_A_DAY = 99

Pair = tuple[str, str]
"""A topic and a channel."""
Words = Callable[[str], str]
"""Of a channel: what was shown when news on it were agreed to, or were not."""


@dataclass(frozen=True)
class Chosen:
    """What a person has set: `on` are the topics with the channels that are wanted."""

    on: frozenset[Pair]
    wishes: Wishes
    order: tuple[str, ...]

    def is_on(self, topic: str, channel: str) -> bool:
        return (topic, channel) in self.on


def chosen(session: Session, user_id: int) -> Chosen:
    """What this person has set, and what is usual for the rest. Raises KeyError for nobody."""
    theirs = _set(session, user_id)
    wish = wishes(session, [user_id], topics.NEWS)[user_id]
    habit = session.get(NoticeHabit, user_id, populate_existing=True)
    usual = [each.value for each in topics.USUAL]
    own = (habit.channels if habit else None) or []
    order = (*own, *(each for each in usual if each not in own))
    return Chosen(
        on=frozenset(pair for pair in pairs() if theirs.get(pair, topics.is_on(pair[0]))),
        wishes=wish,
        order=order,
    )


def pairs() -> list[Pair]:
    """Everything that can be chosen."""
    return [(topic, channel.value) for topic, ways in topics.choices().items() for channel in ways]


def choose(
    session: Session,
    user_id: int,
    wanted: Mapping[Pair, bool],
    *,
    how: str,
    language: str,
    words: Words,
) -> frozenset[Pair]:
    """Set topics on channels; returns what that has changed.

    News that are agreed to, or no longer are, leave a consent with the words that were shown.
    Raises Refused("preference.unknown").
    """
    if not set(wanted) <= set(pairs()):
        raise Refused("preference.unknown")
    lock(session, user_id)
    theirs = _set(session, user_id)
    changed = {
        pair: is_on
        for pair, is_on in wanted.items()
        if theirs.get(pair, topics.is_on(pair[0])) != is_on
    }
    _write(session, user_id, changed)
    for (topic, channel), is_on in changed.items():
        if topic == topics.NEWS:
            consents.write(
                session,
                user_id=user_id,
                topic=topic,
                channel=channel,
                given=is_on,
                words=words(channel),
                language=language,
                how=how,
            )
    return frozenset(changed)


def set_order(session: Session, user_id: int, channels: Sequence[str]) -> None:
    """In which order the channels are tried. Raises Refused("preference.unknown")."""
    if len(set(channels)) != len(channels) or not set(channels) <= {str(each) for each in Channel}:
        raise Refused("preference.unknown")
    _keep(session, user_id, channels=list(channels) or None)


def set_quiet(session: Session, user_id: int, quiet_from: time, quiet_until: time) -> None:
    """The hours in which nothing comes that can wait.

    Raises Refused("preference.quiet_hours") for hours that are narrower than the usual ones, or
    leave too little of the day.
    """
    if not EARLIEST_QUIET <= quiet_from <= QUIET_FROM:
        raise Refused("preference.quiet_hours")
    if not QUIET_UNTIL <= quiet_until <= LATEST_QUIET:
        raise Refused("preference.quiet_hours")
    _keep(session, user_id, quiet_from=quiet_from, quiet_until=quiet_until)


def set_daily_cap(session: Session, user_id: int, most: int) -> None:
    """At most so many messages a day. Raises Refused("preference.daily_cap")."""
    if not 1 <= most <= MOST_A_DAY:
        raise Refused("preference.daily_cap")
    _keep(session, user_id, daily_cap=most)


def set_digest(session: Session, user_id: int, wanted: bool) -> None:
    """Whether what can be told together is."""
    _keep(session, user_id, wants_digest=wanted)


def as_usual(session: Session, user_id: int, but: Collection[str] = ()) -> None:
    """Every topic but news, and but these, as for whoever has set nothing; the usual order too."""
    wanted = {pair: pair[0] not in but for pair in pairs() if pair[0] != topics.NEWS}
    lock(session, user_id)
    _write(session, user_id, wanted)
    _keep(session, user_id, channels=None)


def lock(session: Session, user_id: int) -> None:
    """Hold a person's choices until the end of the transaction: two changes come in turn."""
    session.execute(insert(NoticeHabit).values(user_id=user_id).on_conflict_do_nothing())
    session.execute(
        select(NoticeHabit.user_id).where(NoticeHabit.user_id == user_id).with_for_update()
    )


def switch(session: Session, user_id: int, these: Collection[Pair], is_on: bool) -> bool:
    """Set pairs; whether that changed any. A consent is kept by whoever calls."""
    theirs = _set(session, user_id)
    changed = {pair: is_on for pair in these if theirs.get(pair, topics.is_on(pair[0])) != is_on}
    _write(session, user_id, changed)
    return bool(changed)


def _set(session: Session, user_id: int) -> dict[Pair, bool]:
    rows = session.execute(
        select(NoticeChoice.topic, NoticeChoice.channel, NoticeChoice.is_on).where(
            NoticeChoice.user_id == user_id
        )
    )
    return {(topic, channel): is_on for topic, channel, is_on in rows}


def _write(session: Session, user_id: int, wanted: Mapping[Pair, bool]) -> None:
    if not wanted:
        return
    rows = [
        {"user_id": user_id, "topic": topic, "channel": channel, "is_on": is_on}
        for (topic, channel), is_on in sorted(wanted.items())
    ]
    written = insert(NoticeChoice).values(rows)
    session.execute(
        written.on_conflict_do_update(
            index_elements=["user_id", "topic", "channel"],
            set_={"is_on": written.excluded.is_on, "set_at": clock.now()},
        )
    )
    off = {channel for (_, channel), is_on in wanted.items() if not is_on}
    compose_anew(session, Message.user_id == user_id, Message.channel.in_(off))


def _keep(session: Session, user_id: int, **fields: Any) -> None:
    written = insert(NoticeHabit).values(user_id=user_id, **fields)
    session.execute(
        written.on_conflict_do_update(
            index_elements=["user_id"], set_={**fields, "set_at": clock.now()}
        )
    )
