"""What stands below what was said: buttons, the wait for a person, a call back, a last question."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from sqlalchemy.orm import Session

from portal import formats
from portal.chat import own_words
from portal.chat.entries import staff_name
from portal.i18n import gettext as _
from portal.settings import current_settings
from runtime import clock
from service.conversations import (
    Asked,
    Conversation,
    MessageView,
    hours,
    offered_by,
    place,
    to_rate,
    unanswered,
)

ANSWERED_WITHIN = timedelta(seconds=4)
"""A message that has no answer after that lost it on the way."""


@dataclass(frozen=True)
class Retry:
    """A message to be sent once more, as it was."""

    key: str
    text: str


@dataclass(frozen=True)
class Told:
    """What one answer says beside all that stands: why not, thanks, a form for a telephone."""

    said: str = ""
    kind: Literal["bad", "good"] = "bad"
    asks_phone: bool = False
    phone: str = ""
    phone_error: str = ""
    opens: str = ""


@dataclass(frozen=True)
class Under:
    """All of it. `offered` are (payload, title); `place` is how the asking for a person stands."""

    offered: tuple[tuple[str, str], ...] = ()
    state: str = ""
    place: str = ""
    rates: int | None = None
    retry: Retry | None = None
    delivery: str = ""
    told: Told = field(default_factory=Told)

    @property
    def tag(self) -> str:
        """Changes when any of it does, so that a page knows whether it has the newest."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def under(
    session: Session,
    conversation: Conversation | None,
    newest: Sequence[MessageView],
    told: Told | None = None,
) -> Under:
    """What stands below a conversation, whose newest messages these are; below none, beginnings."""
    told = told or Told()
    if conversation is None or not newest:
        return Under(offered=own_words.beginnings(), told=told)
    asked = place(session, conversation)
    listens = conversation.held_by == "assistant"
    rated = to_rate(session, conversation) if asked is None else None
    return Under(
        offered=tuple(offered_by(newest).items()) if listens else (),
        state=asked.state if asked else "",
        place=_place(session, asked) if asked else "",
        rates=rated.id if rated else None,
        retry=_retry(newest) if listens else None,
        delivery=_delivery(conversation, newest[-1]),
        told=told,
    )


def opens() -> str:
    """When somebody is there again; nothing while somebody is."""
    when = hours.opens_at()
    return (
        _(
            "%(when)s 上班，上班后给您打。急事打 %(hotline)s，什么时候都有人。",
            when=formats.moment(when),
            hotline=current_settings().hotline,
        )
        if when
        else ""
    )


def _place(session: Session, asked: Asked) -> str:
    if asked.state == "taken":
        name = staff_name(session, asked.staff_id) if asked.staff_id else _("同事")
        return _("%(name)s在和您说。", name=name)
    if asked.state == "callback":
        phone = formats.masked_phone(asked.phone or "")
        return formats.joined((_("会打 %(phone)s 给您回电。", phone=phone), opens()))
    return _queue(asked)


def _queue(asked: Asked) -> str:
    if asked.minutes is None:
        return (
            _("前面还有 %(ahead)s 位，您接着说也行。", ahead=asked.ahead)
            if asked.ahead
            else _("下一个就是您，您接着说也行。")
        )
    if asked.ahead:
        return _(
            "前面还有 %(ahead)s 位，大约 %(minutes)s 分钟。",
            ahead=asked.ahead,
            minutes=asked.minutes,
        )
    return _("下一个就是您，大约 %(minutes)s 分钟。", minutes=asked.minutes)


def _retry(newest: Sequence[MessageView]) -> Retry | None:
    waiting = unanswered(newest)
    if not waiting or clock.now() - waiting[-1].created_at < ANSWERED_WITHIN:
        return None
    return Retry(waiting[-1].client_key or "", waiting[-1].text)


def _delivery(conversation: Conversation, newest: MessageView) -> str:
    """What has become of one's own last words, where a person is to read them."""
    if newest.author != "customer" or conversation.held_by == "assistant":
        return ""
    return {"sent": _("发出了"), "delivered": _("送到了"), "read": _("已读")}[newest.delivery]
