"""What is left lying is found each minute: whatever died on the way, whatever has become due."""

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from notifications import dead, in_time, inbox, outbox
from notifications.going_on import go_on
from notifications.models import SENDING, SENT, UNCLEAR, WAITING, Message, Notice
from notifications.notices import ask_to_compose
from notifications.settings import DispatchSettings
from runtime import clock, metrics
from runtime.jobs import database, jobs
from runtime.logs import get_logger
from runtime.settings import load
from service.models import User

CHUNK = 200
DAY = timedelta(days=1)
PILED_UP = 20
"""So many dead letters of one day are no accident."""
TOLD_OF_IT = ("lead", "finance", "admin")

_log = get_logger(__name__)
_queued = metrics.gauge("denghuo_messages_queued", "Messages under way", ["channel", "state"])
_dead = metrics.gauge("denghuo_dead_letters", "Dead letters of the last day")
_stale = metrics.counter("denghuo_messages_stale", "Messages that a worker left half sent")


@jobs.periodic(cron="* * * * *")
@jobs.task(name="notifications.sweep", queue="notifications", queueing_lock="notifications.sweep")
def sweep(timestamp: int) -> None:
    """Each part in a transaction of its own, and by the chunk."""
    for part in (_stale_to_unclear, _expire, _fall_back, ask_for_all, _warn):
        while True:
            with database().unit_of_work() as session:
                more = part(session)
            if not more:
                break


def ask_for_all(session: Session) -> bool:
    """Jobs for what is due, whether or not somebody has asked for them."""
    now = clock.now()
    due = select(Notice.id).where(Notice.state == WAITING, Notice.not_before <= now)
    if session.scalar(due.limit(1)) is not None:
        ask_to_compose(session)
    waiting = select(Message.channel).where(Message.state == WAITING, Message.not_before <= now)
    for channel in session.scalars(waiting.distinct()):
        outbox.ask_to_dispatch(session, channel)
    unclear = select(Message.id).where(Message.state == UNCLEAR, Message.not_before <= now)
    if session.scalar(unclear.limit(1)) is not None:
        outbox.ask_to_resolve(session)
    return False


def _stale_to_unclear(session: Session) -> bool:
    """What a worker began and never ended may have been taken by the provider."""
    now = clock.now()
    lease = timedelta(seconds=load(DispatchSettings).message_lease_seconds)
    stale = _some(Message.state == SENDING, Message.claimed_at < now - lease)
    done = session.execute(
        update(Message)
        .where(Message.id.in_(stale))
        .values(state=UNCLEAR, not_before=now)
        .execution_options(synchronize_session=False)
    )
    number = cast(CursorResult[Any], done).rowcount
    if number:
        _log.warning("messages_left_half_sent", number=number)
        _stale.inc(number)
    return number == CHUNK


def _expire(session: Session) -> bool:
    rows = session.scalars(
        select(Message).where(
            Message.id.in_(_some(Message.state == WAITING, Message.expires_at <= clock.now()))
        )
    ).all()
    in_time.expire(session, rows)
    return len(rows) == CHUNK


def _fall_back(session: Session) -> bool:
    """No report in time: the next channel of the plan."""
    rows = session.scalars(
        select(Message).where(Message.id.in_(_some(Message.fallback_at <= clock.now())))
    ).all()
    for each in rows:
        each.fallback_at = None
        if each.state == SENT:
            go_on(session, each, "no_report", late=True)
    return len(rows) == CHUNK


def _warn(session: Session) -> bool:
    """Tell those who can do something, once a day, when dead letters pile up; count the queues."""
    now = clock.now()
    for each in dead.backlog(session):
        _queued.labels(each.channel, "waiting").set(each.waiting)
        _queued.labels(each.channel, "unclear").set(each.unclear)
    number = dead.recent(session, now - DAY)
    _dead.set(number)
    if number >= PILED_UP:
        whom, told = User.staff_role.in_(TOLD_OF_IT), {"count": str(number)}
        key = f"desk:dead_letters:{clock.civil_date(now)}"
        inbox.put_to_staff(session, whom, key, "desk.dead_letters", told)
    return False


def _some(*which: Any) -> Any:
    query = select(Message.id).where(*which).order_by(Message.id).limit(CHUNK)
    return query.with_for_update(skip_locked=True).scalar_subquery()
