"""Letters to an address: written down with the change that asks for them, sent by a job."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from notifications import outbox, wordings
from notifications.channels.base import Enclosure
from notifications.models import Attachment

__all__ = ["Enclosure", "queue"]


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
    wordings.named(name, "mail").fill(params)  # what cannot be written is found here
    number = outbox.put(session, "mail", to, name, params)
    session.add_all(
        Attachment(
            message_id=number, name=each.name, media_type=each.media_type, content=each.content
        )
        for each in enclosures
    )
    outbox.ask_to_dispatch(session, "mail")
