"""Mail: written down with the change that asks for it, handed over by a job.

The provider knows a letter by our reference, so a job that runs twice sends once.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import outbox
from notifications.letters import letter
from notifications.models import FAILED, SENT, Attachment, Message
from notifications.settings import NotificationSettings
from runtime.http import Outbound, OutboundError
from runtime.jobs import BACKOFF, database, defer, jobs
from runtime.logs import get_logger
from runtime.settings import load

_log = get_logger(__name__)


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    media_type: str
    content: bytes


def queue(
    session: Session,
    to: str,
    template: str,
    language: str,
    params: dict[str, str],
    enclosures: Sequence[Enclosure] = (),
) -> None:
    """Write a letter down and ask for it to be sent. Raises KeyError for an unknown template."""
    name = f"{template}_{language}"
    letter(name, params)  # what cannot be written is found here
    number = outbox.put(session, "mail", to, name, params)
    session.add_all(
        Attachment(
            message_id=number, name=each.name, media_type=each.media_type, content=each.content
        )
        for each in enclosures
    )
    defer(session, send, message_id=number)


@jobs.task(name="notifications.mail", queue="notifications", retry=BACKOFF)
def send(message_id: int) -> None:
    """Hand a waiting letter over. No connection is held while the provider answers."""
    with database().unit_of_work() as session:
        message = outbox.take(session, message_id)
        enclosed = session.scalars(
            select(Attachment).where(Attachment.message_id == message_id).order_by(Attachment.name)
        ).all()
    if message is None or message.params is None or message.recipient is None:
        return
    try:
        response = _provider().post(
            "/mail/v1/messages", idempotent=True, json=_wire(message, message.params, enclosed)
        )
    except OutboundError as error:
        if not error.refused:
            raise
        _log.error("mail_refused", message=message_id, status=error.status)
        outbox.finish(message_id, FAILED, failure=f"http_{error.status}")
        return
    outbox.finish(message_id, SENT, provider_no=str(response.json()["message_id"]))


def _wire(message: Message, params: str, enclosed: Sequence[Attachment]) -> dict[str, object]:
    written = letter(message.template, json.loads(params))
    return {
        "to": message.recipient,
        "subject": written.subject,
        "text": written.text,
        "client_id": message.reference,
        "attachments": [
            {
                "name": each.name,
                "type": each.media_type,
                "content": base64.b64encode(each.content).decode(),
            }
            for each in enclosed
        ],
    }


@cache
def _provider() -> Outbound:
    settings = load(NotificationSettings)
    token = settings.mail_token.get_secret_value() if settings.mail_token else ""
    return Outbound(
        settings.mail_url,
        timeout=settings.mail_timeout,
        headers={"Authorization": f"Bearer {token}"},
        name="mail",
    )
