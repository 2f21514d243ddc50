"""`denghuo ledger check`: right books are proved right, and each wrong fen is named."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, text

from payments.ledger import cli
from payments.ledger.booking import POSTED, RECEIVED, SUSPENSE, Kind, book
from payments.ledger.check import Report, check
from payments.models import Order
from payments.reconciliation import run
from payments.reconciliation.run import Parties
from payments.reconciliation.standing import Sums
from runtime.database import Database
from tests.payments.builders import create_account, create_user
from tests.payments.reconciling import (
    ACCOUNT,
    DAY,
    NOON,
    CoreFile,
    Said,
    booked,
    line,
    pay_order,
    place_order,
)


@pytest.fixture(autouse=True)
def next_noon() -> Iterator[time_machine.Traveller]:
    """It is noon of the day after."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False) as now:
        yield now


@pytest.fixture
def books(database: Database) -> Database:
    """Two payments of 100.00 yuan, both posted, and a third that is on its way."""
    with database.unit_of_work() as session:
        create_user(session)
        create_account(session)
        pay_order(session, "A1")
        pay_order(session, "A2")
        pay_order(session, "A3", posted=False)
    return database


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    lines = [line("A1"), line("A2"), line("A3")]
    core = CoreFile({DAY: [booked("A1"), booked("A2")]})
    return Parties({"wechat": Said(lines={DAY: lines})}, core, tmp_path / "statements")


def _check(books: Database) -> Report:
    return check(books, DAY)


def test_an_empty_house_is_right(database: Database) -> None:
    report = _check(database)
    assert (report.balances, report.queues, report.problems) == ({}, {}, [])


def test_what_is_not_reconciled_yet_is_said(books: Database) -> None:
    assert _check(books).problems == [
        "2026-11-20 wechat: the gateway's statement has not been taken yet.",
        "2026-11-20 wechat: the core's settlement file has not been taken yet.",
    ]


def test_right_books_with_a_payment_on_its_way(books: Database, parties: Parties) -> None:
    run.reconcile(books, parties, DAY)
    report = _check(books)
    assert report.balances == {
        "fees": 180,
        "posted": -20000,
        "received": -10000,
        "wechat": 29820,
    }
    assert report.queues == {"posted": (2, 20000), "posting": (1, 10000)}
    assert report.problems == [
        f"2026-11-20 core: missing_posting A3:{ACCOUNT} of order A3: gateway 100.00 yuan,"
        " order 100.00 yuan, core nothing (curing)."
    ]


def test_a_right_day_has_no_difference(books: Database, parties: Parties) -> None:
    with books.unit_of_work() as session:
        _post(session, "A3")
    elsewhere = booked("D1", 77700, channel="bank")  # came by the utility's own ways
    parties.core.rows[DAY] += [booked("A3"), elsewhere]  # type: ignore[attr-defined]
    run.reconcile(books, parties, DAY)
    report = _check(books)
    assert report.problems == []
    (wechat,) = report.standings
    assert (wechat.agrees, wechat.paid.gateway, wechat.paid.core) == (
        True,
        Sums(3, 30000),
        Sums(3, 30000),
    )


def _post(session, number: str) -> None:  # type: ignore[no-untyped-def]
    key = f"{number}:{ACCOUNT}"
    session.execute(
        text(
            "UPDATE posting_task SET posting_no = :no, posted_at = :at WHERE idempotency_key = :key"
        ),
        {"no": f"P{number}", "at": NOON, "key": key},
    )
    session.execute(
        text("UPDATE payment_order SET status = 'posted', posted_at = :at WHERE order_no = :no"),
        {"no": number, "at": NOON},
    )
    book(session, Kind.POSTING, key, debit=RECEIVED, credit=POSTED, amount_fen=10000)


def test_an_entry_without_a_document_and_a_document_without_an_entry(books: Database) -> None:
    with books.unit_of_work() as session:
        book(session, Kind.PAYMENT, "ghost", debit="alipay", credit=RECEIVED, amount_fen=5)
    with books.unit_of_work() as session:
        session.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
        session.execute(text("DELETE FROM ledger_entry WHERE reference ~ 'A2:'"))
        session.execute(text("ALTER TABLE ledger_entry ENABLE TRIGGER USER"))
    problems = _check(books).problems
    assert problems[:6] == [
        "The payment ghost of 0.05 yuan (alipay from received) is in the books and nothing that"
        " happened stands behind it.",
        f"The posting A2:{ACCOUNT} of 100.00 yuan (received from posted) happened and is not in"
        " the books like this.",
        "Account alipay stands at 0.05 yuan in the books; orders, postings, refunds and decisions"
        " say 0.00 yuan.",
        "Account posted stands at \N{MINUS SIGN}100.00 yuan in the books; orders, postings, refunds"
        " and decisions say \N{MINUS SIGN}200.00 yuan.",
        "Account received stands at \N{MINUS SIGN}200.05 yuan in the books; orders, postings,"
        " refunds and decisions say \N{MINUS SIGN}100.00 yuan.",
        "200.05 yuan are owed to the core or to payers by the books; 100.00 yuan are in the"
        " queues.",
    ]


