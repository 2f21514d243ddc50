"""What the law wants to be told before supply is cut off, and that it will not be.

Everybody who pays for the account is told, on every channel there is. That it went out is said
back to whoever planned it (`on_told`); without that nothing may be disconnected.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from notifications import inbox, notices, saying
from notifications.audience import payers_of
from notifications.events import LegalNoticeFailed, LegalNoticeTold
from notifications.figures import Figures, figures, params_of
from notifications.models import TOLD, Notice
from notifications.settings import LinkSettings
from runtime import clock
from runtime.money import yuan
from runtime.settings import load
from service.disconnections import note_told, note_untold, note_unwarned, note_warned
from service.disconnections.models import Disconnection
from service.dues import dues_of
from service.events import DisconnectionCalledOff, DisconnectionNear, DisconnectionPlanned

ALIVE = frozenset({"planned", "noticed"})
PROVEN = ("disconnection.planned", "disconnection.near")
"""What must provably go out before anybody is disconnected."""


def on_planned(session: Session, event: DisconnectionPlanned) -> None:
    """The formal notice; of no use once its time is over."""
    _tell(session, event, "planned", "planned", expires_at=event.notice_by)


def on_near(session: Session, event: DisconnectionNear) -> None:
    """Once more, an hour and half an hour before."""
    _tell(session, event, "near", f"near:{event.minutes_before}", expires_at=event.at)


def on_called_off(session: Session, event: DisconnectionCalledOff) -> None:
    """What was announced will not be; notices that wait are taken back.

    Where none has gone out yet only the inbox has it, and only the inbox says that it is off.
    """
    waiting = Notice.kind.in_(PROVEN)
    notices.withdraw(session, waiting, Notice.account_no == event.account_no, reason="called_off")
    if event.told:
        _tell(session, event, "called_off", "called_off")
    elif event.was != "asked":
        _put(session, event)


def on_told(session: Session, event: LegalNoticeTold) -> None:
    """The formal notice, or a warning, has gone out: that is said to whoever planned it."""
    if event.kind not in PROVEN:
        return
    number, minutes = _which(event.key)
    if minutes is None:
        note_told(session, number, event.at)
    else:
        note_warned(session, number, minutes, event.at)
    _tell_if_off(session, number)


def on_failed(session: Session, event: LegalNoticeFailed) -> None:
    """It has reached that person by no way; where nobody else was told either, that is said too."""
    if event.kind not in PROVEN or _somebody_knows(session, event.key):
        return
    number, minutes = _which(event.key)
    if minutes is None:
        note_untold(session, number)
    else:
        note_unwarned(session, number, minutes)


@figures(*PROVEN)
def of_planned(session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """What is past due, with late charges as of now; nothing when it will not be any more.

    A bill whose day has not come is no reason to be cut off, so it is not in the sum.
    """
    numbers = {params_of(each)["disconnection_id"] for each in told}
    alive = set(
        session.scalars(
            select(Disconnection.id).where(
                Disconnection.id.in_(numbers), Disconnection.state.in_(ALIVE)
            )
        )
    )
    return [
        _planned(session, each, language) if params_of(each)["disconnection_id"] in alive else None
        for each in told
    ]


@figures("disconnection.called_off")
def of_called_off(
    _session: Session, told: Sequence[Notice], _language: str
) -> list[Figures | None]:
    """For which account."""
    return [_common(each) for each in told]


def _which(key: str) -> tuple[int, int | None]:
    """The disconnection that a notice's key names; of a warning, how many minutes before."""
    _name, number, *rest = key.split(":")
    return int(number), int(rest[1]) if rest[0] == "near" else None


def _tell_if_off(session: Session, number: int) -> None:
    """A provider had it in hand as it was called off: what was heard since does not hold."""
    found = session.get(Disconnection, number, populate_existing=True)
    if found is not None and found.state == "called_off":
        _tell(session, found, "called_off", "called_off")


def _somebody_knows(session: Session, key: str) -> bool:
    """Whether the same was told to anybody for the same account."""
    session.flush()
    shared, _colon, _person = key.rpartition(":")
    account = select(Notice.account_no).where(Notice.key == key).scalar_subquery()
    told = Notice.account_no == account, Notice.key.startswith(f"{shared}:"), Notice.state == TOLD
    return bool(session.scalar(select(exists().where(*told))))


def _planned(session: Session, notice: Notice, language: str) -> Figures:
    at = datetime.fromisoformat(params_of(notice)["at"])
    dues = dues_of(session, notice.account_no or "")
    owed = sum(each.amount_fen for each in dues if each.days_late > 0)
    return _common(notice) | {
        "amount": yuan(owed),
        "day": saying.day(clock.civil_date(at), language),
        "clock": saying.hour(at),
        "utility": load(LinkSettings).utility(language),
    }


def _common(notice: Notice) -> Figures:
    return {
        "tail": saying.tail(notice.account_no or ""),
        "link": saying.link("/bills"),
        "phone": load(LinkSettings).hotline,
    }


def _tell(
    session: Session,
    of: DisconnectionPlanned | DisconnectionNear | DisconnectionCalledOff | Disconnection,
    what: str,
    key: str,
    *,
    expires_at: datetime | None = None,
) -> None:
    number = of.id if isinstance(of, Disconnection) else of.disconnection_id
    notices.tell_each(
        session,
        f"disconnection.{what}",
        payers_of(session, of.account_no),
        of.account_no,
        key=f"disconnection:{number}:{key}",
        params=_params(number, of.at),
        expires_at=expires_at,
    )


def _put(session: Session, event: DisconnectionCalledOff) -> None:
    """Apart from what is sent, which the key of the message in the inbox would keep back."""
    key = f"disconnection:{event.disconnection_id}:called_off:unsent"
    params = _params(event.disconnection_id, event.at)
    for user_id in payers_of(session, event.account_no):
        if user_id is not None:
            inbox.put(session, user_id, key, "disconnection.called_off", params)


def _params(number: int, at: datetime) -> dict[str, Any]:
    return {"disconnection_id": number, "at": at.isoformat()}
