"""What agreements hear from other rooms (see denghuo/wiring.py)."""

from sqlalchemy.orm import Session

from payments.agreements import planning
from payments.settings import of_process
from service.events import BillIssued


def on_bill_issued(session: Session, event: BillIssued) -> None:
    """Plan the debit of a new bill."""
    planning.plan_issued(session, event, of_process())
