"""Whatever happens, in whatever order: the books hold what the drawers hold."""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.counter import cash, closing, shifts
from payments.counter.cash import Handed, Wanted
from payments.counter.models import Cash, Shift
from runtime.database import Database
from service import approvals
from tests.payments.builders import ACCOUNT
from tests.payments.conftest import Home
from tests.payments.counter.books import balance, customers_cash
from tests.payments.counter.conftest import Desk


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
            expected = customers_cash(session)
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
