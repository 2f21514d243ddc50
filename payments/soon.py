"""Asking for the jobs of payments in the transaction of a change; `payments.work` does them."""

from datetime import date

from sqlalchemy.orm import Session

from runtime.jobs import TaskName, defer

POST = TaskName("payments.post", "payments")
REFUND = TaskName("payments.refund", "payments")
ASK = TaskName("payments.ask", "payments")
CLOSE = TaskName("payments.close", "payments")
RECOVER = TaskName("payments.recover", "payments")
SECOND_TRADE = TaskName("payments.second_trade", "payments")
RECONCILE = TaskName("payments.reconcile_day", "payments")


def post(session: Session, order_no: str) -> None:
    """Ask for the order's money to be posted in the core."""
    defer(session, POST, queueing_lock=f"post:{order_no}", order_no=order_no)


def refund(session: Session, refund_no: str) -> None:
    """Ask for a refund to be brought on its way."""
    defer(session, REFUND, queueing_lock=f"refund:{refund_no}", refund_no=refund_no)


def second_trade(session: Session, gateway: str, order_no: str, trade_no: str) -> None:
    """Ask for the gateway to be asked about another payment for a paid order."""
    defer(
        session,
        SECOND_TRADE,
        queueing_lock=f"second:{gateway}:{trade_no}",
        gateway=gateway,
        order_no=order_no,
        trade_no=trade_no,
    )


def ask(session: Session, order_no: str) -> None:
    """Ask for the gateway to be asked what has become of the order."""
    defer(session, ASK, queueing_lock=f"ask:{order_no}", order_no=order_no)


def close(session: Session, order_no: str) -> None:
    """Ask for the order to be closed, at the gateway and then here."""
    defer(session, CLOSE, queueing_lock=f"close:{order_no}", order_no=order_no)


def recover(session: Session, order_no: str) -> None:
    """Ask for the gateway to be asked about an order that its statement has as paid."""
    defer(session, RECOVER, queueing_lock=f"recover:{order_no}", order_no=order_no)


def reconcile(session: Session, day: date) -> None:
    """Ask for a civil day to be compared now, rather than in the night."""
    defer(session, RECONCILE, queueing_lock=f"reconcile:{day}", day=day.isoformat())
