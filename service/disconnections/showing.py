"""Disconnections as the desk and the account's own people see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service.access import RIGHTS, Right, linked
from service.disconnections.models import LIVING, Disconnection
from service.disconnections.standing_against import overdue_bills
from service.dues import Due, due_of
from service.models import Link

ANNOUNCED = ("planned", "noticed", "due")
"""The states that customers see: what nobody has approved does not concern them."""


@dataclass(frozen=True)
class Announced:
    """A disconnection that a user's account is to expect, with what is overdue today."""

    account_no: str
    at: datetime
    state: str
    overdue: tuple[Due, ...]
    may_pay: bool

    @property
    def amount_fen(self) -> int:
        """What ends it, late charges included."""
        return sum(due.amount_fen for due in self.overdue)


def announced(session: Session, user_id: int, account_nos: Collection[str]) -> Announced | None:
    """The first disconnection that is announced for one of the user's accounts."""
    query = linked(
        select(Disconnection, Link.role), Disconnection.account_no, user_id, Right.SEE_BILLS
    )
    row = session.execute(
        query.where(Disconnection.account_no.in_(account_nos), Disconnection.state.in_(ANNOUNCED))
        .order_by(Disconnection.at, Disconnection.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    found, role = row
    bills = overdue_bills(session, found.account_no, clock.today())
    overdue = tuple(due_of(bill, clock.today()) for bill in bills)
    may_pay = Right.PAY in RIGHTS[role]
    return Announced(found.account_no, found.at, found.state, overdue, may_pay)


def living(session: Session, account_no: str) -> Disconnection | None:
    """What is planned for an account: for the desk."""
    return session.scalar(
        select(Disconnection).where(
            Disconnection.account_no == account_no, Disconnection.state.in_(LIVING)
        )
    )


def over(session: Session, account_no: str, most: int = 10) -> list[Disconnection]:
    """What was called off for an account, the newest first: for the desk."""
    return list(
        session.scalars(
            select(Disconnection)
            .where(Disconnection.account_no == account_no, Disconnection.state == "called_off")
            .order_by(Disconnection.id.desc())
            .limit(most)
        )
    )


def called_off_lately(session: Session, since: datetime, most: int = 20) -> list[Disconnection]:
    """What failed by a rule of time: what finance looks at again, the newest first."""
    return list(
        session.scalars(
            select(Disconnection)
            .where(
                Disconnection.state == "called_off",
                Disconnection.why.in_(NOT_IN_TIME),
                Disconnection.ended_at >= since,
            )
            .order_by(Disconnection.ended_at.desc())
            .limit(most)
        )
    )


NOT_IN_TIME = ("undecided", "notice_late", "warning_late", "hour_passed", "stale")
"""Codes of why, where not the customer but the house was not in time."""
