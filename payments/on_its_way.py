"""Bills that will be settled without anybody being asked: money under way, debits that come."""

from datetime import date

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import Session

from payments.agreements.models import Agreement, AgreementDebit
from payments.models import OrderItem, PostingTask
from service.models import Bill, Posting
from service.received import Received


def paid(_day: date) -> Select[str]:
    """The numbers of bills whose money was received and is not yet in our copy of the core."""
    return (
        select(OrderItem.bill_no)  # type: ignore[return-value]
        .join(PostingTask, _task_of_item())
        .where(OrderItem.bill_no.is_not(None), ~_in_the_copy())
    )


def received(session: Session, account_no: str) -> Received:
    """The same of one account, with amounts of the customer's own.

    What was paid for a bill that has been cancelled since goes, like those, to the oldest ones.
    """
    still_holds = and_(Bill.bill_no == OrderItem.bill_no, Bill.status == "issued")
    rows = session.execute(
        select(Bill.bill_no, OrderItem.amount_fen)
        .select_from(OrderItem)
        .join(PostingTask, _task_of_item())
        .outerjoin(Bill, still_holds)
        .where(OrderItem.account_no == account_no, ~_in_the_copy())
    ).all()
    return Received(
        frozenset(bill_no for bill_no, _fen in rows if bill_no is not None),
        sum(fen for bill_no, fen in rows if bill_no is None),
    )


def debited(day: date) -> Select[str]:
    """The numbers of bills that an agreement is going to debit, or is debiting on this day.

    Debits are planned for no day after the due day; one that was given up is none.
    """
    return (
        select(AgreementDebit.bill_no)
        .join(Agreement, Agreement.id == AgreementDebit.agreement_id)
        .where(
            (AgreementDebit.state == "begun")
            | (
                (AgreementDebit.state == "planned")
                & (AgreementDebit.day >= day)
                & (Agreement.state == "active")
            )
        )
    )


def _task_of_item() -> ColumnElement[bool]:
    return and_(
        PostingTask.order_id == OrderItem.order_id, PostingTask.account_no == OrderItem.account_no
    )


def _in_the_copy() -> ColumnElement[bool]:
    return exists().where(Posting.posting_no == PostingTask.posting_no)
