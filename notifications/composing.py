"""From notices that are due to messages: who, on which channel, at which hour, several in one.

A job takes a chunk of notices and whatever else is due for the same people, and asks for the
next. What must wait for a decent hour, or for tomorrow, is put off in its place.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications import hours, inbox
from notifications.bundles import Bundle, bundles
from notifications.holders import compose_holders
from notifications.kinds import Level, kind, kinds
from notifications.models import EXPIRED, WAITING, Message, Notice
from notifications.notices import ask_to_compose, shared_key
from notifications.posting import post
from notifications.preferences import Wishes, wishes
from runtime import clock, metrics
from runtime.jobs import BACKOFF, database, jobs

CHUNK = 300
UNCOUNTED = (Level.URGENT, Level.LEGAL)
"""What a day's most messages do not hold up."""

_composed = metrics.counter("denghuo_notices", "Notices by what became of them", ["outcome"])


@jobs.task(name="notifications.compose", queue="notifications", retry=BACKOFF)
def compose() -> None:
    """Make messages of a chunk of what is due."""
    with database().unit_of_work() as session:
        if compose_chunk(session):
            ask_to_compose(session)


def compose_chunk(session: Session) -> bool:
    """Make messages of a chunk; whether there may be more."""
    now = clock.now()
    first = _due(session, now)
    notices = [*first, *_of_the_same(session, first, now)]
    alive = [each for each in notices if not _is_expired(each, now)]
    _fill_inboxes(session, alive)
    compose_holders(session, [each for each in alive if each.user_id is None], now)
    _compose_users(session, [each for each in alive if each.user_id is not None], now)
    for each in notices:
        _composed.labels("put_off" if each.state == WAITING else each.state).inc()
    return len(first) == CHUNK


def _due(session: Session, now: datetime) -> list[Notice]:
    return list(
        session.scalars(
            select(Notice)
            .where(Notice.state == WAITING, Notice.not_before <= now)
            .order_by(Notice.not_before, Notice.id)
            .limit(CHUNK)
            .with_for_update(skip_locked=True)
        )
    )


def _of_the_same(session: Session, first: Sequence[Notice], now: datetime) -> list[Notice]:
    """What else is due for these people: it may go in the same message."""
    users = {each.user_id for each in first if each.user_id is not None}
    if len(first) < CHUNK or not users:
        return []
    theirs = Notice.user_id.in_(users), Notice.id.not_in([each.id for each in first])
    due = Notice.state == WAITING, Notice.not_before <= now
    query = select(Notice).where(*theirs, *due).order_by(Notice.id)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def _is_expired(notice: Notice, now: datetime) -> bool:
    if notice.expires_at is not None and notice.expires_at <= now:
        notice.state = EXPIRED
    return notice.state == EXPIRED


def _fill_inboxes(session: Session, notices: Iterable[Notice]) -> None:
    """Who was told by a run over many finds it in the inbox from now on."""
    inbox.put_rows(
        session,
        [
            {
                "user_id": each.user_id,
                "key": shared_key(each),
                "kind": each.kind,
                "params": each.params or "{}",
                "at": each.created_at,
            }
            for each in notices
            if each.user_id is not None
        ],
    )


def _compose_users(session: Session, notices: Sequence[Notice], now: datetime) -> None:
    by_topic: dict[str, list[Notice]] = defaultdict(list)
    for each in notices:
        by_topic[kind(each.kind).topic].append(each)
    known: dict[int, Wishes] = {}
    for topic, same in by_topic.items():
        asked = wishes(session, {each.user_id for each in same if each.user_id}, topic)
        known |= {each.id: asked[each.user_id] for each in same if each.user_id in asked}
    ready = [each for each in notices if _may_go(each, known.get(each.id), now)]
    made = bundles(session, ready, known)
    post(session, _within_a_day(session, made, now))


def _may_go(notice: Notice, wish: Wishes | None, now: datetime) -> bool:
    """Whether this is an hour for it; else it is put off to the next one."""
    if wish is None:
        return True
    at = wish.next_hour(kind(notice.kind).level, now)
    if at > now:
        notice.not_before = at
    return at == now


def _within_a_day(session: Session, made: Sequence[Bundle], now: datetime) -> list[Bundle]:
    """Those that do not go over their readers' most messages of a day; the others wait."""
    told = _told_today(session, {each.user_id for each in made}, now)
    going = []
    for each in made:
        if each.level not in UNCOUNTED and each.plan:
            if told[each.user_id] >= each.wishes.daily_cap:
                for notice in each.notices:
                    notice.not_before = hours.tomorrow(now)
                continue
            told[each.user_id] += 1
        going.append(each)
    return going


def _told_today(session: Session, users: set[int], now: datetime) -> dict[int, int]:
    uncounted = [each.name for each in kinds().values() if each.level in UNCOUNTED]
    rows = session.execute(
        select(Message.user_id, func.count())
        .where(
            Message.user_id.in_(users),
            Message.created_at >= clock.civil_midnight(clock.civil_date(now)),
            Message.rank == 0,
            Message.kind.not_in(uncounted),
        )
        .group_by(Message.user_id)
    )
    return defaultdict(int, {user_id: number for user_id, number in rows if user_id is not None})
