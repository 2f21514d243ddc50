"""Bundles become messages; what reaches nobody outside the portal was told by the inbox."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from notifications import outbox
from notifications.bundles import Bundle
from notifications.kinds import Level
from notifications.models import BULK, COMPOSED, TOLD, URGENT, USUAL, Message, Notice
from notifications.wordings import template
from runtime import clock

INBOX = "inbox"
PRIORITIES = {Level.URGENT: URGENT, Level.LEGAL: USUAL, Level.SERVICE: USUAL, Level.NEWS: BULK}


def post(session: Session, made: Sequence[Bundle]) -> None:
    """Write the messages of these bundles down, and ask for them to be sent."""
    now, written = clock.now(), []
    for each in made:
        if each.plan:
            written.append((each, _messages(each)))
            continue
        for notice in each.notices:
            notice.state, notice.reason, notice.told_at = TOLD, INBOX, now
    session.add_all(message for _, messages in written for message in messages)
    session.flush()
    for bundle, messages in written:
        for notice in bundle.notices:
            notice.state, notice.message_id = COMPOSED, messages[0].id
    ask_for_channels(session, (each for _, messages in written for each in messages))


def ask_for_channels(session: Session, messages: Iterable[Message]) -> None:
    """Ask for a chunk of every channel that these go on."""
    for channel in sorted({each.channel for each in messages}):
        outbox.ask_to_dispatch(session, channel)


def message(
    channel: str, to: str, name: str, level: Level, notices: Sequence[Notice], language: str
) -> Message:
    """A first try on a channel, for these notices of one person."""
    ends = [each.expires_at for each in notices if each.expires_at is not None]
    row = outbox.row(
        channel,
        to,
        template=template(name, language),
        kind=name,
        language=language,
        user_id=notices[0].user_id,
        notice_ids=[each.id for each in notices],
        plan=[channel],
        rank=0,
        priority=PRIORITIES[level],
    )
    return Message(**row | ({"expires_at": max(ends)} if ends else {}))


def _messages(bundle: Bundle) -> list[Message]:
    """On the first channel of the plan, or on all at once; to each address of the person."""
    made = []
    for channel in bundle.plan if bundle.at_once else bundle.plan[:1]:
        for to in bundle.to[channel]:
            each = message(
                channel, to, bundle.name, bundle.level, bundle.notices, bundle.wishes.language
            )
            each.plan = [channel] if bundle.at_once else list(bundle.plan)
            made.append(each)
    return made
