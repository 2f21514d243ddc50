"""Arrangements to pay later, to the user who made them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.audience import payers_of
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime.money import yuan
from runtime.settings import load
from service.access import rights_on
from service.arrangements.showing import living, progress
from service.events import (
    ArrangementBroken,
    ArrangementDecided,
    ArrangementKept,
    InstalmentDue,
)

Event = ArrangementDecided | ArrangementKept | ArrangementBroken | InstalmentDue


def on_decided(session: Session, event: ArrangementDecided) -> None:
    """The desk has agreed, or not."""
    decision = "agreed" if event.agreed else "lapsed" if event.lapsed else "declined"
    known = {"decision": decision, "first_day": event.first_day.isoformat()}
    _tell(session, event, "decided", "decided", known)


def on_kept(session: Session, event: ArrangementKept) -> None:
    """All of it is paid."""
    _tell(session, event, "kept", "kept", {})


def on_broken(session: Session, event: ArrangementBroken) -> None:
    """A part was missed."""
    known = {"missed_fen": event.missed_fen}
    _tell(session, event, "broken", f"broken:{event.missed_day}", known)


def on_due(session: Session, event: InstalmentDue) -> None:
    """A part is due soon."""
    known = {"number": event.number, "parts": event.parts, "day": event.day.isoformat()}
    _tell(session, event, "due", f"due:{event.number}:{event.day}", known)


@figures("arrangement.decided", "arrangement.kept", "arrangement.broken")
def of_arrangements(
    _session: Session, told: Sequence[Notice], language: str
) -> list[Figures | None]:
    """What was decided or missed."""
    return [_figures(each, language) for each in told]


@figures("arrangement.due")
def of_parts(session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """What is left to pay of the part; nothing when it is paid or the arrangement is over."""
    return [_part(session, each, language) for each in told]


def _part(session: Session, notice: Notice, language: str) -> Figures | None:
    known = params_of(notice)
    to_pay_fen = _to_pay(session, notice.account_no or "", known)
    if to_pay_fen is None:
        return None
    return _figures(notice, language) | {
        "amount": yuan(to_pay_fen),
        "part": str(known["number"]),
        "parts": str(known["parts"]),
        "day": saying.day(date.fromisoformat(known["day"]), language),
    }


def _to_pay(session: Session, account_no: str, known: dict[str, Any]) -> int | None:
    """What is left of the part, in fen; None when it is paid or the arrangement is over."""
    found = living(session, account_no)
    if found is None or found.id != known["arrangement_id"]:
        return None
    at = progress(session, found)
    return at.to_pay_fen if at.next and at.next.number <= known["number"] else None


def _figures(notice: Notice, language: str) -> Figures:
    known = params_of(notice)
    return {
        "decision": _decision(known, language),
        "amount": yuan(known.get("missed_fen", 0)),
        "tail": saying.tail(notice.account_no or ""),
        "link": saying.link(f"/arrangements/{notice.account_no}"),
        "phone": load(LinkSettings).hotline,
    }


def _decision(known: dict[str, Any], language: str) -> str:
    if "decision" not in known:
        return ""
    first = saying.day(date.fromisoformat(known["first_day"]), language)
    return saying.name("decision", known["decision"], language, day=first)


def _tell(session: Session, event: Event, what: str, key: str, params: dict[str, Any]) -> None:
    """Who made it; when they have left the account, those who pay for it now."""
    left = not rights_on(session, event.user_id, event.account_no)
    notices.tell_each(
        session,
        f"arrangement.{what}",
        payers_of(session, event.account_no) if left else [event.user_id],
        event.account_no,
        key=f"arrangement:{event.arrangement_id}:{key}",
        params=params | {"arrangement_id": event.arrangement_id},
    )
