"""Asking for the desk's jobs in the transaction of a change; `customers.work` does them."""

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

REBILL = TaskName("customers.rebill", "service")
EXPORT = TaskName("customers.export", "service")


def rebill(session: Session, bill_no: str) -> None:
    """Ask for a bill to be made again by the core."""
    defer(session, REBILL, lock=f"rebill:{bill_no}", bill_no=bill_no)


def export(session: Session, export_id: int) -> None:
    """Ask for a customer's data to be written to a file."""
    defer(session, EXPORT, lock=f"export:{export_id}", export_id=export_id)
