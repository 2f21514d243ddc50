"""Cash that goes back waits at the counter, and is handed over once."""

from typing import cast

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments import refunds, sweeping
from payments.counter import closing, payouts, shifts
from payments.counter.gateway import COUNTER
from payments.ledger.models import LedgerEntry
from payments.models import Order, PostingTask, Refund
from payments.refunds import finding, hearing, making
from payments.refunds.carrying import Carrier, NotRefunded
from runtime import clock, events
from runtime.database import Database
from runtime.errors import Refused
from service import approvals
from service.core_client import CoreClient
from service.events import ActionApproved
from tests.payments.builders import ACCOUNT
from tests.payments.counter.books import FLOAT, balance, books, customers_cash, shift_of
from tests.payments.counter.conftest import Desk, take
from tests.payments.refunds.conftest import SITE
from tests.payments.refunds.doubles import Core


def posted(session: Session, order_no: str) -> None:
    """The core has posted the order, and the books say so."""
    order = session.scalars(select(Order).where(Order.order_no == order_no)).one()
    task = session.scalars(select(PostingTask).where(PostingTask.order_id == order.id)).one()
    session.add(
        LedgerEntry(
            kind="posting",
            reference=task.idempotency_key,
            debit="received",
            credit="posted",
            amount_fen=task.amount_fen,
        )
    )
    task.posting_no, task.posted_at = "P1", order.paid_at
    order.status, order.posted_at = "posted", order.paid_at


def approved(database: Database, desk: Desk, coded: str) -> str:
    """A refund of the whole order that two people want."""
    with database.unit_of_work() as session:
        take(session, desk, coded)
        posted(session, coded)
    with database.unit_of_work() as session:
        asked = refunds.ask_refund(session, coded, {ACCOUNT: 149_60}, "moved_out", by=desk.agent)
    with (
        database.unit_of_work() as session,
        events.subscribed(ActionApproved, refunds.on_approved),
    ):
        approvals.approve(session, asked.id, by=desk.lead)
        return session.scalars(select(Refund.refund_no)).one()


def refunded(database: Database, desk: Desk, coded: str) -> str:
    """A refund of the whole order whose money is free: the core has taken its posting back."""
    refund_no = approved(database, desk, coded)
    with database.unit_of_work() as session:
        order, fresh = finding.locked(session, refund_no)
        for each in fresh.parts:
            each.reversal_no, each.reversed_at = "V1", order.paid_at
            session.add(
                LedgerEntry(
                    kind="reversal",
                    reference=each.idempotency_key,
                    debit="posted",
                    credit="received",
                    amount_fen=each.amount_fen,
                )
            )
        making.free(session, order, fresh)
        fresh.state = "at_gateway"
    return refund_no


def picked_up(database: Database) -> list[str]:
    """The refunds for which a sweep, when all of them are old enough, asks for a job."""
    with database.unit_of_work() as session:
        session.execute(text("delete from procrastinate_jobs"))
    with (
        time_machine.travel(clock.now() + sweeping.LIES_ABOUT * 2, tick=False),
        database.unit_of_work() as session,
    ):
        sweeping.sweep(session)
        jobs = text(
            "select args ->> 'refund_no' from procrastinate_jobs"
            " where task_name = 'payments.refund'"
        )
        return list(session.scalars(jobs))


def test_a_refund_of_cash_is_fetched_at_the_counter_once(
    database: Database, desk: Desk, coded: str
) -> None:
    refund_no = refunded(database, desk, coded)
    with database.unit_of_work() as session:
        assert [each.amount_fen for each in payouts.waiting(session)] == [149_60]
    for _ in range(2):
        with database.unit_of_work() as session:
            shift = shifts.lock_open(session, desk.agent)
            payouts.hand_over(session, refund_no, shift, by=desk.agent)
    with database.unit_of_work() as session:
        refund = session.scalars(select(Refund)).one()
        assert (refund.state, session.scalars(select(Order.status)).one()) == ("done", "refunded")
        assert books(session, "refund") == [("refund", "refunds", "counter", 149_60)]
        shift = shift_of(session, desk)
        assert shifts.drawer_fen(session, shift) == 100_00
        assert customers_cash(session) == {shift.shift_no: 0}
        assert balance(session) == 0
        assert payouts.waiting(session) == []
        closing.count(session, shift.shift_no, FLOAT, by=desk.agent)


def test_a_refund_of_cash_is_worked_on_until_it_can_be_fetched_and_then_waits(
    database: Database, desk: Desk, coded: str
) -> None:
    core, refund_no = Core(away=True), approved(database, desk, coded)
    carrier = Carrier(database, cast(CoreClient, core), {COUNTER.name: COUNTER}, SITE)
    with pytest.raises(NotRefunded):
        carrier.carry(refund_no)
    assert picked_up(database) == [refund_no]
    core.away = False
    for _ in range(2):
        carrier.carry(refund_no)
        with database.unit_of_work() as session:
            assert [each.refund_no for each in payouts.waiting(session)] == [refund_no]
            assert session.scalars(select(Refund.asked_at)).one() is not None
        assert picked_up(database) == []


def test_a_drawer_gives_back_no_more_than_it_holds(
    database: Database, desk: Desk, coded: str
) -> None:
    refund_no = refunded(database, desk, coded)
    with database.unit_of_work() as session:
        poor = shifts.open_shift(session, desk.lead, "4", 100_00)
        with pytest.raises(Refused, match="drawer_short"):
            payouts.hand_over(session, refund_no, poor, by=desk.lead)


def test_no_refund_of_cash_is_done_beside_the_drawers(
    database: Database, desk: Desk, coded: str
) -> None:
    refund_no = refunded(database, desk, coded)
    with (
        pytest.raises(IntegrityError, match="out of no drawer"),
        database.unit_of_work() as session,
    ):
        hearing.finish(session, *finding.locked(session, refund_no), "gateway")
