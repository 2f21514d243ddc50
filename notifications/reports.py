"""What providers report later: that a message arrived, or did not. In any order, any often."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import health, settling
from notifications.models import (
    FAILED,
    RECIPIENT,
    SENDING,
    SENT,
    UNCLEAR,
    UNDELIVERED,
    WAITING,
    Message,
)
from runtime.crypto import blind_index

OPEN = (WAITING, SENDING, UNCLEAR, SENT)
"""States after which a report is news; that it arrived is also news after UNDELIVERED, FAILED."""


def note(
    session: Session,
    provider: str,
    *,
    reference: str | None = None,
    provider_no: str | None = None,
    recipient: str | None = None,
    delivered: bool,
    reason: str = "",
    at: datetime,
) -> bool:
    """Write a report down; False when we know no such message (yet).

    A message that arrived has arrived, whatever is said of it before or after.
    """
    message = _find(session, provider, reference, provider_no)
    if message is None or not _is_to(message, recipient):
        return False
    if message.state not in (OPEN if not delivered else (*OPEN, UNDELIVERED, FAILED)):
        return True
    seconds = (at - (message.sent_at or message.claimed_at or at)).total_seconds()
    settling.reported(session, message, provider_no, delivered=delivered, reason=reason, at=at)
    health.note_delivery(session, provider, delivered=delivered, seconds=seconds)
    return True


def _find(
    session: Session, provider: str, reference: str | None, provider_no: str | None
) -> Message | None:
    query = select(Message).where(Message.provider == provider).with_for_update()
    if reference:
        query = query.where(Message.reference == reference)
    elif provider_no:
        query = query.where(Message.provider_no == provider_no)
    else:
        return None
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()


def _is_to(message: Message, recipient: str | None) -> bool:
    return recipient is None or message.recipient_index == blind_index(recipient, RECIPIENT)
