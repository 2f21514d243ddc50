"""What a message says at the moment at which it is handed over.

Figures are read then, and the wording is the one in force then. A notice that no longer holds is
taken back, and the message with it when it carries nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from notifications import audience, figures, saying
from notifications.channels.base import Channel, Enclosure, Parcel
from notifications.channels.segments import segments
from notifications.faults import place
from notifications.kinds import Level, kinds
from notifications.models import (
    COMPOSED,
    TOLD,
    WITHDRAWN,
    Attachment,
    Message,
    Notice,
)
from notifications.preferences.links import unsubscribe_link
from notifications.preferences.models import ALL
from notifications.together import DIGEST, MANY, together
from notifications.wordings import Wording, in_force, template, templates
from runtime.logs import get_logger

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
    told = _told(session, messages)
    files = _enclosures(session, [each.id for each in messages])
    found: dict[int, Parcel | Unsayable] = {}
    for message in messages:
        try:
            said = _said(session, message, told)
            if said is None:
                message.state, message.params = WITHDRAWN, None
                continue
            found[message.id] = _parcel(session, message, said, files.get(message.id, []))
        except (KeyError, ValueError) as error:
            _log.error("message_unsayable", message=message.id, missing=str(error))
            found[message.id] = Unsayable("wording")
        except Unsayable as error:
            found[message.id] = error
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
    provider = message.provider or ""
    wording = in_force(session, said.kind, message.channel, message.language, provider)
    if not wording.goes_by(provider):
        raise KeyError(f"{provider} does not know the words")
    words = wording.fill(said.params)
    _note(message, said.kind, wording, words)
    return Parcel(
        reference=message.reference,
        recipient=message.recipient or "",
        template=message.template,
        language=message.language,
        params=_in_order(wording, said.params),
        words=words,
        code=wording.code(provider) or "",
        link=said.params.get("link") or saying.link("/inbox"),
        unsubscribe=_way_out(message, said.kind),
        created_at=message.claimed_at,
        enclosures=enclosures,
    )


def _way_out(message: Message, name: str) -> str:
    """Where a letter's reader asks for no more of its topic; what the law owes has no such way.

    Several topics in one letter end together.
    """
    if message.channel != Channel.MAIL or message.user_id is None:
        return ""
    if name == DIGEST:
        return unsubscribe_link(message.user_id, ALL)
    known = kinds().get(name.removesuffix(MANY))
    if known is None:
        return ""
    return "" if known.level is Level.LEGAL else unsubscribe_link(message.user_id, known.topic)


def _note(message: Message, kind: str, wording: Wording, words: Mapping[str, str]) -> None:
    """Which words they were, and where evidence is kept, the words themselves."""
    message.template = template(kind, message.language)
    message.wording_version = wording.version
    if message.channel == Channel.SMS:
        known = kinds().get(kind)
        is_news = known is not None and known.level is Level.NEWS
        message.segments = segments(words["text"], news=is_news)
    if _is_kept(kind):
        message.words = "\n".join(each for each in words.values() if each)


def _in_order(wording: Wording, params: Mapping[str, str]) -> Filled:
    """What fills the words, in the order in which they first name it, and nothing more."""
    named = (name for text in wording.parts.values() for _, name, *_ in Formatter().parse(text))
    return {name: params[name] for name in dict.fromkeys(named) if name}


def _is_kept(kind: str) -> bool:
    """Texts of codes, and of whatever has no kind, are never kept."""
    known = kinds().get(kind.removesuffix(MANY))
    return kind == DIGEST or (known is not None and known.keep_words)


Told = dict[int, tuple[Notice, Filled | Unsayable | None]]
"""By its id: a notice that is not taken back, and what fills it now."""


def _said(session: Session, message: Message, told: Told) -> Said | None:
    """What a message is filled with; None: nothing holds any more of what it carries.

    Raises Unsayable, and KeyError where words are missing.
    """
    if not message.notice_ids:
        kind = templates()[message.template][0]
        return None if message.params is None else Said(kind, json.loads(message.params))
    live = []
    for notice, filled in (told[each] for each in message.notice_ids if each in told):
        if isinstance(filled, Unsayable):
            raise filled
        if filled is not None:
            live.append((notice, filled))
    if len(live) > 1:
        name, (notices, figures_) = message.kind or DIGEST, zip(*live, strict=True)
        return Said(name, together(session, name, notices, figures_, message.language))
    return Said(live[0][0].kind, live[0][1]) if live else None


def _told(session: Session, messages: Sequence[Message]) -> Told:
    """All that these messages carry; what no longer holds is taken back."""
    alive, found = _alive(session, messages), Told()
    strangers = audience.strangers(session, alive.values())
    for language in {each.language for each in messages}:
        ids = {id_ for each in messages if each.language == language for id_ in each.notice_ids}
        notices = [alive[id_] for id_ in sorted(ids & alive.keys())]
        filled = _figures(session, notices, language)
        found |= {
            each.id: (each, None if each.id in strangers else filled[each.id]) for each in notices
        }
    _take_back(notice for notice, filled in found.values() if filled is None)
    return found


def _alive(session: Session, messages: Iterable[Message]) -> dict[int, Notice]:
    ids = {each for message in messages for each in message.notice_ids}
    rows = select(Notice).where(Notice.id.in_(ids), Notice.state.in_((COMPOSED, TOLD)))
    return {each.id: each for each in session.scalars(rows)}


def _figures(
    session: Session, notices: Sequence[Notice], language: str
) -> dict[int, Filled | Unsayable | None]:
    """What each is filled with; a kind that cannot be read holds up no other."""
    found: dict[int, Filled | Unsayable | None] = {}
    for name in dict.fromkeys(each.kind for each in notices):
        same = [each for each in notices if each.kind == name]
        try:
            with session.begin_nested():
                read = figures.read(session, same, language)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of one room's reader
            _log.error("figures_broke", kind=name, fault=place(error))
            found |= {each.id: Unsayable("figures") for each in same}
        else:
            found |= {each.id: filled for each, filled in zip(same, read, strict=True)}
    return found


def _take_back(notices: Iterable[Notice]) -> None:
    for each in notices:
        if each.state == COMPOSED:
            each.state, each.reason = WITHDRAWN, NO_LONGER


def _enclosures(session: Session, ids: Sequence[int]) -> dict[int, list[Enclosure]]:
    rows = session.scalars(
        select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.name)
    )
    found: dict[int, list[Enclosure]] = {}
    for each in rows:
        file = Enclosure(each.name, each.media_type, each.content)
        found.setdefault(each.message_id, []).append(file)
    return found
