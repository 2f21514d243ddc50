"""What somebody agreed to, or no longer does, with the words that were shown: never changed."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.preferences.models import CONSENT_PHONE, Consent
from runtime import clock
from runtime.crypto import blind_index

SHOWN = 50
"""So many of the newest a person sees."""
PAGE, REPLY, ONE_CLICK, ASSISTANT = "page", "reply", "one_click", "assistant"
MAIL = "mail"
"""The topic of a consent to be written to at an address, whatever it is about."""


def write(
    session: Session,
    *,
    topic: str,
    channel: str,
    given: bool,
    words: str,
    language: str,
    how: str,
    user_id: int | None = None,
    phone: str | None = None,
) -> None:
    """Keep one, of a user or of a number without one."""
    index = blind_index(phone, CONSENT_PHONE) if user_id is None and phone else None
    session.add(
        Consent(
            user_id=user_id,
            phone_index=index,
            topic=topic,
            channel=channel,
            given=given,
            words=words,
            language=language,
            how=how,
            at=clock.now(),
        )
    )
    session.flush()


def history(session: Session, user_id: int) -> Sequence[Consent]:
    """What a user agreed to and took back, the newest first."""
    mine = select(Consent).where(Consent.user_id == user_id)
    return session.scalars(mine.order_by(Consent.id.desc()).limit(SHOWN)).all()
