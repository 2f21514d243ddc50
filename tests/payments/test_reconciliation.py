"""Three sides of a day compared: each class is found, cured or left to people, and never twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from payments import refunds
from payments.ledger.booking import POSTED, RECEIVED, Kind, book
from payments.ledger.models import LedgerEntry
from payments.models import Order, PostingTask
from payments.reconciliation import cures, gateway_side, run
from payments.reconciliation.models import Difference, StatementRecord
from payments.reconciliation.run import Outcome, Parties
from runtime import clock, events
from runtime.database import Database
from service import approvals
from service.events import ActionApproved
from tests.payments.builders import create_account, create_user
from tests.payments.fingerprint import everything
from tests.payments.reconciling import (
    ACCOUNT,
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

NEXT = DAY + timedelta(days=1)
MIDNIGHT = clock.civil_midnight(NEXT)


@pytest.fixture(autouse=True)
def next_noon() -> Iterator[time_machine.Traveller]:
    """It is noon of the day after."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False) as now:
        yield now


@pytest.fixture
def books(database: Database) -> Database:
    """Somebody to whom orders can belong."""
    with database.unit_of_work() as session:
        create_user(session)
        create_account(session)
    return database


@pytest.fixture
def wechat() -> Said:
    return Said(lines={DAY: []})


@pytest.fixture
def core() -> CoreFile:
    return CoreFile()


@pytest.fixture
def parties(wechat: Said, core: CoreFile, tmp_path: Path) -> Parties:
    return Parties({"wechat": wechat}, core, tmp_path / "statements")


def _pay(books: Database, *numbers: str, **how: object) -> None:
    with books.unit_of_work() as session:
        for number in numbers:
            pay_order(session, number, **how)  # type: ignore[arg-type]


def _found(outcomes: list[Outcome]) -> dict[str, object]:
    return {each.source: dict(each.found) for each in outcomes}


def test_three_sides_that_agree(
    books: Database, parties: Parties, wechat: Said, core: CoreFile
) -> None:
    _pay(books, "A1", "A2")
    wechat.lines[DAY] = [line("A2"), line("A1")]
    core.rows[DAY] = [booked("A1"), booked("A2")]
    assert _found(run.reconcile(books, parties, DAY)) == {"wechat": {}, "core": {}}
    assert differences(books) == []
    with books.unit_of_work() as session:
        taken = session.scalars(select(StatementRecord).order_by(StatementRecord.id)).all()
        fees = session.execute(
            select(LedgerEntry.debit, LedgerEntry.credit, LedgerEntry.amount_fen).where(
                LedgerEntry.kind == "fee"
            )
        ).all()
    assert [(t.source, t.verdict, t.count, t.paid_fen, t.fee_fen) for t in taken] == [
        ("wechat", "taken", 2, 20000, 120),
        ("core", "taken", 2, 20000, 0),
    ]
    assert taken[1].channels == {"wechat": {"paid": [2, 20000], "refunded": [0, 0]}}
    assert fees == [("fees", "wechat", 120)]


