"""Short messages to a number: written down with the change that asks for them, sent by a job."""

from datetime import datetime

from sqlalchemy.orm import Session

from notifications import outbox, wordings
from notifications.models import URGENT, USUAL
from runtime import clock
from service.people.events import CodeIssued

Params = dict[str, str]


def queue_code(session: Session, event: CodeIssued) -> None:
    """Write the message with a one-time code down and ask for it to be sent."""
    minutes = round((event.expires_at - clock.now()).total_seconds() / 60)
    params: Params = {"code": event.code, "minutes": str(minutes), **event.details}
    template = wordings.template(f"code.{event.purpose}", event.language)
    queue(session, event.phone, template, params, expires_at=event.expires_at, priority=URGENT)


def queue(
    session: Session,
    phone: str,
    template: str,
    params: Params,
    *,
    expires_at: datetime | None = None,
    priority: int = USUAL,
) -> None:
    """Write a message down and ask for it to be sent. Raises KeyError for an unknown template."""
    wordings.named(template, "sms").fill(params)  # what cannot be written is found here
    number = outbox.put(
        session, "sms", phone, template, params, expires_at=expires_at, priority=priority
    )
    outbox.ask_to_send(session, number)


def queue_once(session: Session, phone: str, template: str, params: Params, *, key: str) -> None:
    """As `queue`; the same key again writes nothing. Raises KeyError for an unknown template."""
    wordings.named(template, "sms").fill(params)
    number = outbox.put_once(session, "sms", phone, template, params, key=key)
    if number is not None:
        outbox.ask_to_send(session, number)
