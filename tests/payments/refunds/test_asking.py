"""Refunds that the desk asks for: who may, how much, and what the database refuses."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from payments import refunds
from payments.models import Refund, RefundPart
from payments.refunds import making
from payments.states import lock_order
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.approvals import Approval
from tests.payments.refunds.conftest import HOME, OTHER, Desk

State = Callable[[str], tuple[Any, ...]]


def test_nothing_moves_before_a_second_person_has_said_yes(
    database: Database, desk: Desk, posted: str, state: State, books: Any
) -> None:
    before = books()
    desk.ask(posted, {HOME: 14951})
    assert state(posted) == ("posted", 0, [], [])
    assert books() == before == {"wechat": 19951, "posted": -19951}
    with database.unit_of_work() as session:
        waiting = approvals.waiting(session, ["refund"])
    assert [(each.subject, each.params, each.asked_by) for each in waiting] == [
        (
            posted,
            {"amount_fen": 14951, "parts": {HOME: 14951}, "reason": "wrong_account"},
            desk.first,
        )
    ]


def test_whoever_asks_cannot_approve(
    database: Database, desk: Desk, posted: str, state: State
) -> None:
    asked = desk.ask(posted, {HOME: 14951})
    with database.unit_of_work() as session, pytest.raises(Forbidden):
        approvals.approve(session, asked, by=desk.first)
    assert state(posted) == ("posted", 0, [], [])


def test_a_part_leaves_the_order_posted_and_the_whole_makes_it_refunding(
    database: Database, desk: Desk, posted: str, state: State
) -> None:
    first = desk.refund(posted, {HOME: 10000})
    assert first == f"R{posted}01"
    assert state(posted) == ("posted", 10000, ["due"], [None])
    second = desk.refund(posted, {HOME: 4951, OTHER: 5000}, "paid_too_much")
    assert second == f"R{posted}02"
    assert state(posted) == ("refunding", 19951, ["due", "due"], [None, None])
    with database.unit_of_work() as session:
        parts = session.execute(
            select(RefundPart.idempotency_key, RefundPart.amount_fen).order_by(RefundPart.id)
        ).all()
        jobs = session.scalars(
            text(
                "select args ->> 'refund_no' from procrastinate_jobs"
                " where task_name = 'payments.refund' order by id"
            )
        ).all()
    assert parts == [
        (f"{first}:{HOME}", 10000),
        (f"{second}:{HOME}", 4951),
        (f"{second}:{OTHER}", 5000),
    ]
    assert jobs == [first, second]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({HOME: 14952}, "refund.too_much"),
        ({OTHER: 5001}, "refund.too_much"),
        ({HOME: 1, "420099999999": 1}, "refund.too_much"),
        ({HOME: 0}, "refund.nothing"),
        ({HOME: -1, OTHER: 5000}, "refund.nothing"),
        ({}, "refund.nothing"),
    ],
)
def test_no_more_is_asked_for_than_each_account_was_given(
    desk: Desk, posted: str, state: State, parts: dict[str, int], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        desk.ask(posted, parts)
    assert refused.value.code == code
    assert state(posted) == ("posted", 0, [], [])


def test_a_reason_is_one_of_ours_and_other_wants_words(
    database: Database, desk: Desk, posted: str
) -> None:
    for reason, note in (("paid_elsewhere", "x"), ("", "x"), ("other", "  ")):
        with database.unit_of_work() as session, pytest.raises(Refused) as refused:
            refunds.ask_refund(session, posted, {HOME: 1}, reason, by=desk.first, note=note)
        assert refused.value.code == "refund.reason_missing"
    with database.unit_of_work() as session:
        asked = refunds.ask_refund(
            session, posted, {HOME: 1}, "other", by=desk.first, note=" 邻居代缴 "
        )
    assert asked.reason == "邻居代缴"


def test_money_that_is_not_in_the_core_yet_is_not_the_desks(desk: Desk, paid: Any) -> None:
    number = paid()
    with pytest.raises(Conflict) as refused:
        desk.ask(number, {HOME: 1})
    assert refused.value.code == "refund.not_posted"
    with pytest.raises(NotFound):
        desk.ask("20261211unknownunknownunknow", {HOME: 1})


def test_one_refund_of_an_order_waits_for_its_answer_at_a_time(desk: Desk, posted: str) -> None:
    desk.ask(posted, {HOME: 1})
    with pytest.raises(Conflict) as refused:
        desk.ask(posted, {OTHER: 1})
    assert refused.value.code == "approval.asked"


def test_of_two_refunds_at_once_that_are_too_much_together_one_is_made(
    database: Database, desk: Desk, posted: str, state: State
) -> None:
    approved = [_approved(database, desk, posted, 14951) for _ in range(4)]
    barrier, outcomes = Barrier(4), []

    def make(approval_id: int) -> None:
        barrier.wait()
        try:
            with database.unit_of_work() as session:
                _make(session, posted, 14951, approval_id)
            outcomes.append("made")
        except Conflict as refusal:
            outcomes.append(refusal.code)

    threads = [Thread(target=make, args=(each,)) for each in approved]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", *["refund.too_much"] * 3]
    assert state(posted) == ("posted", 14951, ["due"], [None])


def _make(session: Session, order_no: str, fen: int, approval_id: int) -> None:
    order = lock_order(session, order_no)
    assert order is not None
    making.give_back_posted(session, order, {HOME: fen}, "other", note="x", approval_id=approval_id)


def _approved(database: Database, desk: Desk, order_no: str, fen: int) -> int:
    """An approval as it stands after the decision, made without one."""
    with database.unit_of_work() as session:
        return session.execute(
            insert(Approval)
            .values(
                kind="refund",
                subject=order_no,
                params={"amount_fen": fen, "parts": {HOME: fen}, "reason": "other"},
                reason="x",
                asked_by=desk.first,
                status="approved",
                decided_by=desk.second,
                decided_at=clock.now(),
            )
            .returning(Approval.id)
        ).scalar_one()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("update payment_order set refunded_fen = 19952", "ck_payment_order_refunded"),
        ("update payment_order set refunded_fen = 100", "does not count what was refunded"),
        ("update payment_refund set amount_fen = 1", "do not add up"),
        ("update payment_refund set freed_at = now()", "refund_due of .* is not in the ledger"),
        (
            "update payment_refund set freed_at = now(), done_at = now(), state = 'done'",
            "is not in the ledger",
        ),
        (
            "update payment_refund_part set reversal_no = 'V1', reversed_at = now()",
            "reversal of .* is not in the ledger",
        ),
        ("update payment_refund set approval_id = null", "ck_payment_refund_approved"),
        (
            "insert into payment_refund (order_id, refund_no, gateway_no, amount_fen, reason,"
            " origin, state, attempts) select order_id, 'X', 'X', 1, 'other', 'automatic', 'due', 0"
            " from payment_refund",
            "does not count what was refunded",
        ),
    ],
)
def test_the_database_lets_nobody_give_back_beside_the_rules(
    database: Database, desk: Desk, posted: str, change: str, complaint: str
) -> None:
    desk.refund(posted, {HOME: 10000})
    with pytest.raises(DBAPIError, match=complaint), database.unit_of_work() as session:
        session.execute(text(change))


def test_a_refund_that_nobody_approved_is_refused_by_the_database(
    database: Database, desk: Desk, posted: str
) -> None:
    asked = desk.ask(posted, {HOME: 10000})
    with pytest.raises(DBAPIError, match="nobody has approved"), database.unit_of_work() as session:
        _make(session, posted, 10000, asked)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Refund.id))) == 0
