"""Messages as they stand on the page: with their hour, their author, their card."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from portal import formats
from portal.chat import cards
from portal.i18n import gettext as _
from portal.settings import current_settings
from runtime import clock
from service.conversations import MessageView, notices
from service.people import users

PAUSE = timedelta(minutes=30)
"""After so long a silence the hour is said again."""

NOTICES: dict[str, LazyString] = {
    notices.QUEUED: _l("已经去叫人了，对方看得到上面的话，不用重说"),
    notices.CALL_BACK: _l("记下了，上班后给您回电"),
    notices.JOINED: _l("%(name)s 接手了，看得到上面的对话"),
    notices.RELEASED: _l("%(name)s 有事离开，换一位同事来"),
    notices.HANDED_BACK: _l("%(name)s 离开了，灯火接着帮您"),
    notices.CLOSED: _l("%(name)s 说这件事办完了，灯火接着帮您"),
    notices.GIVEN_UP: _l("不找人工了，灯火接着帮您"),
    notices.FINISHED: _l("聊完了，灯火接着帮您"),
    notices.CALLED: _l("%(name)s 给您回过电话了"),
    notices.DESK_CLOSED: _l("下班了，没能轮到您，对不住。留个电话，上班给您回；灯火接着帮您"),
}
"""What a notice's code says; a test compares."""


@dataclass(frozen=True)
class Entry:
    """A message ready to be shown. `stamp` is the hour, `who` the name of a member of staff.

    `warns`: it says what to do in danger.
    """

    id: int
    author: str
    text: str
    card: Markup
    stamp: str
    who: str
    key: str | None
    warns: bool


def entries(
    session: Session, messages: Sequence[MessageView], begin: int = 0, *, newest: bool = True
) -> list[Entry]:
    """Messages one after the other, from the place `begin` on; what is before it is not shown.

    With `newest` the last of them is the last of all.
    """
    names = _names(session, messages[begin:])
    last = len(messages) - 1 if newest else None
    return [
        _entry(messages[place], messages[place - 1] if place else None, names, last=place == last)
        for place in range(begin, len(messages))
    ]


def staff_name(session: Session, staff_id: int) -> str:
    """A member of staff as customers may know them: `林*月`."""
    return formats.masked_name(users.get_user(session, staff_id).name) or _("同事")


def _names(session: Session, messages: Iterable[MessageView]) -> dict[int, str]:
    ids = {each.staff_id for each in messages if each.staff_id is not None}
    return {staff_id: staff_name(session, staff_id) for staff_id in ids}


def _entry(
    message: MessageView,
    previous: MessageView | None,
    names: Mapping[int, str],
    *,
    last: bool,
) -> Entry:
    name = names.get(message.staff_id or 0, "")
    return Entry(
        id=message.id,
        author=message.author,
        text=_text(message, name),
        card=cards.draw(message.card, last=last) if message.card else cards.NOTHING,
        stamp=_stamp(message.created_at, previous.created_at if previous else None),
        who=_("%(name)s，人工", name=name) if _begins(message, previous) else "",
        key=message.client_key if message.author == "customer" else None,
        warns=_warns(message),
    )


def _warns(message: MessageView) -> bool:
    return message.danger and message.author == "assistant"


def _text(message: MessageView, name: str) -> str:
    if _warns(message):
        return _dialable(message.text)
    if message.author != "notice":
        return message.text
    words = NOTICES.get(message.text)
    return str(words % {"name": name or _("同事")}) if words is not None else ""


def _dialable(text: str) -> Markup:
    """A text whose numbers for help are called at a tap."""
    helpers = "|".join(("110", "119", "120", re.escape(current_settings().hotline)))
    numbers = re.compile(rf"(?<!\d)({helpers})(?!\d)")
    return Markup(numbers.sub(r'<a href="tel:\1">\1</a>', str(escape(text))))  # noqa: S704


def _stamp(at: datetime, before: datetime | None) -> str:
    """The hour, where the day is another or nothing was said for a while."""
    same_day = before is not None and clock.civil_date(before) == clock.civil_date(at)
    if before is not None and same_day and at - before < PAUSE:
        return ""
    return formats.moment(at)


def _begins(message: MessageView, previous: MessageView | None) -> bool:
    """Whether a member of staff begins to speak here."""
    if message.author != "staff":
        return False
    return previous is None or (previous.author, previous.staff_id) != ("staff", message.staff_id)
