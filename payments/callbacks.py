"""Taking a gateway's message: verify, store as it came, apply, ask for the work, answer.

Storing and applying are one transaction. A refused message is stored too, without the right to
its notification id, and not more than `REFUSED_PER_HOUR` of them, so that nobody fills the disk.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.orm import Session

from payments import ordinary, receipts
from payments.gateways.base import Answer, Gateway, Notification, NotificationRefused
from payments.models import Callback
from payments.receipts import TAKEN, Verdict
from payments.refunds import hearing
from runtime import clock, metrics
from runtime.database import Database
from runtime.logs import get_logger

LARGEST_BODY = 32_768
"""Bytes; a true notification has about two thousand."""

KEPT_BODY = 8_192
REFUSED_PER_HOUR = 500
REFUSED_KEPT = timedelta(days=30)
_KEPT_HEADERS = 12
_KEPT_HEADER_LENGTH = 600

_UNKEEPABLE = (DataError, UnicodeEncodeError)
"""A NUL, half a character, a number too long: signed, and yet nothing that can be kept."""

_log = get_logger(__name__)
_callbacks = metrics.counter(
    "denghuo_payment_callbacks", "Messages at the notify addresses", ["gateway", "verdict"]
)


@dataclass(frozen=True)
class Message:
    """What arrived at a notify address."""

    headers: Mapping[str, str]
    body: bytes
    whole: bool = True
    """False when its sender was gone before the end."""


class Teller(Protocol):
    """Whoever proves and answers the messages that arrive at one notify address."""

    name: str

    def verify_notification(self, headers: Mapping[str, str], body: bytes) -> Any:
        """The message, proven. Raises NotificationRefused."""

    def answer(self, taken: bool) -> Answer:
        """The documented reply."""


Apply = Callable[[Database, Any, Message, Any], Verdict]
"""Applies and stores a proven message, in one transaction."""


def take(
    database: Database, gateway: Teller, message: Message, apply: Apply | None = None
) -> Answer:
    """Deal with a message and say what the gateway is to hear; those about orders by default."""
    verdict = _verdict(database, gateway, message, apply or _apply)
    _callbacks.labels(gateway.name, verdict.value).inc()
    if verdict not in TAKEN:
        _log.warning("callback_refused", gateway=gateway.name, verdict=verdict.value)
    return gateway.answer(verdict in TAKEN)


def forget_refused(session: Session) -> int:
    """Delete refused messages after a month; what was verified stays. Returns how many."""
    old = delete(Callback).where(
        Callback.notification_id.is_(None), Callback.received_at < clock.now() - REFUSED_KEPT
    )
    return session.execute(old).rowcount  # type: ignore[attr-defined,no-any-return]


def _verdict(database: Database, gateway: Teller, message: Message, apply: Apply) -> Verdict:
    try:
        if not message.whole:
            raise NotificationRefused(gateway.name, Verdict.CUT_SHORT)
        if len(message.body) > LARGEST_BODY:
            raise NotificationRefused(gateway.name, Verdict.TOO_LARGE)
        notification = gateway.verify_notification(message.headers, message.body)
    except NotificationRefused as refusal:
        return _store_refused(database, gateway, message, Verdict(refusal.reason))
    try:
        return apply(database, gateway, message, notification)
    except _UNKEEPABLE:
        return _store_refused(database, gateway, message, Verdict.MALFORMED)
    except SQLAlchemyError:
        raise  # the database is away or busy; the gateway says it again
    except Exception:
        _store_refused(database, gateway, message, Verdict.FAILED)
        raise


def _apply(
    database: Database, gateway: Gateway, message: Message, notification: Notification
) -> Verdict:
    trade, refund = notification.trade, notification.refund
    about = refund or trade
    row = kept(gateway, message, Verdict.ACCEPTED) | {
        "notification_id": notification.notification_id,
        "order_no": about.order_no[:64] if about else None,
    }
    if (
        trade
        and not refund
        and receipts.pays_us(gateway, trade)
        and ordinary.take(database, trade, "callback", row)
    ):
        return Verdict.ACCEPTED
    with database.unit_of_work() as session:
        verdict = Verdict.IGNORED
        if refund:
            verdict = hearing.record(session, gateway, refund, "callback")
        elif trade:
            verdict = receipts.record(session, gateway, trade, "callback")
        store(session, row | {"verdict": verdict.value})
    return verdict


def store(session: Session, row: dict[str, object]) -> None:
    """Keep a proven message; one that has been kept before stays as it is."""
    session.execute(insert(Callback).values(row).on_conflict_do_nothing())


def _store_refused(
    database: Database, gateway: Teller, message: Message, verdict: Verdict
) -> Verdict:
    with database.unit_of_work() as session:
        if _refused_lately(session, gateway) < REFUSED_PER_HOUR:
            session.execute(insert(Callback).values(kept(gateway, message, verdict)))
    return verdict


def _refused_lately(session: Session, gateway: Teller) -> int:
    lately = select(func.count()).where(
        Callback.gateway == gateway.name,
        Callback.notification_id.is_(None),
        Callback.received_at > clock.now() - timedelta(hours=1),
    )
    return session.scalar(lately) or 0


def kept(gateway: Teller, message: Message, verdict: Verdict) -> dict[str, object]:
    """The row of a message, as it came."""
    return {
        "gateway": gateway.name,
        "verdict": verdict.value,
        "headers": _kept_headers(message.headers),
        "body": message.body[:KEPT_BODY],
        "size": len(message.body),
        "received_at": clock.now(),
    }


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The gateway's own headers and the content type; a NUL has no place in JSON."""
    kept = {
        name: value[:_KEPT_HEADER_LENGTH].replace("\0", "")
        for name, value in headers.items()
        if name.lower().startswith(("wechatpay-", "content-"))
    }
    return dict(list(kept.items())[:_KEPT_HEADERS])
