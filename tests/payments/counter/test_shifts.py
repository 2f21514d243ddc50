"""Drawers: who has one open, what should be in it, and how it is closed."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from payments.counter import cash, closing, coins, reading, shifts
from payments.counter.cash import Handed, Wanted
from payments.counter.models import Shift
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from tests.payments.builders import ACCOUNT
from tests.payments.conftest import Home
from tests.payments.counter.books import (
    FLOAT,
    WITH_THE_BILL,
    balance,
    books,
    customers_cash,
    shift_of,
)
from tests.payments.counter.conftest import Desk, take

# ---- opening -------------------------------------------------------------------------------------


def test_a_person_has_one_drawer_and_a_drawer_one_person(database: Database, desk: Desk) -> None:
    with database.unit_of_work() as session, pytest.raises(Conflict, match="shift_open"):
        shifts.open_shift(session, desk.agent, "4", 0)
    with database.unit_of_work() as session, pytest.raises(Conflict, match="drawer_taken"):
        shifts.open_shift(session, desk.lead, "3", 0)
    with database.unit_of_work() as session:
        assert len(session.scalars(select(Shift)).all()) == 1


@pytest.mark.parametrize(
    ("drawer", "float_fen", "code"),
    [
        ("", 0, "counter.drawer_malformed"),
        ("drawer 4", 0, "counter.drawer_malformed"),
        ("x" * 17, 0, "counter.drawer_malformed"),
        ("4", 5, "counter.no_such_coins"),
        ("4", 100_000_10, "counter.float_too_large"),
    ],
)
def test_a_drawer_is_opened_as_it_is_or_not(
    database: Database, desk: Desk, drawer: str, float_fen: int, code: str
) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused) as refusal:
        shifts.open_shift(session, desk.lead, drawer, float_fen)
    assert refusal.value.code == code


# ---- closing -------------------------------------------------------------------------------------


def test_a_count_that_agrees_closes_the_shift_and_books_the_deposit(
    database: Database, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
        number = shift_of(session, desk).shift_no
        assert balance(session) == sum(customers_cash(session).values()) == 149_60
    with database.unit_of_work() as session:
        closing.count(session, number, WITH_THE_BILL, by=desk.agent)
    with database.unit_of_work() as session:
        shift = shift_of(session, desk)
        assert (shift.status, shift.counted_fen, shift.expected_fen) == ("closed", 249_60, 249_60)
        assert books(session, "deposit", "adjustment") == [("deposit", "bank", "counter", 149_60)]
        assert customers_cash(session) == {}
        assert balance(session) == 0
        sheet = reading.sheet(session, number, of=None)
        assert (sheet.taken_fen, sheet.difference_fen, sheet.deposit_fen) == (149_60, 0, 149_60)


def test_a_shift_without_cash_closes_without_an_entry(database: Database, desk: Desk) -> None:
    with database.unit_of_work() as session:
        closing.count(session, shift_of(session, desk).shift_no, FLOAT, by=desk.agent)
        assert books(session, "deposit", "adjustment") == []
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "closed"
        shifts.open_shift(session, desk.agent, "3", 0)


def test_a_difference_is_named_before_it_is_asked_about(
    database: Database, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
        number = shift_of(session, desk).shift_no
    for reason in (None, "", "  "):
        with database.unit_of_work() as session, pytest.raises(Conflict) as refusal:
            closing.count(session, number, {100_00: 2}, by=desk.agent, reason=reason)
        assert refusal.value.params == {"counted_fen": 200_00, "expected_fen": 249_60}
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "open"
        assert approvals.waiting(session) == []


@pytest.mark.parametrize(
    ("pieces", "entries"),
    [
        (
            {100_00: 2, 20_00: 2, 5_00: 1, 1_00: 4, 50: 1},
            [("adjustment", "suspense", "counter", 10), ("deposit", "bank", "counter", 149_50)],
        ),
        (
            {100_00: 3},
            [("adjustment", "counter", "suspense", 50_40), ("deposit", "bank", "counter", 200_00)],
        ),
        (
            {50_00: 1},
            [("adjustment", "suspense", "counter", 199_60), ("deposit", "counter", "bank", 50_00)],
        ),
        ({100_00: 1}, [("adjustment", "suspense", "counter", 149_60)]),
    ],
)
def test_a_difference_wants_a_second_person_and_goes_to_suspense(
    database: Database,
    desk: Desk,
    coded: str,
    decided: None,
    pieces: dict[int, int],
    entries: list[tuple[str, str, str, int]],
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
        number = shift_of(session, desk).shift_no
    with database.unit_of_work() as session:
        closing.count(session, number, pieces, by=desk.agent, reason="找错了零")
    with database.unit_of_work() as session:
        asked = approvals.waiting(session, {closing.APPROVAL})[0]
        assert (asked.subject, asked.reason, asked.asked_by) == (number, "找错了零", desk.agent)
        assert asked.params == {
            "drawer": "3",
            "counted_fen": coins.counted_fen(pieces),
            "expected_fen": 249_60,
        }
        assert shift_of(session, desk).status == "waiting"
        assert customers_cash(session) == {number: 149_60}
        assert books(session, "deposit", "adjustment") == []
        with pytest.raises(Forbidden):
            approvals.approve(session, asked.id, by=desk.agent)
    with database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=desk.lead)
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "closed"
        assert books(session, "deposit", "adjustment") == entries
        assert (customers_cash(session), balance(session)) == ({}, 0)


def test_a_declined_difference_is_counted_again(
    database: Database, desk: Desk, coded: str, decided: None
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
        number = shift_of(session, desk).shift_no
        closing.count(session, number, {100_00: 2}, by=desk.agent, reason="少了")
        asked = approvals.waiting(session)[0].id
    with database.unit_of_work() as session:
        approvals.decline(session, asked, "再数一遍", by=desk.lead)
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "counting"
        with pytest.raises(Conflict, match="no_shift"):
            shifts.lock_open(session, desk.agent)
        closing.count(session, number, WITH_THE_BILL, by=desk.agent)
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "closed"


def test_a_closed_shift_stays(database: Database, desk: Desk) -> None:
    with database.unit_of_work() as session:
        number = shift_of(session, desk).shift_no
        closing.count(session, number, FLOAT, by=desk.agent)
    with database.unit_of_work() as session, pytest.raises(Conflict, match="not_open"):
        closing.count(session, number, FLOAT, by=desk.agent)
    for change in ("counted_fen = 0", "status = 'open'", "drawer = '9'", "closed_at = now()"):
        with database.unit_of_work() as session, pytest.raises(DBAPIError, match="shift stays"):
            session.execute(text(f"update counter_shift set {change}"))  # noqa: S608


def test_no_shift_closes_beside_the_books_or_without_its_approval(
    database: Database, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        take(session, desk, coded)
    counted = "pieces = '{}', counted_by = opened_by, counted_at = now(), closed_at = now()"
    for change, said in (
        ("counted_fen = 24960, expected_fen = 24960", "not in the ledger"),
        ("counted_fen = 10000, expected_fen = 10000", "holds 24960, not 10000"),
        ("counted_fen = 10000, expected_fen = 24960", "difference"),
    ):
        statement = f"update counter_shift set status = 'closed', {counted}, {change}"  # noqa: S608
        with pytest.raises(IntegrityError, match=said), database.unit_of_work() as session:
            session.execute(text(statement))


@pytest.mark.parametrize("pieces", [{2_00: 1}, {1_00: -1}, {10: 100_001}])
def test_a_count_is_of_notes_and_coins_that_there_are(
    database: Database, desk: Desk, pieces: dict[int, int]
) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused, match="count_malformed"):
        closing.count(session, shift_of(session, desk).shift_no, pieces, by=desk.agent)


def test_no_cash_goes_into_a_drawer_that_is_counted(
    database: Database, home: Home, desk: Desk
) -> None:
    with database.unit_of_work() as session:
        shift = shift_of(session, desk)
        shift.status = "counting"
    handed = Handed(shift, 100_00, "k", desk.agent)
    with pytest.raises(DBAPIError, match="not open"), database.unit_of_work() as session:
        cash.take_for_account(session, Wanted(ACCOUNT, top_up_fen=100_00), handed)


# ---- machines ------------------------------------------------------------------------------------


def test_a_machine_opens_its_own_box_and_goes_on_after_it_was_emptied(
    database: Database, desk: Desk, coded: str
) -> None:
    with database.unit_of_work() as session:
        box = shifts.of_machine(session, "K01")
        assert (box.machine, box.opened_by, box.float_fen) == (True, None, 0)
        cash.take_for_code(session, coded, Handed(box, 149_60, "m1", None))
        assert shifts.of_machine(session, "K01").id == box.id
    with database.unit_of_work() as session:
        shifts.empty_machine(session, box.shift_no)
        assert shifts.of_machine(session, "K01").id != box.id
        pieces = {100_00: 1, 20_00: 2, 5_00: 1, 1_00: 4, 50: 1, 10: 1}
        closing.count(session, box.shift_no, pieces, by=desk.lead)
    with database.unit_of_work() as session:
        assert books(session, "deposit") == [("deposit", "bank", "counter", 149_60)]
        with pytest.raises(Conflict, match="not_open"):
            shifts.empty_machine(session, box.shift_no)
        with pytest.raises(Conflict, match="drawer_taken"):
            shifts.of_machine(session, "3")


def test_whose_shifts_one_sees(database: Database, desk: Desk) -> None:
    with database.unit_of_work() as session:
        own = shift_of(session, desk).shift_no
        box = shifts.of_machine(session, "K01").shift_no
        assert [each.shift_no for each in reading.unclosed(session, of=desk.agent)] == [own, box]
        assert [each.shift_no for each in reading.unclosed(session, of=desk.lead)] == [box]
        assert len(reading.unclosed(session, of=None)) == 2
        with pytest.raises(NotFound):
            reading.sheet(session, own, of=desk.lead)