def test_each_class_is_found_once_and_its_cure_asked_for(
    books: Database, parties: Parties, wechat: Said, core: CoreFile
) -> None:
    _pay(books, "fine", "absent", "amount", "double", "lost", "core-amount")
    _pay(books, "unposted", "unrecorded", posted=False)
    with books.unit_of_work() as session:
        place_order(session, "silent")
        place_order(session, "late", status="closed", closed_at=NOON)
    wechat.lines[DAY] = [
        line("fine"),
        line("amount", 9900),
        line("double"),
        line("double", trade_no="Tsecond"),
        line("lost"),
        line("core-amount"),
        line("unposted"),
        line("unrecorded"),
        line("silent"),
        line("late"),
        line("nobody", 777),
        back("fine", "Rnobody", 500),
    ]
    core.rows[DAY] = [
        booked("fine"),
        booked("absent"),
        booked("amount"),
        booked("double"),
        booked("double", posting_no="Psecond"),
        booked("core-amount", 10001),
        booked("unrecorded"),
        booked("foreign", 5),
    ]
    found = run.reconcile(books, parties, DAY)
    expected = [
        ("core", "amount", "Pcore-amount", "open", None),
        ("core", "duplicate", "Psecond", "open", None),
        ("core", "missing_posting", "Plost", "open", None),
        ("core", "missing_posting", "unposted:420011875603", "curing", "post"),
        ("core", "unknown", "Pforeign", "open", None),
        ("core", "unrecorded", "unrecorded:420011875603", "curing", "post"),
        ("wechat", "amount", "amount", "open", None),
        ("wechat", "duplicate", "Tsecond", "curing", "second_trade"),
        ("wechat", "missing_at_gateway", "absent", "open", None),
        ("wechat", "missing_callback", "late", "curing", "ask_gateway"),
        ("wechat", "missing_callback", "silent", "curing", "ask_gateway"),
        ("wechat", "refund_not_here", "Rnobody", "open", None),
        ("wechat", "unknown", "nobody", "open", None),
    ]
    assert differences(books) == expected
    assert _found(found)["wechat"] == {
        "amount": 1,
        "duplicate": 1,
        "missing_at_gateway": 1,
        "missing_callback": 2,
        "refund_not_here": 1,
        "unknown": 1,
    }
    asked_for = [
        ("payments.post", "unposted"),
        ("payments.post", "unrecorded"),
        ("payments.recover", "late"),
        ("payments.recover", "silent"),
        ("payments.second_trade", "double"),
    ]
    assert list(jobs(books)) == asked_for
    assert _found(run.reconcile(books, parties, DAY)) == {"wechat": {}, "core": {}}
    assert differences(books) == expected
    assert list(jobs(books)) == asked_for


def test_a_reversal_waits_for_the_refund_of_its_own_posting_alone(
    books: Database, parties: Parties, wechat: Said, core: CoreFile
) -> None:
    _pay(books, "known", "unknown")
    _refund(books, "known", 500)
    wechat.lines[DAY] = [line("known"), line("unknown")]
    core.rows[DAY] = [
        booked("known"),
        booked("unknown"),
        _reversed("known", 500),
        _reversed("unknown", 300),
    ]
    run.reconcile(books, parties, DAY)
    assert differences(books) == [
        ("core", "refund_not_here", f"Pknown/{DAY}", "curing", "refund"),
        ("core", "refund_not_here", f"Punknown/{DAY}", "open", None),
    ]


def _refund(books: Database, number: str, fen: int) -> None:
    """A refund that two people of the desk want and the core has not been asked for yet."""
    with books.unit_of_work() as session, events.subscribed(ActionApproved, refunds.on_approved):
        first, second = create_user(session, "13900000001"), create_user(session, "13900000002")
        asked = refunds.ask_refund(session, number, {ACCOUNT: fen}, "wrong_account", by=first)
        approvals.approve(session, asked.id, by=second)


def _reversed(number: str, fen: int) -> tuple[object, ...]:
    """A reversal in the core's file."""
    when = NOON.isoformat()
    return ("reversal", f"P{number}", ACCOUNT, -fen, "wechat", number, when, when)


def test_evidence_has_the_line_and_what_we_know(
    books: Database, parties: Parties, wechat: Said
) -> None:
    _pay(books, "A1")
    wechat.lines[DAY] = [line("A1", 9900)]
    run.reconcile(books, parties, DAY)
    with books.unit_of_work() as session:
        found = session.scalars(select(Difference).where(Difference.source == "wechat")).one()
    assert (found.gateway_fen, found.order_fen, found.core_fen) == (9900, 10000, None)
    assert found.evidence["line"]["raw"].startswith("`payment,A1,TA1,None,9900,59,2026-11-20")
    assert found.evidence["line"]["no"] == 1
    assert found.evidence["order"]["status"] == "posted"
    assert found.evidence["postings"][0]["posting_no"] == "PA1"
    assert [event["to"] for event in found.evidence["events"]] == ["created"]


def _just(before_midnight: float) -> datetime:
    return MIDNIGHT - timedelta(seconds=before_midnight)


def test_paid_before_and_posted_after_midnight_is_no_difference(
    books: Database, parties: Parties, wechat: Said, core: CoreFile
) -> None:
    _pay(books, "A1", at=_just(1), posted_at=_just(-3))
    wechat.lines = {DAY: [line("A1", at=_just(1))], NEXT: []}
    core.rows[NEXT] = [booked("A1", at=_just(-3))]
    run.reconcile(books, parties, DAY)
    run.reconcile(books, parties, NEXT)
    assert differences(books) == []


