"""What a customer and the desk say to each other about a request.

A message is stored once however often it is sent, by a constraint. What the desk says is told to
the other rooms (`RequestReplied`), which bring it to the customer.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, Refused
from service.conversations.saying import LONGEST_KEY, clean
from service.events import RequestReplied, RequestSaid
from service.people.limits import Limit
from service.requests import moving, reading
from service.requests.askers import Asker, count_try
from service.requests.models import Request
from service.requests.talk_models import RequestMessage

Side = Literal["customer", "staff"]

OPEN_AFTER_END = timedelta(days=30)
"""How long a request that has ended may still be talked about."""
SAY_ASKER = Limit("request.say", 60, timedelta(hours=1), "request.too_many")
SAY_NETWORK = Limit("request.say.network", 300, timedelta(hours=1), "network.locked", exact=False)


def say(session: Session, asker: Asker, request_no: str, text: str, key: str) -> RequestMessage:
    """Store what the customer says; the same key again gives the message that is there.

    While we wait for an answer it is one, and the clock goes on. Raises NotFound; Refused:
    "message.empty", "message.too_long" (most), "message.key_malformed";
    Conflict("request.talk_closed"); TooManyTries.
    """
    request = reading.request(session, asker, request_no)
    if known := _by_key(session, request, "customer", key):
        return known
    words = clean(text)
    _require_open(request)
    count_try(session, asker, SAY_ASKER, SAY_NETWORK)
    message, is_new = _store(session, request, "customer", key, text=words)
    if is_new:
        events.publish(session, RequestSaid(message_id=message.id, **_of(request)))
        if needs(request) is not None:
            moving.resume(session, request_no)
    return message


def answer(
    session: Session, request_no: str, text: str, by: int, key: str, link: str = ""
) -> RequestMessage:
    """Store what somebody at the desk or in the field says; `link` is a path of ours to open.

    Who calls has made sure that they may. Raises as `say` does, TooManyTries apart.
    """
    request = reading.any_request(session, request_no)
    if known := _by_key(session, request, "staff", key):
        return known
    if link and (not link.startswith("/") or link.startswith("//")):
        raise ValueError(f"not a path of ours: {link}")
    words = clean(text)
    _require_open(request)
    message, is_new = _store(
        session, request, "staff", key, text=words, by_id=by, link=link or None
    )
    if is_new:
        events.publish(session, RequestReplied(message_id=message.id, **_of(request)))
    return message


def messages(session: Session, request: Request) -> list[RequestMessage]:
    """Everything that was said about a request, the first first."""
    query = select(RequestMessage).where(RequestMessage.request_id == request.id)
    return list(session.scalars(query.order_by(RequestMessage.id)))


def unread(session: Session, request_ids: Collection[int], by: Side) -> dict[int, int]:
    """How many messages of the other side this side has not read, for the requests with any."""
    query = (
        select(RequestMessage.request_id, func.count())
        .where(
            RequestMessage.request_id.in_(request_ids),
            RequestMessage.read_at.is_(None),
            RequestMessage.author != by,
        )
        .group_by(RequestMessage.request_id)
    )
    return dict(session.execute(query).all())


def mark_read(session: Session, request_id: int, by: Side, up_to: int) -> None:
    """This side has seen what the other said, to the message of id `up_to`."""
    session.execute(
        update(RequestMessage)
        .where(
            RequestMessage.request_id == request_id,
            RequestMessage.id <= up_to,
            RequestMessage.author != by,
            RequestMessage.read_at.is_(None),
        )
        .values(read_at=clock.now())
    )


def needs(request: Request) -> str | None:
    """What we have asked the customer for and are waiting for."""
    if request.paused_at is None:
        return None
    return next((each.needs for each in request.pauses if each.until is None), None)


def may_talk(request: Request) -> bool:
    """Whether anything may still be said about it."""
    return request.closed_at is None or request.closed_at + OPEN_AFTER_END > clock.now()


def _require_open(request: Request) -> None:
    if not may_talk(request):
        raise Conflict("request.talk_closed")


def _by_key(session: Session, request: Request, author: Side, key: str) -> RequestMessage | None:
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Refused("message.key_malformed")
    return session.scalars(
        select(RequestMessage).where(
            RequestMessage.request_id == request.id,
            RequestMessage.author == author,
            RequestMessage.key == key,
        )
    ).one_or_none()


def _store(
    session: Session, request: Request, author: Side, key: str, **values: Any
) -> tuple[RequestMessage, bool]:
    """The message, and whether it is new: another transaction may just have stored it."""
    row = {"request_id": request.id, "author": author, "key": key, "at": clock.now(), **values}
    statement = insert(RequestMessage).values(**row).on_conflict_do_nothing()
    new = session.scalars(statement.returning(RequestMessage)).one_or_none()
    if new is not None:
        return new, True
    known = _by_key(session, request, author, key)
    assert known is not None  # noqa: S101 - it was in the way of the new one
    return known, False


def _of(request: Request) -> dict[str, Any]:
    return {
        "request_no": request.request_no,
        "kind": request.kind,
        "user_id": request.user_id,
        "account_no": request.account_no,
    }
