"""Drawers: who has one open, what should be in it, and how it is closed."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from payments import refunds
from payments.counter import cash, closing, coins, payouts, reading, shifts
from payments.counter.cash import Handed, Wanted
from payments.counter.models import Cash, Shift
from payments.ledger.models import LedgerEntry
from payments.models import Order, PostingTask, Refund
from payments.refunds import finding, hearing, making
from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.events import ActionApproved, ActionDeclined
from tests.payments.builders import ACCOUNT
from tests.payments.conftest import Home
from tests.payments.counter.conftest import Desk, take

FLOAT = {100_00: 1}
WITH_THE_BILL = {100_00: 2, 20_00: 2, 5_00: 1, 1_00: 4, 50: 1, 10: 1}  # 249.60


@pytest.fixture
def decided(keys: object):  # type: ignore[no-untyped-def]
    with (
        events.subscribed(ActionApproved, closing.on_approved),
        events.subscribed(ActionDeclined, closing.on_declined),
    ):
        yield


def shift_of(session: Session, desk: Desk) -> Shift:
    return session.scalars(select(Shift).where(Shift.opened_by == desk.agent)).one()


def books(session: Session, *kinds: str) -> list[tuple[str, str, str, int]]:
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.kind.in_(kinds)).order_by(LedgerEntry.id)
    )
    return [(each.kind, each.debit, each.credit, each.amount_fen) for each in entries]


def balance(session: Session) -> int:
    """What the books say is at the counter."""
    entries = session.scalars(
        select(LedgerEntry).where(
            (LedgerEntry.debit == "counter") | (LedgerEntry.credit == "counter")
        )
    )
    return sum(each.amount_fen if each.debit == "counter" else -each.amount_fen for each in entries)


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
        assert balance(session) == sum(shifts.expected_cash(session).values()) == 149_60
    with database.unit_of_work() as session:
        closing.count(session, number, WITH_THE_BILL, by=desk.agent)
    with database.unit_of_work() as session:
        shift = shift_of(session, desk)
        assert (shift.status, shift.counted_fen, shift.expected_fen) == ("closed", 249_60, 249_60)
        assert books(session, "deposit", "adjustment") == [("deposit", "bank", "counter", 149_60)]
        assert shifts.expected_cash(session) == {}
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
        assert shifts.expected_cash(session) == {number: 149_60}
        assert books(session, "deposit", "adjustment") == []
        with pytest.raises(Forbidden):
            approvals.approve(session, asked.id, by=desk.agent)
    with database.unit_of_work() as session:
        approvals.approve(session, asked.id, by=desk.lead)
    with database.unit_of_work() as session:
        assert shift_of(session, desk).status == "closed"
        assert books(session, "deposit", "adjustment") == entries
        assert (shifts.expected_cash(session), balance(session)) == ({}, 0)


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


# ---- handing back --------------------------------------------------------------------------------


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


def refunded(database: Database, desk: Desk, coded: str) -> str:
    """A refund of the whole order whose money is free: the core has taken its posting back."""
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
        refund = session.scalars(select(Refund)).one()
    with database.unit_of_work() as session:
        order, fresh = finding.locked(session, refund.refund_no)
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
    return refund.refund_no


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
        assert shifts.expected_cash(session) == {shift.shift_no: 0}
        assert balance(session) == 0
        assert payouts.waiting(session) == []
        closing.count(session, shift.shift_no, FLOAT, by=desk.agent)


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


# ---- whatever happens ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """Something that happens at one of two drawers or at a machine."""

    at: int
    what: str
    fen: int


ACTS = st.lists(
    st.builds(
        Act,
        at=st.sampled_from((0, 1, 2)),
        what=st.sampled_from(("take", "take", "take", "replay", "count", "miscount")),
        fen=st.integers(10, 3000).map(lambda jiao: jiao * 10),
    ),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_the_books_always_hold_what_the_drawers_hold(
    database: Database, home: Home, desk: Desk, decided: None, acts: list[Act]
) -> None:
    for place, act in enumerate(acts):
        with database.unit_of_work() as session:
            happen(session, desk, act, place)
        with database.unit_of_work() as session:
            expected = shifts.expected_cash(session)
            assert sum(expected.values()) == balance(session)
            taken = session.scalars(select(Cash)).all()
            assert len({each.order_id for each in taken}) == len(taken)
            for shift in session.scalars(select(Shift)):
                assert (shift.status == "closed") == (shift.shift_no not in expected)


def happen(session: Session, desk: Desk, act: Act, place: int) -> None:
    people = (desk.agent, desk.lead)
    who = people[act.at % 2]
    if act.at == 2:
        shift = shifts.of_machine(session, "K01")
    else:
        shift = shifts.current(session, who) or shifts.open_shift(
            session, who, str(3 + act.at), 100_00
        )
    if act.what in ("take", "replay"):
        key = f"{shift.shift_no}:{place if act.what == 'take' else 0}:{who}"
        known = session.scalars(select(Cash).where(Cash.idempotency_key == key)).one_or_none()
        fen = max(1_00, act.fen)
        wanted = Wanted(ACCOUNT, top_up_fen=fen)
        receipt = cash.take_for_account(session, wanted, Handed(shift, fen, key, who))
        assert known is None or receipt.id == known.id
        return
    if shift.machine:
        shifts.empty_machine(session, shift.shift_no)
    held = shifts.drawer_fen(session, shift)
    if act.what == "count":
        closing.count(session, shift.shift_no, {10: held // 10}, by=who)
        return
    closing.count(session, shift.shift_no, {10: held // 10 + 1}, by=who, reason="多了")
    asked = approvals.waiting(session)[0].id
    second = people[1 - act.at % 2]
    if act.fen % 20:
        approvals.approve(session, asked, by=second)
    else:
        approvals.decline(session, asked, "", by=second)