def test_a_line_on_the_day_before(books: Database, parties: Parties, wechat: Said) -> None:
    _pay(books, "A1", at=_just(-2), posted=False)
    wechat.lines = {DAY: [line("A1", at=_just(1))], NEXT: []}
    for day in (DAY, NEXT, DAY):
        run.reconcile(books, parties, day)
    assert [row for row in differences(books) if row[0] == "wechat"] == [
        ("wechat", "missing_at_gateway", "A1", "cured", "other_day")
    ]


def test_a_line_on_the_day_after(books: Database, parties: Parties, wechat: Said) -> None:
    _pay(books, "A1", "A2", at=_just(2), posted_at=_just(1))
    core_rows = [booked("A1", at=_just(1)), booked("A2", at=_just(1))]
    parties.core.rows[DAY] = core_rows  # type: ignore[attr-defined]
    wechat.lines = {DAY: [], NEXT: [line("A1", at=_just(-1))]}
    run.reconcile(books, parties, DAY)
    assert differences(books) == [
        ("wechat", "missing_at_gateway", "A1", "curing", "other_day"),
        ("wechat", "missing_at_gateway", "A2", "curing", "other_day"),
    ]
    run.reconcile(books, parties, NEXT)
    assert differences(books) == [
        ("wechat", "missing_at_gateway", "A1", "cured", "other_day"),
        ("wechat", "missing_at_gateway", "A2", "open", None),
    ]


@pytest.mark.parametrize(("source", "minutes"), [("wechat", 15), ("unionpay", 75)])
def test_what_is_paid_late_may_stand_on_the_next_file(source: str, minutes: int) -> None:
    """UnionPay's day of settlement ends an hour before ours."""
    late = gateway_side.Day(source, DAY, MIDNIGHT).values()["late"]
    assert late == MIDNIGHT - timedelta(minutes=minutes)


def test_days_may_come_in_any_order(books: Database, parties: Parties, wechat: Said) -> None:
    _pay(books, "A1", at=_just(-2), posted=False)
    wechat.lines = {DAY: [line("A1", at=_just(1))], NEXT: []}
    run.reconcile(books, parties, NEXT)
    assert ("wechat", "missing_at_gateway", "A1", "curing", "other_day") in differences(books)
    run.reconcile(books, parties, DAY)
    assert ("wechat", "missing_at_gateway", "A1", "cured", "other_day") in differences(books)


@pytest.mark.parametrize("reason", ["wrong_hash", "miscounted", "truncated", "duplicate_line"])
def test_a_refused_statement_is_written_down_and_changes_nothing(
    books: Database, parties: Parties, wechat: Said, core: CoreFile, reason: str
) -> None:
    _pay(books, "A1")
    core.rows[DAY] = [booked("A1")]
    wechat.refused = reason
    outcomes = run.reconcile(books, parties, DAY)
    assert [(each.source, each.verdict, each.reason) for each in outcomes] == [
        ("wechat", "refused", reason),
        ("core", "taken", None),
    ]
    assert differences(books) == []
    with books.unit_of_work() as session:
        refused = session.scalars(
            select(StatementRecord).where(StatementRecord.source == "wechat")
        ).one()
        assert session.scalar(select(LedgerEntry.id).where(LedgerEntry.kind == "fee")) is None
    assert (refused.verdict, refused.reason, refused.line) == ("refused", reason, 7)
    wechat.refused, wechat.lines[DAY] = None, [line("A1")]
    assert [each.verdict for each in run.reconcile(books, parties, DAY)] == ["taken", "taken"]


@pytest.mark.parametrize("reason", ["wrong_hash", "wrong_total", "wrong_row"])
def test_a_refused_file_of_the_core_is_written_down_and_changes_nothing(
    books: Database, parties: Parties, wechat: Said, core: CoreFile, reason: str
) -> None:
    """`wrong_total` is a line too many or too few; see the tests of CoreClient."""
    _pay(books, "A1")
    wechat.refused, core.refused = "truncated", reason
    before = everything(books, "statement")
    outcome = run.reconcile(books, parties, DAY)[-1]
    assert (outcome.source, outcome.verdict, outcome.reason) == ("core", "refused", reason)
    assert everything(books, "statement") == before
    with books.unit_of_work() as session:
        kept = select(StatementRecord.verdict, StatementRecord.reason).filter_by(source="core")
        assert session.execute(kept).all() == [("refused", reason)]
    core.refused, core.rows[DAY] = None, [booked("A1")]
    assert run.reconcile(books, parties, DAY)[-1].verdict == "taken"


