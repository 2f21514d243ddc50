"""Who is left in peace because of what is under way, and who is told again once it is over."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from notifications.arrears import sparing, withdrawing
from payments import on_its_way
from payments.agreements.models import Agreement, AgreementDebit
from payments.gateways.base import Product
from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.models import Order, PostingTask
from payments.orders import Selection, start_order
from payments.receipts import book_payment
from payments.states import advance
from runtime import clock, events
from runtime.database import Database
from service.events import PaymentPosted
from service.models import Account, Bill, Link, Posting
from service.requests import asking, moving
from service.requests.askers import Asker
from tests.notifications.arrears.conftest import TODAY, Goes, Told
from tests.notifications.arrears.test_running import Run
from tests.service.builders import create_bill, create_customer


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    """What the rooms tell each other in the running house."""
    rooms = on_its_way.paid, on_its_way.debited
    for each in rooms:
        sparing.spare(each)
    with events.subscribed(PaymentPosted, withdrawing.withdraw_paid):
        yield
    for each in rooms:
        sparing.leave(each)


@pytest.fixture
def owed(database: Database) -> Bill:
    """A bill that is three days late today."""
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        return create_bill(session, account, total_fen=5000, due=TODAY - timedelta(days=3))


def _payer(session: Session, bill: Bill) -> int:
    return session.scalars(select(Link.user_id).where(Link.account_no == bill.account_no)).one()


def _order(session: Session, bill: Bill) -> Order:
    """The customer has the code of the gateway before them."""
    user_id, chosen = _payer(session, bill), Selection(bill_nos=(bill.bill_no,))
    return start_order(session, user_id, chosen, "wechat", Product.NATIVE, "form")


def _pay(session: Session, order: Order, bill: Bill) -> PostingTask:
    order.paid_at = clock.now()
    advance(session, order, "paid", "callback")
    book_payment(session, order)
    task = PostingTask(
        order_id=order.id,
        account_no=bill.account_no,
        amount_fen=order.amount_fen,
        bill_nos=[bill.bill_no],
        idempotency_key=order.order_no,
    )
    session.add(task)
    session.flush()
    return task


def _post(session: Session, task: PostingTask, bill: Bill) -> None:
    """The core has posted it, and a sync has brought that."""
    task.posting_no, task.posted_at = "P1", clock.now()
    book(
        session,
        Kind.POSTING,
        task.idempotency_key,
        debit=RECEIVED,
        credit=POSTED,
        amount_fen=task.amount_fen,
        order_no=task.idempotency_key,
    )
    posting = Posting(
        posting_no="P1",
        account_no=bill.account_no,
        amount_fen=task.amount_fen,
        channel="wechat",
        order_no="O1",
        paid_at=clock.now(),
        posted_at=clock.now(),
        allocations=[],
    )
    session.add(posting)
    session.get_one(Bill, bill.bill_no).settled_fen = bill.total_fen
    session.flush()
    fen = task.amount_fen
    events.publish(session, PaymentPosted("P1", bill.account_no, "O1", fen, clock.now()))


def _kinds(told: Told) -> list[str]:
    return [each[0] for each in told()]


def test_an_order_that_nobody_has_paid_spares_nobody(
    database: Database, owed: Bill, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        _order(session, owed)
    run()
    assert _kinds(told) == ["arrears.late_3"]


def test_money_that_was_received_spares_its_bill_until_the_copy_has_it(
    database: Database, owed: Bill, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, owed.account_no)
        create_bill(session, account, "2026-09", total_fen=900, due=TODAY)
        _pay(session, _order(session, owed), owed)
    run()
    assert _kinds(told) == ["arrears.due"]
    with database.unit_of_work() as session:
        assert session.scalars(on_its_way.paid(TODAY)).all() == [owed.bill_no]
        _post(session, session.scalars(select(PostingTask)).one(), owed)
        assert session.scalars(on_its_way.paid(TODAY)).all() == []


def test_a_part_that_was_posted_leaves_the_rest_to_the_next_rung(
    database: Database, owed: Bill, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        task = _pay(session, _order(session, owed), owed)
    run()
    with database.unit_of_work() as session:
        _post(session, session.get_one(PostingTask, task.id), owed)
        session.get_one(Bill, owed.bill_no).settled_fen = 4000
    later(6)
    run()
    assert _kinds(told) == ["arrears.late_7"]


def test_after_a_reversal_the_ladder_goes_on_with_the_next_rung(
    database: Database, owed: Bill, run: Run, told: Told, later: Goes
) -> None:
    """What `service.sync` does of a reversal: the posting stays, the bill is owed again."""
    run()
    with database.unit_of_work() as session:
        task = _pay(session, _order(session, owed), owed)
        _post(session, task, owed)
    assert told() == []
    with database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=0, settled_at=None))
    later(6)
    run()
    assert _kinds(told) == ["arrears.late_7"]


def _debit(session: Session, bill: Bill, *, state: str = "planned", in_days: int = 0) -> None:
    agreement = Agreement(
        code="A1",
        user_id=_payer(session, bill),
        account_no=bill.account_no,
        gateway="alipay",
        state="active",
        limit_fen=50000,
        contract_no="C1",
        created_at=clock.now(),
        next_query_at=clock.now(),
        signed_at=clock.now(),
    )
    session.add(agreement)
    session.flush()
    debit = AgreementDebit(
        agreement_id=agreement.id,
        bill_no=bill.bill_no,
        period=bill.period,
        attempt=1,
        day=TODAY + timedelta(days=in_days),
        state=state,
        finished_at=None if state == "planned" else clock.now(),
        announced_at=clock.now(),
    )
    session.add(debit)
    session.flush()


@pytest.mark.parametrize(
    ("state", "in_days", "kinds"),
    [
        ("planned", 0, []),
        ("planned", 1, []),
        ("planned", -1, ["arrears.late_3"]),
        ("failed", 0, ["arrears.late_3"]),
        ("dropped", 1, ["arrears.late_3"]),
    ],
)
def test_a_debit_that_will_come_spares_its_bill(
    database: Database,
    owed: Bill,
    run: Run,
    told: Told,
    state: str,
    in_days: int,
    kinds: list[str],
) -> None:
    with database.unit_of_work() as session:
        _debit(session, owed, state=state, in_days=in_days)
    run()
    assert _kinds(told) == kinds


def test_a_debit_that_was_begun_spares_its_bill_though_the_agreement_ended(
    database: Database, owed: Bill, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        _debit(session, owed, in_days=-1)
        order_id = _order(session, owed).id
        session.execute(update(AgreementDebit).values(state="begun", order_id=order_id))
        ended = {"state": "ended", "ended_by": "customer", "ended_at": clock.now()}
        session.execute(update(Agreement).values(ended))
    run()
    assert told() == []


def test_a_planned_debit_of_an_agreement_that_ended_spares_nobody(
    database: Database, owed: Bill, run: Run, told: Told
) -> None:
    with database.unit_of_work() as session:
        _debit(session, owed, in_days=1)
        ended = {"state": "ended", "ended_by": "customer", "ended_at": clock.now()}
        session.execute(update(Agreement).values(ended))
    run()
    assert _kinds(told) == ["arrears.late_3"]


def test_a_question_about_a_bill_lets_reminders_rest_until_it_is_closed(
    database: Database, owed: Bill, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        asker = Asker.of_user(_payer(session, owed))
        said = {"bill": owed.bill_no, "reason": "too_high", "phone": "13800002046"}
        request = asking.apply(session, asker, "dispute", owed.account_no, said, "form")
    run()
    assert told() == []
    with database.unit_of_work() as session:
        moving.cancel(session, asker, request.request_no)
    later(6)
    run()
    assert _kinds(told) == ["arrears.late_7"]
