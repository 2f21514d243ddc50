"""What the core took back arrives in the copy, and a bill that was paid is owed again."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import select, text

from runtime import events
from service import bills
from service.dues import dues
from service.events import PaymentReversed
from service.models import Account, Bill, PoisonedChange, Reversal
from service.sync import run
from tests.service import changes
from tests.service.builders import create_link, create_user


def _rows(database, *columns):
    with database.unit_of_work() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def test_a_reversal_is_kept_and_told_once(database, core, feed):
    told = []
    core.add("reversal", changes.reversal())
    core.add("reversal", changes.reversal("R2", amount_fen=1, reason="wrong_account"))

    def note(_session, event):
        told.append(event)

    with events.subscribed(PaymentReversed, note):
        run.run(database, feed)
        with database.unit_of_work() as session:
            session.execute(text("UPDATE sync_cursor SET position = ''"))
        run.run(database, feed)
    assert _rows(database, Reversal.reversal_no, Reversal.amount_fen, Reversal.seq) == [
        ("R1", 5680, 1),
        ("R2", 1, 2),
    ]
    assert _rows(database, Reversal.allocations)[0][0] == changes.reversal()["allocations"]
    assert told[0] == PaymentReversed(
        reversal_no="R1",
        posting_no="P1",
        account_no="420011875603",
        order_no="O1",
        amount_fen=5680,
        reason="paid_twice",
        reversed_at=datetime(2026, 11, 6, 2, tzinfo=UTC),
    )
    assert [each.reversal_no for each in told] == ["R1", "R2"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"amount_fen": 0}, "$.amount_fen"),
        ({"amount_fen": -1}, "$.amount_fen"),
        ({"amount_fen": "5680"}, "$.amount_fen"),
        ({"reason": ""}, "$.reason"),
        ({"reason": "x" * 33}, "reason is longer"),
        ({"posting_no": None}, "$.posting_no"),
        ({"reversed_at": "2026-11-06T02:00:00"}, "$.reversed_at"),
        ({"reversed_at": "1999-11-06T02:00:00Z"}, "reversed_at must lie"),
        ({"allocations": [{"bill_no": "B1"}]}, "allocations"),
    ],
)
def test_a_reversal_that_makes_no_sense_is_set_aside(database, core, feed, wrong, reason):
    core.add("reversal", changes.reversal("BAD", **wrong))
    core.add("reversal", changes.reversal())
    outcome = run.run(database, feed)
    assert (outcome.rows, outcome.poisoned) == (1, 1)
    assert _rows(database, Reversal.reversal_no) == [("R1",)]
    ((kind, why),) = _rows(database, PoisonedChange.kind, PoisonedChange.reason)
    assert kind == "reversal"
    assert reason in why


def test_a_bill_that_was_paid_is_owed_again(database, core, feed):
    paid = {"settled_fen": 5680, "settled_at": "2026-11-05T02:00:00Z"}
    core.add("account", changes.account())
    core.add("bill", changes.bill(**paid))
    core.add("bill", changes.bill(settled_fen=1000))
    core.add("reversal", changes.reversal(amount_fen=4680))
    with database.unit_of_work() as session:
        user = create_user(session)
    run.run(database, feed, batches=1)
    with database.unit_of_work() as session:
        create_link(session, user, session.scalars(select(Account)).one())
    with (
        time_machine.travel(datetime(2026, 11, 20, 2, tzinfo=UTC), tick=False),
        database.unit_of_work() as session,
    ):
        view = bills.bill(session, user.id, "B1").summary
        assert (view.state, view.settled_at, view.outstanding_fen) == ("overdue", None, 4680)
        (due,) = dues(session, user.id)
    assert (due.principal_fen, due.late_fee_fen, due.days_late) == (4680, 9, 2)
    assert _rows(database, Bill.settled_fen, Bill.settled_at) == [(1000, None)]
