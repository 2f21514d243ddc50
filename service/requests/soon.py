"""Asking for the jobs of requests in the transaction of a change; `requests.work` does them."""

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

CARRY = TaskName("requests.carry", "service")


def carry(session: Session, request_no: str) -> None:
    """Ask for the core to be told of a request, or of its end. One after the other for each."""
    defer(session, CARRY, lock=f"request:{request_no}", request_no=request_no)
