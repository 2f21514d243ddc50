"""The one sentence of why the last bill is not what it was."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.bills import change
from service.bills import BillSummary
from service.explanation import explanations


@dataclass(frozen=True)
class Why:
    """`比 10 月多 ¥82.47`, and what says most of it."""

    bill_no: str
    title: str
    sentence: str


def why(session: Session, user_id: int, bill: BillSummary) -> Why | None:
    """The change of a bill against last month, else against last year; None without either."""
    found = explanations(session, user_id, bill.bill_no)
    against = found.last_month or found.last_year
    if against is None:
        return None
    return Why(bill.bill_no, change.title(against), change.sentence(against))
