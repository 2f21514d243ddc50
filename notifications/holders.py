"""Notices for accounts that nobody is linked to: their holders are told by SMS."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import hours
from notifications.going_on import has_words
from notifications.kinds import Level, kind
from notifications.models import COMPOSED, FAILED, Notice
from notifications.posting import ask_for_channels, message
from notifications.preferences import stopped
from service.models import Account

LANGUAGE = "zh"


def compose_holders(session: Session, notices: Sequence[Notice], now: datetime) -> None:
    """One short message for each; without a number, or against its holder's wish, none."""
    phones = _phones(session, notices)
    made = []
    for each in notices:
        if _put_off(each, now):
            continue
        reason = _obstacle(session, each, phones.get(each.account_no or "", ""))
        if reason:
            each.state, each.reason = FAILED, reason
            continue
        to, level = phones[each.account_no or ""], kind(each.kind).level
        made.append((each, message("sms", to, each.kind, level, [each], LANGUAGE)))
    session.add_all(written for _, written in made)
    session.flush()
    for notice, written in made:
        notice.state, notice.message_id = COMPOSED, written.id
    ask_for_channels(session, [written for _, written in made])


def _put_off(notice: Notice, now: datetime) -> bool:
    at = hours.next_decent(now)
    if kind(notice.kind).level is Level.URGENT or at == now:
        return False
    notice.not_before = at
    return True


def _obstacle(session: Session, notice: Notice, phone: str) -> str:
    """Why the holder cannot be told, if so."""
    known = kind(notice.kind)
    if not phone:
        return "no_phone"
    if "sms" not in known.channels or not has_words(session, notice.kind, "sms", LANGUAGE):
        return "no_way"
    if known.level is Level.NEWS:
        return "no_consent"
    if known.level is not Level.LEGAL and stopped(session, phone, known.topic):
        return "stopped"
    return ""


def _phones(session: Session, notices: Sequence[Notice]) -> dict[str, str]:
    numbers = {each.account_no for each in notices}
    rows = select(Account.account_no, Account.phone).where(Account.account_no.in_(numbers))
    return {row.account_no: row.phone for row in session.execute(rows)}
