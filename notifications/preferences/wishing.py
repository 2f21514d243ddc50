"""How people want to be told of a topic: read for many at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from notifications import hours
from notifications.channels.base import Channel
from notifications.kinds import Kind, Level
from notifications.preferences import topics
from notifications.preferences.models import NoticeChoice, NoticeHabit
from notifications.preferences.reach import reached
from notifications.preferences.settings import PreferenceSettings
from runtime.settings import load
from service.models import User

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
"""Nobody may be told at other hours of what can wait: a person's own quiet hours begin no later
and end no earlier."""
FRESH = {"populate_existing": True}
CALLED_FIRST = "reminder"
"""Of this, whoever uses the simplified view is called where a kind can be said by a call."""


@dataclass(frozen=True)
class Wishes:
    """How a person wants to be told of a topic.

    `channels` are those that the person wants and can be reached on, `reachable` all on which
    they can be reached. In which order a kind uses them is said by `plan`.
    """

    language: str
    elder_mode: bool
    channels: tuple[str, ...]
    quiet_from: time
    quiet_until: time
    daily_cap: int
    digest: bool
    reachable: tuple[str, ...] = ()
    has_order: bool = False

    def plan(self, kind: Kind) -> tuple[str, ...]:
        """The channels for a kind, in order: the person's own, else that of the kind.

        What the law owes goes wherever the person can be reached.
        """
        allowed = self.allowed(kind)
        if self.has_order:
            return tuple(each for each in allowed if each in kind.channels)
        usual = [each.value for each in kind.channels if each in allowed]
        if self.elder_mode and kind.topic == CALLED_FIRST:
            usual.sort(key=lambda each: each != Channel.VOICE)
        return tuple(usual)

    def allowed(self, kind: Kind) -> tuple[str, ...]:
        """The channels on which a kind may go, of whichever a kind uses."""
        return self.reachable if kind.level is Level.LEGAL else self.channels

    def next_hour(self, level: Level, now: datetime) -> datetime:
        """When the person may be told: what is urgent now, what the law owes at a decent hour."""
        if level is Level.URGENT:
            return now
        if level is Level.LEGAL:
            return hours.next_decent(now)
        return hours.next_decent(now, self.quiet_from, self.quiet_until)


def wishes(session: Session, user_ids: Collection[int], topic: str) -> dict[int, Wishes]:
    """The wishes of these users for a topic, in two statements; who is not there has none."""
    if not user_ids:
        return {}
    chosen = _chosen(session, user_ids, topic)
    usual = load(PreferenceSettings).notice_daily_cap
    return {
        row.id: _wishes(row, chosen.get(row.id, {}), topic, usual)
        for row in session.execute(_people(user_ids), execution_options=FRESH)
    }


def _people(user_ids: Collection[int]) -> Any:
    """Each user with their habits, and a column for each channel whether it reaches them."""
    reach = [each.label(f"by_{channel}") for channel, each in reached().items()]
    known = select(User.id, User.language, User.elder_mode, User.disabled_at, NoticeHabit, *reach)
    joined = known.outerjoin(NoticeHabit, NoticeHabit.user_id == User.id)
    return joined.where(User.id.in_(user_ids))


def _chosen(session: Session, user_ids: Collection[int], topic: str) -> dict[int, dict[str, bool]]:
    rows = session.execute(
        select(NoticeChoice.user_id, NoticeChoice.channel, NoticeChoice.is_on).where(
            NoticeChoice.user_id.in_(user_ids), NoticeChoice.topic == topic
        )
    )
    found: dict[int, dict[str, bool]] = {}
    for user_id, channel, is_on in rows:
        found.setdefault(user_id, {})[channel] = is_on
    return found


def _wishes(row: Row[Any], chosen: Mapping[str, bool], topic: str, usual_cap: int) -> Wishes:
    habit: NoticeHabit | None = row.NoticeHabit
    own = habit.channels if habit else None
    reachable = tuple(each for each in ordered(own) if _is_reached(row, each))
    return Wishes(
        language=row.language or "zh",
        elder_mode=row.elder_mode,
        channels=tuple(each for each in reachable if chosen.get(each, topics.is_on(topic))),
        quiet_from=(habit and habit.quiet_from) or QUIET_FROM,
        quiet_until=(habit and habit.quiet_until) or QUIET_UNTIL,
        daily_cap=(habit and habit.daily_cap) or usual_cap,
        digest=habit is None or habit.wants_digest is not False,
        reachable=reachable,
        has_order=bool(own),
    )


def ordered(own: Collection[str] | None) -> tuple[str, ...]:
    """All channels, those of a person's own order first."""
    mine = tuple(own or ())
    return (*mine, *(each.value for each in topics.USUAL if each not in mine))


def _is_reached(row: Row[Any], channel: str) -> bool:
    return row.disabled_at is None and bool(getattr(row, f"by_{channel}", False))
