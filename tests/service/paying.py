"""Money that the portal has received and the core has not posted yet."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from payments import on_its_way
from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.models import Order, OrderItem, PostingTask
from payments.receipts import book_payment
from runtime import clock
from service import received


def pay(session: Session, user_id: int, account_no: str, **items: int) -> PostingTask:
    """Pay so many fen for bills by their numbers; `own` is an amount of the customer's own."""
    bills = {bill_no: fen for bill_no, fen in items.items() if bill_no != "own"}
    order = Order(
        order_no=f"D{len(session.query(Order).all())}",
        user_id=user_id,
        status="paid",
        gateway="wechat",
        product="native",
        purpose="bills" if bills else "top_up",
        amount_fen=sum(items.values()),
        idempotency_key="-".join(items),
        expires_at=clock.now(),
        next_query_at=clock.now(),
        paid_at=clock.now(),
        items=[
            OrderItem(
                account_no=account_no,
                bill_no=None if bill_no == "own" else bill_no,
                principal_fen=fen,
                amount_fen=fen,
            )
            for bill_no, fen in items.items()
        ],
    )
    session.add(order)
    session.flush()
    book_payment(session, order)
    task = PostingTask(
        order_id=order.id,
        account_no=account_no,
        amount_fen=order.amount_fen,
        bill_nos=[*bills],
        idempotency_key=order.order_no,
    )
    session.add(task)
    session.flush()
    return task


def post(session: Session, task_id: int, posting_no: str) -> None:
    """The core has posted it under this number."""
    task = session.get_one(PostingTask, task_id)
    task.posting_no, task.posted_at = posting_no, clock.now()
    book(
        session,
        Kind.POSTING,
        task.idempotency_key,
        debit=RECEIVED,
        credit=POSTED,
        amount_fen=task.amount_fen,
        order_no=task.idempotency_key,
    )


@contextmanager
def known() -> Iterator[None]:
    """What is received is asked for, as in the running house."""
    received.ask_too(on_its_way.received)
    try:
        yield
    finally:
        received.ask_no_more(on_its_way.received)
