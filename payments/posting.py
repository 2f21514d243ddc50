"""Bringing received money to the core: at least once from here, exactly once there."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.models import Order, PostingTask
from payments.states import advance, lock_order
from runtime import clock
from runtime.database import Database
from runtime.errors import Refused, Unavailable
from runtime.logs import get_logger
from service.core_client import CoreClient
from service.jobs import sync_soon

_log = get_logger(__name__)


class NotPosted(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """Some of an order's money is not posted yet."""


def post_order(database: Database, core: CoreClient, order_no: str) -> None:
    """Post what is not posted yet; when all is, the order is posted and the sync is called.

    Raises NotPosted when the core could not be reached or would not take it.
    """
    with database.unit_of_work() as session:
        order = _order(session, order_no)
        tasks = _unposted(session, order)
    done = [_post(database, core, order, task) for task in tasks]
    if not all(done):
        raise NotPosted(order_no)
    with database.unit_of_work() as session:
        _finish(session, order_no)


def _order(session: Session, order_no: str) -> Order:
    return session.scalars(select(Order).where(Order.order_no == order_no)).one()


def _unposted(session: Session, order: Order) -> list[PostingTask]:
    waiting = select(PostingTask).where(
        PostingTask.order_id == order.id, PostingTask.posting_no.is_(None)
    )
    return list(session.scalars(waiting.order_by(PostingTask.id)))


def _post(database: Database, core: CoreClient, order: Order, task: PostingTask) -> bool:
    """Whether the core has the money. The core's answer is kept before the next task."""
    assert order.paid_at is not None  # noqa: S101 - a task exists for paid orders only
    try:
        posted = core.post(
            key=task.idempotency_key,
            account_no=task.account_no,
            amount_fen=task.amount_fen,
            channel=order.gateway,
            order_no=order.order_no,
            paid_at=order.paid_at,
            bill_nos=task.bill_nos,
        )
    except Refused as refusal:
        _note_failure(database, task, refusal)
        return False
    with database.unit_of_work() as session:
        session.execute(
            update(PostingTask)
            .where(PostingTask.id == task.id, PostingTask.posting_no.is_(None))
            .values(posting_no=posted.posting_no, posted_at=posted.posted_at, last_error=None)
        )
        book(
            session,
            Kind.POSTING,
            task.idempotency_key,
            debit=RECEIVED,
            credit=POSTED,
            amount_fen=task.amount_fen,
            order_no=order.order_no,
        )
    return True


def _note_failure(database: Database, task: PostingTask, refusal: Refused) -> None:
    """A core that is away is a matter of time; one that says no is a matter for a person."""
    log = _log.warning if isinstance(refusal, Unavailable) else _log.error
    log("posting_failed", task=task.id, code=refusal.code, attempts=task.attempts + 1)
    with database.unit_of_work() as session:
        session.execute(
            update(PostingTask)
            .where(PostingTask.id == task.id)
            .values(attempts=PostingTask.attempts + 1, last_error=refusal.code[:48])
        )


def _finish(session: Session, order_no: str) -> None:
    order = lock_order(session, order_no)
    if order is None or order.status != "paid" or _unposted(session, order):
        return
    advance(session, order, "posted", "core", clock.now())
    sync_soon(session)