def test_another_statement_of_the_same_day_is_refused(
    books: Database, parties: Parties, wechat: Said
) -> None:
    _pay(books, "A1")
    wechat.lines[DAY] = [line("A1")]
    run.reconcile(books, parties, DAY)
    wechat.lines[DAY] = [line("A1"), line("A2")]
    outcome = run.reconcile(books, parties, DAY)[0]
    assert (outcome.verdict, outcome.reason) == ("refused", "changed")
    assert [row for row in differences(books) if row[0] == "wechat"] == []


def test_no_statement_is_believed_late_and_only_when_nobody_paid(
    books: Database,
    parties: Parties,
    wechat: Said,
    next_noon: time_machine.Traveller,
) -> None:
    wechat.lines = {}
    next_noon.move_to(MIDNIGHT + timedelta(hours=9))
    assert run.reconcile(books, parties, DAY)[0].verdict == "absent"
    next_noon.move_to(MIDNIGHT + timedelta(hours=11))
    assert run.reconcile(books, parties, DAY)[0].verdict == "taken"
    _pay(books, "A1", at=NOON + timedelta(days=1))
    next_noon.move_to(MIDNIGHT + timedelta(days=2))
    outcome = run.reconcile(books, parties, NEXT)[0]
    assert (outcome.verdict, outcome.reason) == ("refused", "no_statement")


def test_whoever_is_killed_before_the_end_has_done_nothing(
    books: Database, parties: Parties, wechat: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    with books.unit_of_work() as session:
        place_order(session, "silent")
    wechat.lines[DAY] = [line("silent")]
    with monkeypatch.context() as patched:
        patched.setattr("payments.reconciliation.keeping.book_fees", _killed)
        with pytest.raises(KeyboardInterrupt):
            run.reconcile(books, parties, DAY)
    assert differences(books) == []
    assert list(jobs(books)) == []
    with books.unit_of_work() as session:
        assert session.scalars(select(StatementRecord)).all() == []
    run.reconcile(books, parties, DAY)
    assert list(jobs(books)) == [("payments.recover", "silent")]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_cure_is_believed_when_it_is_seen(
    books: Database, parties: Parties, next_noon: time_machine.Traveller
) -> None:
    _pay(books, "A1", "A2", posted=False)
    run.reconcile(books, parties, DAY)
    with books.unit_of_work() as session:
        task = session.scalars(
            select(PostingTask).where(PostingTask.idempotency_key.startswith("A1"))
        ).one()
        task.posting_no, task.posted_at = "PA1", clock.now()
        book(
            session,
            Kind.POSTING,
            task.idempotency_key,
            debit=RECEIVED,
            credit=POSTED,
            amount_fen=10000,
        )
    with books.unit_of_work() as session:
        assert cures.look(session) == 1
    assert [row[2:] for row in differences(books) if row[0] == "core"] == [
        ("A1:420011875603", "cured", "posted"),
        ("A2:420011875603", "curing", "post"),
    ]
    next_noon.shift(timedelta(days=1, seconds=1))
    with books.unit_of_work() as session:
        assert cures.look(session) == 0
    assert [row[2:] for row in differences(books) if row[0] == "core"] == [
        ("A1:420011875603", "cured", "posted"),
        ("A2:420011875603", "open", None),
    ]


def test_days_that_were_never_reconciled_are_caught_up(books: Database, parties: Parties) -> None:
    with books.unit_of_work() as session:
        assert run.unreconciled(session, ["wechat", "core"]) == []
    _pay(books, "A1")
    with books.unit_of_work() as session:
        assert run.unreconciled(session, ["wechat", "core"]) == [DAY]
    run.reconcile(books, parties, DAY)
    with books.unit_of_work() as session:
        assert run.unreconciled(session, ["wechat", "core"]) == []
        assert run.unreconciled(session, ["wechat", "alipay"]) == [DAY]
        assert session.scalar(select(Order.status)) == "posted"
