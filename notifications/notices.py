"""Notices: put there with the change that they tell of, taken back when it no longer holds.

`tell` is called in the transaction of an event, `tell_all` by a run over many; both only write
down. A job composes messages of what is due (`notifications/composing.py`).
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    Subquery,
    and_,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from notifications import inbox
from notifications.kinds import Kind, kind
from notifications.models import (
    COMPOSED,
    EXPIRED,
    SENDING,
    UNCLEAR,
    WAITING,
    WITHDRAWN,
    Message,
    Notice,
)
from runtime import clock
from runtime.jobs import TaskName, defer

COMPOSE = TaskName("notifications.compose", "notifications")
"""The task that makes messages of what is due."""


def tell(
    session: Session,
    name: str,
    *,
    key: str,
    user_id: int | None = None,
    account_no: str | None = None,
    params: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """Tell a user something, or the holder of an account by phone when nobody is named.

    A user finds it in the inbox at once. `params` must be JSON, and are figures that hold for
    good. False when the key is known: nothing is written. Raises KeyError for an unknown kind.
    """
    found, now = kind(name), clock.now()
    if user_id is not None and not inbox.put(session, user_id, key, name, params or {}, now):
        return False
    if not found.channels:
        return user_id is not None
    row = _row(found, not_before or now, expires_at) | {
        "key": own_key(key, user_id),
        "user_id": user_id,
        "account_no": account_no,
        "params": json.dumps(params, ensure_ascii=False) if params else None,
    }
    written = insert(Notice).values(row).on_conflict_do_nothing().returning(Notice.id)
    is_new = session.scalar(written) is not None
    if is_new:
        _ask_if_due(session, row["not_before"])
    return is_new


def own_key(key: str, user_id: int | None) -> str:
    """The key of one person's notice: the same thing is told to each of several."""
    return f"{key}:{'' if user_id is None else user_id}"


def shared_key(notice: Notice) -> str:
    """The key that it has in common with the notices of the same thing to others."""
    return notice.key.removesuffix(own_key("", notice.user_id))


def tell_each(
    session: Session, name: str, users: Iterable[int | None], account_no: str, **more: Any
) -> None:
    """`tell` several users, and the holder by phone for None, the same of one account."""
    for user_id in users:
        tell(session, name, user_id=user_id, account_no=account_no, **more)


def tell_all(
    session: Session,
    name: str,
    whom: Subquery,
    *,
    params: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    campaign_id: int | None = None,
    again: bool = False,
) -> int:
    """Tell many, in one statement; `whom` has the columns key, user_id and account_no.

    The inbox is written when the message is composed. A key that is known stays as it is; with
    `again` what did not come to be sent under it waits anew. Returns how many notices are new.
    """
    columns = Notice.__table__.c
    fixed = _row(kind(name), not_before or clock.now(), expires_at) | {
        "campaign_id": campaign_id,
        "params": json.dumps(params, ensure_ascii=False) if params else None,
    }
    values = [literal(value, columns[column].type) for column, value in fixed.items()]
    own_key = whom.c.key + literal(":") + func.coalesce(whom.c.user_id.cast(columns.key.type), "")
    rows = select(own_key, whom.c.user_id, whom.c.account_no, *values)
    written = insert(Notice).from_select(["key", "user_id", "account_no", *fixed], rows)
    quiet = _again(written) if again else written.on_conflict_do_nothing(index_elements=["key"])
    done = session.execute(quiet.execution_options(preserve_rowcount=True))
    _ask_if_due(session, fixed["not_before"])
    return cast(CursorResult[Any], done).rowcount


def withdraw(session: Session, *which: ColumnElement[bool], reason: str) -> int:
    """Take back what is not sent yet; returns how many.

    A message that carries nothing else is taken back with it. One that a provider has in hand at
    this moment is not: it was told.
    """
    taken = session.scalars(
        update(Notice)
        .where(Notice.state.in_((WAITING, COMPOSED)), ~_in_hand(), *which)
        .values(state=WITHDRAWN, reason=reason)
        .returning(Notice.message_id)
        .execution_options(synchronize_session=False)
    ).all()
    carried = {each for each in taken if each is not None}
    if carried:
        _empty(session, carried)
    return len(taken)


def put_back(session: Session, *which: ColumnElement[bool]) -> None:
    """Tell after all what was taken back and whose time is not over; it is composed anew."""
    session.execute(
        update(Notice)
        .where(is_untold(), Notice.expires_at > clock.now(), *which)
        .values(state=WAITING, reason=None, message_id=None)
        .execution_options(synchronize_session=False)
    )
    ask_to_compose(session)


def hold(session: Session, *which: ColumnElement[bool], until: datetime) -> None:
    """Tell nobody for now; a message that is written but not handed over yet is taken back.

    Whoever holds lets go by another time, and it is composed anew. A second channel goes on.
    """
    waits = Message.state == WAITING, Message.rank == 0
    theirs = select(Notice.message_id).where(Notice.state == COMPOSED, *which)
    held = select(Message.id).where(*waits, Message.id.in_(theirs))
    carried = set(session.scalars(held.with_for_update(skip_locked=True)))
    put_back = Notice.state == COMPOSED, _is_of(Notice.message_id, carried)
    session.execute(
        update(Notice)
        .where(or_(Notice.state == WAITING, and_(*put_back)), *which)
        .values(state=WAITING, message_id=None, not_before=until, expires_at=until)
        .execution_options(synchronize_session=False)
    )
    _empty(session, carried)


def is_untold() -> ColumnElement[bool]:
    """Whether nothing was sent of a notice, nor will be."""
    return and_(Notice.state.in_((WITHDRAWN, EXPIRED)), Notice.told_at.is_(None))


def ask_to_compose(session: Session) -> None:
    """Ask for a job that makes messages of what is due; while one waits, one is enough."""
    defer(session, COMPOSE, queueing_lock="notifications.compose")


def _again(written: Insert) -> Insert:
    """A notice that is known but was not told takes the times and figures of the new one."""
    fresh = {name: written.excluded[name] for name in ("not_before", "expires_at", "params")}
    return written.on_conflict_do_update(
        index_elements=["key"],
        set_=fresh | {"state": WAITING, "reason": None, "message_id": None},
        where=is_untold(),
    )


def _ask_if_due(session: Session, not_before: datetime) -> None:
    """The sweep asks for what is told later: until a long run commits, others wait for its job."""
    if not_before <= clock.now():
        ask_to_compose(session)


def _in_hand() -> ColumnElement[bool]:
    held = Message.state.in_((SENDING, UNCLEAR))
    return exists().where(Message.id == Notice.message_id, held)


def _empty(session: Session, messages: set[int]) -> None:
    """Take back messages that wait and carry nothing any more."""
    alive = select(Notice.id).where(Notice.message_id == Message.id, Notice.state == COMPOSED)
    session.execute(
        update(Message)
        .where(_is_of(Message.id, messages), Message.state == WAITING, ~alive.exists())
        .values(state=WITHDRAWN, params=None, fallback_at=None)
        .execution_options(synchronize_session=False)
    )


def _is_of(column: InstrumentedAttribute[Any], ids: set[int]) -> ColumnElement[bool]:
    """In one array: the server takes 65,535 parameters, and an emergency stops more at once."""
    return column == any_(literal(sorted(ids), ARRAY(BigInteger)))


def _row(found: Kind, not_before: datetime, expires_at: datetime | None) -> dict[str, Any]:
    return {
        "kind": found.name,
        "not_before": not_before,
        "expires_at": expires_at or not_before + timedelta(hours=found.expires_hours),
    }
