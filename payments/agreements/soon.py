"""Asking for the jobs of agreements in the transaction of a change; `work` does them."""

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

ASK = TaskName("payments.agreement_ask", "payments")
END = TaskName("payments.agreement_end", "payments")
DEBIT = TaskName("payments.debit", "payments")
WATCH = TaskName("payments.debit_watch", "payments")


def ask(session: Session, agreement_id: int) -> None:
    """Ask for the gateway to be asked whether the agreement has been signed."""
    defer(session, ASK, queueing_lock=f"agreement:{agreement_id}", agreement_id=agreement_id)


def end(session: Session, agreement_id: int) -> None:
    """Ask for the gateway to be told that the agreement has ended."""
    defer(session, END, queueing_lock=f"end:{agreement_id}", agreement_id=agreement_id)


def debit(session: Session, debit_id: int) -> None:
    """Ask for a planned debit to be made."""
    defer(session, DEBIT, queueing_lock=f"debit:{debit_id}", debit_id=debit_id)


def watch(session: Session, debit_id: int) -> None:
    """Ask for what has become of a debit that was begun."""
    defer(session, WATCH, queueing_lock=f"watch:{debit_id}", debit_id=debit_id)
