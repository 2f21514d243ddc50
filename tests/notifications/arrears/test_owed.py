"""The formal notice is owed by law: who could not be told on its day is told when they can be."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import notices
from notifications.arrears import sparing
from notifications.models import EXPIRED, TOLD, WAITING, Notice
from runtime import clock
from runtime.database import Database
from service.models import Account, Bill
from tests.notifications.arrears.conftest import TODAY, Goes, Told
from tests.notifications.arrears.test_running import Run
from tests.service.builders import create_bill, create_customer

FORMAL = ["arrears.formal"]
_resting: set[str] = set()


def _bills(_day: date) -> Any:
    return select(Bill.bill_no).where(Bill.account_no.in_(_resting))


@pytest.fixture(autouse=True)
def resting() -> Iterator[set[str]]:
    """The accounts that something lets rest."""
    sparing.spare(_bills)
    yield _resting
    sparing.leave(_bills)
    _resting.clear()


@pytest.fixture
def account(database: Database) -> Account:
    """Its only bill is 31 days late today."""
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        _owe(session, account, 31)
    return account


def _owe(session: Session, account: Account, days_late: int, fen: int = 5000) -> None:
    create_bill(session, account, total_fen=fen, due=TODAY - timedelta(days=days_late))


def _kinds(told: Told) -> list[str]:
    return [each[0] for each in told()]


def test_who_rested_on_the_day_is_told_after_it_once(
    account: Account, resting: set[str], run: Run, told: Told, later: Goes
) -> None:
    resting.add(account.account_no)
    for _ in range(9):
        run()
        later(1)
    assert told() == []
    resting.clear()
    for _ in range(3):
        run()
        later(1)
    assert _kinds(told) == FORMAL


def test_it_waits_for_a_working_day(
    account: Account, resting: set[str], run: Run, told: Told, later: Goes
) -> None:
    resting.add(account.account_no)
    run()
    resting.clear()
    later(4)
    run()
    assert (clock.today().isoweekday(), told()) == (6, [])
    later(2)
    run()
    assert _kinds(told) == FORMAL


@pytest.mark.parametrize("state", ["withdrawn", EXPIRED])
def test_what_did_not_come_to_be_sent_is_told_anew(
    database: Database, account: Account, run: Run, told: Told, later: Goes, state: str
) -> None:
    run()
    with database.unit_of_work() as session:
        notices.withdraw(session, Notice.kind == FORMAL[0], reason="no_longer")
        session.scalars(select(Notice)).one().state = state
    later(1)
    assert run().notices == 1
    with database.reading() as session:
        notice = session.scalars(select(Notice)).one()
        assert (notice.state, notice.reason) == (WAITING, None)
        assert clock.civil_date(notice.not_before) == clock.today()
        assert notice.expires_at == notice.not_before + timedelta(hours=120)


def test_what_was_sent_is_not_told_anew_though_a_second_channel_was_taken_back(
    database: Database, account: Account, run: Run, later: Goes
) -> None:
    run()
    with database.unit_of_work() as session:
        notice = session.scalars(select(Notice)).one()
        notice.state, notice.told_at = "withdrawn", clock.now()
    later(1)
    assert run().notices == 0


def test_one_notice_tells_of_all_bills_that_it_is_owed_of(
    database: Database, account: Account, resting: set[str], run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        _owe(session, account, 61)
    for _ in range(3):
        run()
        later(1)
    assert _kinds(told) == FORMAL


def test_each_bill_that_comes_to_be_so_late_is_told_of(
    database: Database, account: Account, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        _owe(session, account, 1)
    run()
    with database.unit_of_work() as session:
        session.scalars(select(Notice)).one().state = TOLD
    later(29)
    run()
    assert _kinds(told) == FORMAL
    later(1)
    run()
    later(1)
    run()
    assert _kinds(told) == FORMAL * 2


def test_who_was_told_formally_is_still_reminded_of_newer_bills(
    database: Database, account: Account, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        _owe(session, account, 2)
    run()
    later(1)
    run()
    assert _kinds(told) == [*FORMAL, "arrears.late_3"]


def test_bills_that_are_too_small_alone_are_told_of_together(
    database: Database, run: Run, told: Told, later: Goes
) -> None:
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        _owe(session, account, 62, fen=600)
        _owe(session, account, 32, fen=399)
    run()
    assert told() == []
    with database.unit_of_work() as session:
        _owe(session, account, 90, fen=1)
    later(1)
    run()
    assert _kinds(told) == FORMAL
