"""Planning a disconnection: one of finance plans it for a day and hour, another one approves it.

Nothing else makes one. It is looked at twice whether it may be: when it is planned, and when the
second person says yes.
"""

from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service import approvals, audit
from service.disconnections import calling_off
from service.disconnections.models import Disconnection
from service.disconnections.rules import rules
from service.disconnections.standing_against import (
    hindrance,
    is_possible_day,
    notice_by,
    overdue_bills,
    overdue_fen,
    wrong_hour,
)
from service.events import ActionApproved, ActionDeclined, DisconnectionPlanned
from service.models import Account

KIND = "disconnection"
PLANNED = "disconnection.wanted"
"""The deed in the trail."""


def ask(session: Session, account_no: str, at: datetime, reason: str, *, by: int) -> Disconnection:
    """Plan to disconnect an account at that moment; a second person decides.

    Raises NotFound("customer.not_found"), Refused("customer.reason_missing") and of
    `standing_against.wrong_hour`, Conflict("disconnection.living") and of
    `standing_against.hindrance`.
    """
    account = session.get(Account, account_no)
    if account is None:
        raise NotFound("customer.not_found")
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if not said:
        raise Refused("customer.reason_missing")
    _require(session, account, at)
    made = _add(session, account, at, by)
    params = {
        "account_no": account_no,
        "at": at.isoformat(),
        "overdue_fen": made.overdue_fen,
    }
    about = f"disconnection {made.id}"
    approvals.ask(session, KIND, str(made.id), params, said, by=by, deed=PLANNED, about=about)
    return made


def on_approved(session: Session, event: ActionApproved) -> None:
    """A second person approves: it is planned, and the law's notice is published.

    Raises what `ask` raises, by what is true now, and Conflict("disconnection.over"); then nothing
    is decided.
    """
    if event.kind != KIND:
        return
    found = calling_off.lock(session, int(event.subject))
    if found.state != "asked":
        raise Conflict("disconnection.over")
    account = session.get_one(Account, found.account_no)
    _require(session, account, found.at)
    found.state = "planned"
    found.approved_by, found.approved_at = event.decided_by, clock.now()
    found.overdue_fen = _overdue_fen(session, account)
    session.flush()
    events.publish(
        session,
        DisconnectionPlanned(
            found.id, found.account_no, found.at, notice_by(account, found.at), found.overdue_fen
        ),
    )


def on_declined(session: Session, event: ActionDeclined) -> None:
    """A second person says no, or the first one took it back: nobody was told, nothing is left."""
    if event.kind != KIND:
        return
    found = calling_off.lock(session, int(event.subject))
    if found.state == "asked":
        calling_off.call_off(session, found, "declined", by=event.decided_by)


def possible_days(account: Account) -> list[date]:
    """The days for which it can be planned now: with a full day to approve it and to tell."""
    first = clock.today() + timedelta(days=rules().of(account).notice_days + 1)
    last = clock.today() + timedelta(days=rules().hours.plan_days)
    ahead = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return [
        day for day in ahead if is_possible_day(day) and not rules().protects(account, day.month)
    ]


def moment(day: date, hour: int) -> datetime:
    """The instant of an hour of Beijing on a civil day."""
    return datetime.combine(day, time(hour), clock.BEIJING)


def _require(session: Session, account: Account, at: datetime) -> None:
    refusal = hindrance(session, account, at) or wrong_hour(account, at)
    if refusal is not None:
        raise refusal


def _overdue_fen(session: Session, account: Account) -> int:
    return overdue_fen(overdue_bills(session, account.account_no, clock.today()))


def _add(session: Session, account: Account, at: datetime, by: int) -> Disconnection:
    values = {
        "account_no": account.account_no,
        "state": "asked",
        "at": at,
        "overdue_fen": _overdue_fen(session, account),
        "asked_by": by,
        "asked_at": clock.now(),
    }
    made = session.scalars(
        insert(Disconnection)
        .values(values)
        .on_conflict_do_nothing(
            index_elements=["account_no"], index_where=text("state <> 'called_off'")
        )
        .returning(Disconnection)
    ).one_or_none()
    if made is None:
        raise Conflict("disconnection.living")
    return made
