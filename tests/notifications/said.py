"""What waiting notices say, by the words that come with Denghuo."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import figures, inbox, wordings
from notifications.kinds import kind
from notifications.models import Notice


def notices(session: Session, name: str) -> list[Notice]:
    """The notices of a kind, the oldest first."""
    return list(session.scalars(select(Notice).where(Notice.kind == name).order_by(Notice.id)))


def said(session: Session, name: str, language: str = "zh", channel: str = "sms") -> list[str]:
    """The text of each on a channel; those that no longer hold say nothing."""
    told = figures.read(session, notices(session, name), language)
    form = wordings.in_force(session, name, channel, language)
    return [form.fill(each)["text"] for each in told if each is not None]


def assert_said_everywhere(session: Session, name: str) -> None:
    """Every channel of the kind can say it, in both languages, with the figures that it has."""
    waiting = notices(session, name)
    assert waiting
    for language in wordings.LANGUAGES:
        for told in figures.read(session, waiting, language):
            assert told is not None
            for channel in kind(name).channels:
                filled = wordings.in_force(session, name, channel, language).fill(told)
                assert all(filled.values()), (channel, language, filled)


def in_the_inbox(session: Session, user_id: int) -> list[str]:
    """The kinds that a user finds there, the newest first."""
    return [each.kind for each in inbox.page(session, user_id)]
