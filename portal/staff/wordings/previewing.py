"""A wording as a customer would see it, filled with samples or with the figures of an account."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import saying, wordings
from notifications.channels.segments import segments
from notifications.settings import LinkSettings
from notifications.wordings import catalogue, changing
from notifications.wordings.versions import Wording
from portal.staff.wordings.room import CHANNELS
from runtime import clock
from runtime.money import yuan
from runtime.settings import load
from service.dues import due_of
from service.models import Account, Bill

WH = 1000


@dataclass(frozen=True)
class Seen:
    """A channel as its reader sees it. `rows` are those of a card, name and value."""

    channel: str
    version: int
    parts: dict[str, str]
    segments: int = 0
    card: str = ""
    rows: tuple[tuple[str, str], ...] = ()


def of_account(session: Session, account: Account, language: str) -> dict[str, str]:
    """What a message about the newest bill of an account would say today."""
    house = load(LinkSettings)
    known = {
        "tail": saying.tail(account.account_no),
        "phone": house.hotline,
        "utility": house.utility(language),
        "link": saying.link("/pay"),
    }
    bill = session.scalars(
        select(Bill)
        .where(Bill.account_no == account.account_no, Bill.status == "issued")
        .order_by(Bill.period.desc(), Bill.bill_no.desc())
        .limit(1)
    ).one_or_none()
    return known | (_of_bill(bill, language) if bill else {})


def all_channels(
    session: Session, kind: str, language: str, params: Mapping[str, str], *, drafts: bool
) -> list[Seen]:
    """Each channel on which a kind goes; with `drafts`, as it would be with what is written."""
    topic = catalogue.wordings()[kind]
    return [
        _seen(_wording(session, kind, channel, language, drafts), params)
        for channel in CHANNELS
        if topic.parts(channel)
    ]


def _of_bill(bill: Bill, language: str) -> dict[str, str]:
    due = due_of(bill, clock.today())
    return {
        "amount": yuan(due.amount_fen),
        "principal": yuan(due.principal_fen),
        "late": yuan(due.late_fee_fen),
        "month": saying.month(bill.period, language),
        "day": saying.day(bill.due, language),
        "days": str(due.days_late),
        "kwh": f"{bill.wh / WH:.0f}",
    }


def _wording(session: Session, kind: str, channel: str, language: str, drafts: bool) -> Wording:
    found = wordings.in_force(session, kind, channel, language)
    row = changing.draft_of(session, (kind, channel, language)) if drafts else None
    if row is None:
        return found
    return Wording(
        kind, channel, language, row.version, row.parts, template=found.template, card=found.card
    )


def _seen(wording: Wording, params: Mapping[str, str]) -> Seen:
    parts = wording.fill(params)
    count = segments(parts["text"]) if wording.channel == "sms" else 0
    return Seen(
        wording.channel,
        wording.version,
        parts,
        count,
        wording.card,
        _rows(wording, parts) if wording.channel == "wechat" else (),
    )


def _rows(wording: Wording, parts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A card with the names that it has in the reader's language."""
    keys = catalogue.cards()[catalogue.wordings()[wording.kind].card].keys
    return tuple((keys[part].said(wording.language), text) for part, text in parts.items())