def test_an_adjustment_that_nobody_decided(books: Database) -> None:
    with books.unit_of_work() as session:
        reference = "difference:77"
        book(session, Kind.ADJUSTMENT, reference, debit="wechat", credit=SUSPENSE, amount_fen=1)
    assert _check(books).problems[0] == (
        "The adjustment difference:77 of 0.01 yuan (wechat from suspense) is in the books and"
        " nothing that happened stands behind it."
    )


def test_a_paid_order_in_no_queue_is_astray(books: Database) -> None:
    with books.unit_of_work() as session:
        session.execute(text("UPDATE payment_order SET status = 'posted' WHERE order_no = 'A3'"))
    report = _check(books)
    assert report.queues == {"astray": (1, 10000), "posted": (2, 20000)}
    assert report.problems[0] == (
        "Order A3 of 100.00 yuan is posted, 0.00 yuan of it are where they belong, and no queue"
        " holds it."
    )


def test_sums_that_no_difference_explains(books: Database, parties: Parties) -> None:
    run.reconcile(books, parties, DAY)
    with books.unit_of_work() as session:
        pay_order(session, "A4", 777)
    problems = _check(books).problems
    assert (
        "2026-11-20 wechat: the gateway has 3 payments of 300.00 yuan, our orders 4 of 307.77 yuan;"
        " \N{MINUS SIGN}7.77 yuan are not explained." in problems
    )
    assert (
        "2026-11-20 wechat: the core has 2 payments of 200.00 yuan, we know of 3 of 207.77 yuan;"
        " \N{MINUS SIGN}7.77 yuan are not explained." in problems
    )


def test_what_stands_on_another_day_is_explained(books: Database, parties: Parties) -> None:
    midnight = NOON + timedelta(hours=12)
    with books.unit_of_work() as session:
        _post(session, "A3")
        pay_order(session, "late", 500, at=midnight + timedelta(seconds=2))
    parties.core.rows[DAY].append(booked("A3"))  # type: ignore[attr-defined]
    parties.core.rows[DAY + timedelta(days=1)] = [  # type: ignore[attr-defined]
        booked("late", 500, at=midnight + timedelta(seconds=2))
    ]
    said = parties.statements["wechat"].lines  # type: ignore[attr-defined]
    said[DAY].append(line("late", 500, at=midnight - timedelta(seconds=1)))
    said[DAY + timedelta(days=1)] = []
    for day in (DAY, DAY + timedelta(days=1)):
        run.reconcile(books, parties, day)
        assert check(books, day).problems == []


def test_a_decided_difference_is_explained_and_its_entry_has_its_document(
    books: Database, parties: Parties
) -> None:
    with books.unit_of_work() as session:
        _post(session, "A3")
        place_order(session, "other")
    parties.core.rows[DAY].append(booked("A3"))  # type: ignore[attr-defined]
    said = parties.statements["wechat"].lines[DAY]  # type: ignore[attr-defined]
    said[:] = [line("A1", 9900), line("A2"), line("A3"), line("nobody", 700)]
    run.reconcile(books, parties, DAY)
    assert len(_check(books).problems) == 2
    with books.unit_of_work() as session:
        for number, fen in ((1, 100), (2, 700)):
            debit, credit = (SUSPENSE, "wechat") if number == 1 else ("wechat", SUSPENSE)
            reference = f"difference:{number}"
            book(session, Kind.ADJUSTMENT, reference, debit=debit, credit=credit, amount_fen=fen)
        session.execute(text("UPDATE difference SET state = 'resolved', how = 'suspense'"))
    report = _check(books)
    assert report.problems == []
    assert report.balances["suspense"] == -600
    assert report.standings[0].agrees
    with books.unit_of_work() as session:
        assert session.scalars(select(Order.order_no).order_by(Order.id)).all()[-1] == "other"


def test_the_command_shows_sums_and_names_differences(
    books: Database, parties: Parties, capsys: pytest.CaptureFixture[str]
) -> None:
    run.reconcile(books, parties, DAY)
    capsys.readouterr()
    cli._show(_check(books))
    told = capsys.readouterr().out.splitlines()
    assert told[1] == "  fees                       1.80"
    assert "Paid orders: 3." in told
    assert (
        "  wechat     3: 300.00 | 3: 300.00 | 2: 200.00 | 2: 200.00"
        " | 0: 0.00 | 0: 0.00 | 0: 0.00 | 0: 0.00" in told
    )
    assert told[-2:] == [
        "1 difference:",
        f"  2026-11-20 core: missing_posting A3:{ACCOUNT} of order A3: gateway 100.00 yuan,"
        " order 100.00 yuan, core nothing (curing).",
    ]
