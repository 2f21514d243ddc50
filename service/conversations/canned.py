"""Replies that the desk has ready, kept by those who lead it."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from runtime.errors import Conflict, NotFound, Refused
from service.conversations.models import CannedReply

LONGEST_TITLE = 30
LONGEST_TEXT = 1000


def canned_replies(session: Session) -> Sequence[CannedReply]:
    """All of them, in the order of the desk."""
    return session.scalars(select(CannedReply).order_by(CannedReply.position, CannedReply.id)).all()


def add(session: Session, title: str, text_zh: str, text_en: str) -> CannedReply:
    """A new one, at the end.

    Raises Refused("canned.incomplete"), Refused("canned.too_long"), Conflict("canned.title_taken").
    """
    last = session.scalar(select(func.max(CannedReply.position)))
    reply = CannedReply(position=0 if last is None else last + 1)
    return _write(session, reply, title, text_zh, text_en)


def change(session: Session, reply_id: int, title: str, text_zh: str, text_en: str) -> CannedReply:
    """Other words for one. Raises NotFound("canned.not_found") and what `add` raises."""
    reply = session.get(CannedReply, reply_id, with_for_update=True)
    if reply is None:
        raise NotFound("canned.not_found")
    return _write(session, reply, title, text_zh, text_en)


def remove(session: Session, reply_id: int) -> None:
    """Take one away; one that is gone is gone."""
    session.execute(delete(CannedReply).where(CannedReply.id == reply_id))


def _write(
    session: Session, reply: CannedReply, title: str, text_zh: str, text_en: str
) -> CannedReply:
    texts = [each.replace("\r\n", "\n").strip() for each in (title, text_zh, text_en)]
    if not all(texts):
        raise Refused("canned.incomplete")
    if len(texts[0]) > LONGEST_TITLE or max(map(len, texts[1:])) > LONGEST_TEXT:
        raise Refused("canned.too_long", most=LONGEST_TEXT)
    try:
        with session.begin_nested():
            reply.title, reply.text_zh, reply.text_en = texts
            session.add(reply)
    except IntegrityError as error:
        raise Conflict("canned.title_taken") from error
    return reply
