"""Where WeChat brings what people write: verified, answered within its five seconds.

The same message is brought up to three times; its number is the key under which it is stored, so
it is answered once and its answer is given again.
"""

import secrets

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from notifications.channels import reported
from notifications.preferences import stopping
from portal import words as sentences
from portal.access import callback
from portal.chat import turn
from portal.chat.assistant import assistant
from portal.chat.turn import Spoken
from portal.security import exempt_from_form_token
from portal.unit import database
from portal.wechat import words
from portal.wechat.account import account
from portal.wechat.letters import LONGEST, Letter, NotWeChat
from runtime import clock
from runtime.errors import Refused
from runtime.logs import get_logger
from service.conversations import Conversation, Message, answers, offered
from service.people import wechat

NOTHING = "success"
"""What WeChat wants when there is nothing to say."""
FINISHED, DELIVERED = "templatesendjobfinish", "success"

_log = get_logger(__name__)

blueprint = exempt_from_form_token(
    callback(Blueprint("wechat_door", __name__, url_prefix="/wechat/messages"))
)


@blueprint.get("")
def greet() -> ResponseReturnValue:
    """WeChat looks whether the address is ours."""
    try:
        return Response(account().desk.greeted(request.args), content_type="text/plain")
    except NotWeChat:
        abort(403)


@blueprint.post("")
def take() -> ResponseReturnValue:
    """One message of somebody in WeChat."""
    request.max_content_length = LONGEST
    try:
        letter = account().desk.open(request.args, request.get_data())
    except NotWeChat as no:
        _log.warning("wechat_refused_message", reason=str(no))
        abort(400)
    text = _answer(letter)
    if not text:
        return Response(NOTHING, content_type="text/plain")
    sealed = account().desk.seal(letter, text, secrets.token_hex(8))
    return Response(sealed, content_type="application/xml")


def _answer(letter: Letter) -> str:
    """To what is said; an event says nothing, but whoever begins to follow is welcomed."""
    if letter.event == FINISHED:
        _note_report(letter)
    if letter.event:
        return words.welcome() if letter.event in ("subscribe", "subscribe_scan") else ""
    if not letter.text:
        return words.unheard()
    return _stopped(letter) or _conversed(letter)


def _note_report(letter: Letter) -> None:
    """WeChat says what became of one of our template messages."""
    status = str(letter.raw.status or "")
    with database().unit_of_work() as session:
        reported.take(
            session,
            "wechat",
            str(letter.raw.id),
            delivered=status == DELIVERED,
            reason="" if status == DELIVERED else status,
        )


def _stopped(letter: Letter) -> str:
    """To a user who wants to hear no more here, or again; empty for everything else."""
    with database().unit_of_work() as session:
        user_id = wechat.user_of(session, letter.openid)
        if user_id is None:
            return ""
        done = stopping.hear(
            session, user_id=user_id, channel="wechat", words=letter.text, at=clock.now()
        )
        return words.stopped(done) if done is not None else ""


def _conversed(letter: Letter) -> str:
    """The turn in this person's conversation, and what it has brought."""

    def opened(session: Session) -> Conversation:
        return wechat.conversation(session, letter.openid, "zh")

    try:
        spoken = _spoken(letter)
        number = turn.take(database(), assistant(), opened, spoken)
    except Refused as refusal:
        return sentences.refusal(refusal)
    with database().unit_of_work() as session:
        said = answers(session, session.get_one(Message, number))
        return words.answers(said, wechat.is_bound(session, letter.openid))


def _spoken(letter: Letter) -> Spoken:
    """A number that stands before a button is that button."""
    with database().unit_of_work() as session:
        mine = wechat.conversation(session, letter.openid, "zh")
        buttons = list(offered(session, mine).items())
        language = mine.language
    typed = letter.text.strip()
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 2 else 0
    payload, title = buttons[number - 1] if 1 <= number <= len(buttons) else (None, typed)
    return Spoken(title, letter.key, language, payload, channel="wechat")
