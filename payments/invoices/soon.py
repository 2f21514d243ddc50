"""Asking for the jobs of invoices in the transaction of a change; `work` beside it does them."""

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

ISSUE = TaskName("payments.invoices.issue", "payments")


def issue(session: Session, request_no: str) -> None:
    """Ask for the invoice to be brought on, however far it is."""
    defer(session, ISSUE, queueing_lock=f"invoice:{request_no}", request_no=request_no)
