"""What a message says at the moment at which it is handed over.

Figures are read then, and the wording is the one in force then. A notice that no longer holds is
taken back, and the message with it when it carries nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import figures
from notifications.channels.base import Enclosure, Parcel
from notifications.interim import in_force, template, templates
from notifications.kinds import kinds
from notifications.models import (
    COMPOSED,
    TOLD,
    WITHDRAWN,
    Attachment,
    Message,
    Notice,
)
from runtime.logs import get_logger

DIGEST = "digest"
MANY = ".many"
NO_LONGER = "no_longer"

_log = get_logger(__name__)
Filled = dict[str, str]


class Unsayable(Exception):  # noqa: N818 - a fault of words or figures, told by its reason
    """There are no words for it, or a figure is missing."""


@dataclass(frozen=True)
class Said:
    """What a message is filled with, and by which words it is said."""

    kind: str
    params: Filled


def contents(session: Session, messages: Sequence[Message]) -> dict[int, Parcel | Unsayable]:
    """The parcel of each message that still has something to say, by its id.

    Writes into the message which words it was; what has nothing to say is withdrawn.
    """
    said = _said(session, messages)
    files = _enclosures(session, said)
    found: dict[int, Parcel | Unsayable] = {}
    for message in messages:
        own = said.get(message.id)
        if own is None:
            message.state, message.params = WITHDRAWN, None
            continue
        try:
            found[message.id] = _parcel(session, message, own, files.get(message.id, []))
        except (KeyError, ValueError) as error:
            _log.error("message_unsayable", message=message.id, kind=own.kind, missing=str(error))
            found[message.id] = Unsayable("wording")
    return found


def bare(message: Message) -> Parcel:
    """A message as it is asked after: by reference and recipient, without words."""
    return Parcel(
        reference=message.reference,
        recipient=message.recipient or "",
        template=message.template,
        language=message.language,
        params={},
        words={},
        created_at=message.claimed_at,
    )


def _parcel(
    session: Session, message: Message, said: Said, enclosures: Sequence[Enclosure]
) -> Parcel:
    wording = in_force(session, said.kind, message.channel, message.language)
    words = wording.fill(said.params)
    message.template = template(said.kind, message.language)
    message.wording_version = wording.version
    if _is_kept(said.kind):
        message.words = "\n".join(each for each in words.values() if each)
    return Parcel(
        reference=message.reference,
        recipient=message.recipient or "",
        template=message.template,
        language=message.language,
        params=said.params,
        words=words,
        code=wording.codes.get(message.provider or "", ""),
        link=said.params.get("link", ""),
        created_at=message.claimed_at,
        enclosures=enclosures,
    )


def _is_kept(kind: str) -> bool:
    """Texts of codes, and of whatever has no kind, are never kept."""
    known = kinds().get(kind.removesuffix(MANY))
    return kind == DIGEST or (known is not None and known.keep_words)


def _said(session: Session, messages: Sequence[Message]) -> dict[int, Said]:
    """What each message is filled with; one that carries no notices has it with it."""
    carrying = [each for each in messages if each.notice_ids]
    own = {
        each.id: Said(templates()[each.template][0], json.loads(each.params))
        for each in messages
        if not each.notice_ids and each.params is not None
    }
    return own | _of_notices(session, carrying)


def _of_notices(session: Session, messages: Sequence[Message]) -> dict[int, Said]:
    alive = _alive(session, messages)
    told: dict[int, Filled | None] = {}
    for language in {each.language for each in messages}:
        ids = {id_ for each in messages if each.language == language for id_ in each.notice_ids}
        told |= _figures(session, [alive[id_] for id_ in sorted(ids & alive.keys())], language)
    _take_back(alive[id_] for id_, filled in told.items() if filled is None)
    found = {}
    for message in messages:
        live = {id_: filled for id_ in message.notice_ids if (filled := told.get(id_)) is not None}
        if live:
            found[message.id] = _together(message, [alive[id_] for id_ in live], live)
    return found


def _alive(session: Session, messages: Iterable[Message]) -> dict[int, Notice]:
    ids = {each for message in messages for each in message.notice_ids}
    rows = select(Notice).where(Notice.id.in_(ids), Notice.state.in_((COMPOSED, TOLD)))
    return {each.id: each for each in session.scalars(rows)}


def _figures(
    session: Session, notices: Sequence[Notice], language: str
) -> dict[int, Filled | None]:
    read = figures.read(session, notices, language)
    return {notice.id: filled for notice, filled in zip(notices, read, strict=True)}


def _take_back(notices: Iterable[Notice]) -> None:
    for each in notices:
        if each.state == COMPOSED:
            each.state, each.reason = WITHDRAWN, NO_LONGER


def _together(message: Message, notices: Sequence[Notice], filled: Mapping[int, Filled]) -> Said:
    """Several notices in one message; one that is left alone speaks for itself."""
    if len(notices) == 1:
        return Said(notices[0].kind, filled[notices[0].id])
    return Said(message.kind or DIGEST, {})


def _enclosures(session: Session, said: Mapping[int, Said]) -> dict[int, list[Enclosure]]:
    rows = session.scalars(
        select(Attachment).where(Attachment.message_id.in_(said)).order_by(Attachment.name)
    )
    found: dict[int, list[Enclosure]] = {}
    for each in rows:
        file = Enclosure(each.name, each.media_type, each.content)
        found.setdefault(each.message_id, []).append(file)
    return found
