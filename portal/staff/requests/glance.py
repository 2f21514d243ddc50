"""The customer of a request at a glance: what whoever has it in hand should know beside it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from service import dues
from service.bills import BillSummary, summary_of
from service.dues import Due
from service.models import Account, Bill
from service.requests.models import Request

MOST_OTHERS = 5


@dataclass(frozen=True)
class Glance:
    """The account with its last bill and what it owes, and what else was asked for."""

    account: Account | None
    bill: BillSummary | None
    owed: list[Due]
    others: list[Request]

    @property
    def owed_fen(self) -> int:
        return sum(each.amount_fen for each in self.owed)

    @property
    def days_late(self) -> int:
        return max((each.days_late for each in self.owed), default=0)


def of(session: Session, request: Request) -> Glance:
    """What is known of a request's customer."""
    if request.account_no is None:
        return Glance(None, None, [], _others(session, request))
    return Glance(
        session.get_one(Account, request.account_no),
        _last_bill(session, request.account_no),
        dues.dues_of(session, request.account_no),
        _others(session, request),
    )


def _last_bill(session: Session, account_no: str) -> BillSummary | None:
    query = select(Bill).where(Bill.account_no == account_no, Bill.status == "issued")
    newest = session.scalars(query.order_by(Bill.period.desc()).limit(1)).one_or_none()
    return summary_of(newest, clock.today()) if newest else None


def _others(session: Session, request: Request) -> list[Request]:
    """The newest requests of the same account; without one, of the same phone."""
    if request.account_no is not None:
        same = Request.account_no == request.account_no
    elif request.phone_index is not None:
        same = Request.phone_index == request.phone_index
    else:
        return []
    query = select(Request).where(same, Request.id != request.id)
    return list(session.scalars(query.order_by(Request.id.desc()).limit(MOST_OTHERS)))
