"""Bills that will be settled without anybody being asked: money under way, debits that come."""

from datetime import date

from sqlalchemy import Select, and_, exists, select

from payments.agreements.models import Agreement, AgreementDebit
from payments.models import OrderItem, PostingTask
from service.models import Posting


def paid(_day: date) -> Select[str]:
    """The numbers of bills whose money was received and is not yet in our copy of the core."""
    in_the_copy = exists().where(Posting.posting_no == PostingTask.posting_no)
    of_item = and_(
        PostingTask.order_id == OrderItem.order_id, PostingTask.account_no == OrderItem.account_no
    )
    return (
        select(OrderItem.bill_no)  # type: ignore[return-value]
        .join(PostingTask, of_item)
        .where(OrderItem.bill_no.is_not(None), ~in_the_copy)
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
