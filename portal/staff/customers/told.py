"""What a customer was sent, as their page at the desk shows it: masked, with the words as sent."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from notifications import evidence
from notifications.models import Message
from portal import formats
from portal.staff.messages import CHANNELS, PROVIDERS, titled

STATES = {
    **dict.fromkeys(("waiting", "sending"), (_l("等着发"), "")),
    "unclear": (_l("等回音"), "due"),
    "sent": (_l("发出去了"), "info"),
    "delivered": (_l("送到了"), "good"),
    "undelivered": (_l("没送到"), "bad"),
    "failed": (_l("没发成"), "bad"),
    "expired": (_l("过时了，没发"), ""),
    "withdrawn": (_l("取消了，没发"), ""),
}


@dataclass(frozen=True)
class Sent:
    """A message as evidence."""

    title: str
    at: datetime
    channel: str
    provider: str
    to: str
    state: tuple[object, str]
    version: int | None
    words: str


def told(session: Session, account_no: str) -> list[Sent]:
    """The newest messages about an account."""
    return [_sent(each) for each in evidence.about(session, account_no)]


def _sent(message: Message) -> Sent:
    return Sent(
        titled(message),
        message.sent_at or message.created_at,
        str(CHANNELS[message.channel]),
        str(PROVIDERS.get(message.provider or "", message.provider or "")),
        _masked(message),
        STATES[message.state],
        message.wording_version,
        message.words or "",
    )


def _masked(message: Message) -> str:
    """Enough to be recognised by whoever knows it; an openid says nothing to anybody."""
    to = message.recipient or ""
    if message.channel in ("sms", "voice"):
        return formats.masked_phone(to) if to else ""
    name, at, domain = to.partition("@")
    return f"{name[:1]}***@{domain}" if message.channel == "mail" and at else ""
