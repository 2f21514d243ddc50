"""Asking for the jobs of requests in the transaction of a change; `requests.work` does them."""

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

CARRY = TaskName("requests.carry", "service")

JOIN = TaskName("requests.join", "service")
ASK_BACK = TaskName("requests.ask_back", "service")


def carry(session: Session, request_no: str) -> None:
    """Ask for the core to be told of a request, or of its end. One after the other for each."""
    defer(session, CARRY, lock=f"request:{request_no}", request_no=request_no)


def join(session: Session, outage_no: str) -> None:
    """Ask for the reports to be found that are of an outage."""
    defer(session, JOIN, outage_no=outage_no)


def ask_back(session: Session) -> None:
    """Ask for customers to be asked whether their power is back."""
    defer(session, ASK_BACK, queueing_lock=ASK_BACK.name, timestamp=0)
