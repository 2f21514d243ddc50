"""What two people decide about a difference moves the books by exactly that much, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from payments.gateways.base import GatewayUnavailable, Refunding, RefundReport, RefundState
from payments.ledger.check import check
from payments.ledger.models import LedgerEntry
from payments.models import Order
from payments.receipts import book_payment
from payments.reconciliation import cli, resolving, run, work
from payments.reconciliation.models import Difference
from payments.reconciliation.resolving import Action
from payments.reconciliation.run import Outcome, Parties
from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused
from service import approvals
from service.events import ActionApproved, ActionDeclined
from tests.payments.builders import create_account, create_user
from tests.payments.reconciling import (
    DAY,
    NOON,
    CoreFile,
    Said,
    back,
    booked,
    differences,
    jobs,
    line,
    pay_order,
    place_order,
)


@pytest.fixture(autouse=True)
def next_noon() -> Iterator[None]:
    with (
        time_machine.travel(NOON + timedelta(days=1), tick=False),
        events.subscribed(ActionApproved, resolving.on_approved),
        events.subscribed(ActionDeclined, resolving.on_declined),
    ):
        yield


@pytest.fixture
def people(database: Database) -> tuple[int, int]:
    """Whoever asks and whoever approves."""
    with database.unit_of_work() as session:
        create_account(session)
        return create_user(session), create_user(session, "13800002047")


def _reconcile(database: Database, tmp_path: Path, said: Said, core: CoreFile) -> None:
    run.reconcile(database, Parties({"wechat": said}, core, tmp_path), DAY)


def _decide(database: Database, people: tuple[int, int], action: Action) -> None:
    with database.unit_of_work() as session:
        asked = resolving.ask(session, 1, action, "looked at", by=people[0])
    with database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=people[1])


def _adjustments(database: Database) -> list[tuple[str, str, str, int]]:
    with database.unit_of_work() as session:
        rows = session.scalars(
            select(LedgerEntry).where(LedgerEntry.kind == "adjustment").order_by(LedgerEntry.id)
        )
        return [(row.reference, row.debit, row.credit, row.amount_fen) for row in rows]


@pytest.mark.parametrize(
    ("lines", "rows", "action", "moved"),
    [
        ([line("A1", 9900)], [booked("A1")], "suspense", ("suspense", "wechat", 100)),
        ([line("A1", 10100)], [booked("A1")], "suspense", ("wechat", "suspense", 100)),
        ([line("A1", 10100)], [booked("A1")], "write_off", ("wechat", "fees", 100)),
        ([], [booked("A1")], "write_off", ("fees", "wechat", 10000)),
        (
            [line("A1"), back("A1", "R1", 30)],
            [booked("A1")],
            "suspense",
            ("suspense", "wechat", 30),
        ),
        ([line("A1")], [booked("A1", 10001)], "suspense", ("suspense", "posted", 1)),
        ([line("A1")], [booked("A1"), booked("B1", 5)], "suspense", ("suspense", "posted", 5)),
        ([line("A1", 9900)], [booked("A1")], "explained", None),
    ],
)
def test_the_books_follow_the_side_that_is_right(
    database: Database,
    people: tuple[int, int],
    tmp_path: Path,
    lines: list[Any],
    rows: list[Any],
    action: str,
    moved: tuple[str, str, int] | None,
) -> None:
    with database.unit_of_work() as session:
        pay_order(session, "A1")
    _reconcile(database, tmp_path, Said(lines={DAY: lines}), CoreFile({DAY: rows}))
    _decide(database, people, Action(action))
    expected = [("difference:1", *moved)] if moved else []
    assert _adjustments(database) == expected
    assert [row[3:] for row in differences(database)] == [("resolved", action)]
    assert check(database, DAY).problems == []


def test_what_cannot_be_asked_for(
    database: Database, people: tuple[int, int], tmp_path: Path
) -> None:
    with database.unit_of_work() as session:
        pay_order(session, "A1")
    said = Said(lines={DAY: [line("A1", 9900)]})
    _reconcile(database, tmp_path, said, CoreFile({DAY: [booked("A1")]}))
    with database.unit_of_work() as session:
        with pytest.raises(NotFound, match=r"difference\.not_found"):
            resolving.ask(session, 9, Action.EXPLAINED, "why", by=people[0])
        with pytest.raises(Refused, match=r"difference\.no_such_action"):
            resolving.ask(session, 1, Action.GIVE_BACK, "why", by=people[0])
        with pytest.raises(Refused, match=r"difference\.no_reason"):
            resolving.ask(session, 1, Action.EXPLAINED, " ", by=people[0])
        resolving.ask(session, 1, Action.EXPLAINED, "why", by=people[0])
        with pytest.raises(Conflict, match=r"difference\.settled"):
            resolving.ask(session, 1, Action.SUSPENSE, "why", by=people[0])


class Till:
    """A gateway that gives back after it has been asked twice."""

    name = "wechat"

    def __init__(self) -> None:
        self.asked: list[Refunding] = []

    def refund(self, refunding: Refunding) -> RefundReport:
        self.asked.append(refunding)
        done = len(self.asked) > 1
        state = RefundState.DONE if done else RefundState.PROCESSING
        return RefundReport(refunding.order_no, refunding.refund_no, state)


def test_money_without_an_order_goes_back_once(
    database: Database, people: tuple[int, int], tmp_path: Path
) -> None:
    said = Said(lines={DAY: [line("nobody", 700)], DAY + timedelta(days=1): []})
    _reconcile(database, tmp_path, said, CoreFile())
    _decide(database, people, Action.GIVE_BACK)
    with database.unit_of_work() as session:
        assert session.get_one(Difference, 1).state == "curing"
    assert [task for task, _ in jobs(database)] == ["payments.give_back"]
    till: Any = Till()
    with pytest.raises(GatewayUnavailable, match="not_done_yet"):
        resolving.give_back(database, {"wechat": till}, 1)
    for _ in range(2):
        resolving.give_back(database, {"wechat": till}, 1)
    assert [(each.order_no, each.refund_no, each.amount_fen) for each in till.asked] == [
        ("nobody", "RX0000000001", 700),
        ("nobody", "RX0000000001", 700),
    ]
    assert _adjustments(database) == [
        ("difference:1", "wechat", "suspense", 700),
        ("difference:1:back", "suspense", "wechat", 700),
    ]
    said.lines[DAY + timedelta(days=1)] = [back("nobody", "RX0000000001", 700)]
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        run.reconcile(
            database, Parties({"wechat": said}, CoreFile(), tmp_path), DAY + timedelta(days=1)
        )
    assert differences(database) == [("wechat", "unknown", "nobody", "resolved", "give_back")]


def test_what_cured_itself_is_not_decided_again(
    database: Database, people: tuple[int, int], tmp_path: Path
) -> None:
    with database.unit_of_work() as session:
        place_order(session, "A1")
    _reconcile(database, tmp_path, Said(lines={DAY: [line("A1")]}), CoreFile())
    with database.unit_of_work() as session:
        session.get_one(Difference, 1).state = "open"
    with database.unit_of_work() as session:
        asked = resolving.ask(session, 1, Action.SUSPENSE, "why", by=people[0])
    with database.unit_of_work() as session:
        order = session.scalars(select(Order)).one()
        order.status, order.paid_at, order.trade_no = "paid", NOON, "TA1"
        book_payment(session, order)
    with pytest.raises(Conflict, match=r"difference\.settled"), database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=people[1])
    assert _adjustments(database) == []
    with database.unit_of_work() as session:
        approvals.decline(session, asked.id, "it is there", by=people[1])
    assert [row[3:] for row in differences(database)] == [("open", None)]


def test_again_asks_for_the_cure(
    database: Database, people: tuple[int, int], tmp_path: Path
) -> None:
    with database.unit_of_work() as session:
        place_order(session, "A1")
    _reconcile(database, tmp_path, Said(lines={DAY: [line("A1")]}), CoreFile())
    with database.unit_of_work() as session:
        session.get_one(Difference, 1).state = "open"
    _decide(database, people, Action.AGAIN)
    assert [row[3:] for row in differences(database)] == [("curing", "ask_gateway")]
    assert list(jobs(database)) == [("payments.recover", "A1")]


def test_the_command_says_what_it_found() -> None:
    outcomes = [
        Outcome(DAY, "wechat", "taken", found={"amount": 2, "unknown": 1}),
        Outcome(DAY, "alipay", "refused", "wrong_hash"),
        Outcome(DAY, "core", "taken"),
    ]
    told = [cli._told(outcome) for outcome in outcomes]
    assert told == [
        "2026-11-20 wechat: new differences: 2 amount, 1 unknown",
        "2026-11-20 alipay: the statement was REFUSED: wrong_hash",
        "2026-11-20 core: no new difference",
    ]
    assert "exit code is 1" in CliRunner().invoke(cli.reconcile, ["--help"]).output
    assert work.reconcile.retry_strategy is work.TILL_READY
