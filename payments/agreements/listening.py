"""What agreements hear from other rooms (see denghuo/wiring.py)."""

from functools import cache

from sqlalchemy.orm import Session

from payments.agreements import planning
from payments.settings import PaymentSettings
from runtime.settings import load
from service.events import BillIssued


def on_bill_issued(session: Session, event: BillIssued) -> None:
    """Plan the debit of a new bill."""
    planning.plan_issued(session, event, _settings())


@cache
def _settings() -> PaymentSettings:
    return load(PaymentSettings)
