"""Plans add up to the fen, whatever is owed and whenever it begins."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import clock
from service.arrangements import rules
from service.arrangements.plan import Part, instalments, late_fen, months_later
from tests.service.builders import create_account, create_bill

FIRSTS = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(st.integers(24, 10**9), st.integers(1, 24), FIRSTS, st.booleans())
def test_every_plan_adds_up_and_goes_on(
    total_fen: int, count: int, first: date, working: bool
) -> None:
    parts = instalments(total_fen, count, first, working_days=working)
    amounts = [part.amount_fen for part in parts]
    assert [part.number for part in parts] == list(range(1, count + 1))
    assert sum(amounts) == total_fen
    assert min(amounts) > 0
    assert max(amounts) - min(amounts) <= 1
    assert all(one.day < other.day for one, other in pairwise(parts))
    assert parts[0].day >= first
    if working:
        assert all(clock.is_working_day(part.day) for part in parts)
    else:
        assert [part.day for part in parts] == [months_later(first, each) for each in range(count)]


@given(st.integers(-5, 24), st.integers(1, 30))
def test_no_part_is_ever_nothing(total_fen: int, short: int) -> None:
    with pytest.raises(ValueError, match="a fen"):
        instalments(total_fen, max(total_fen, 0) + short, date(2026, 1, 1), working_days=True)


def test_three_parts_from_the_last_of_a_month() -> None:
    """31 January and 28 February 2027 are a Sunday each; 1 February and 1 March are worked."""
    assert instalments(51503, 3, date(2027, 1, 31), working_days=True) == (
        Part(1, date(2027, 2, 1), 17168),
        Part(2, date(2027, 3, 1), 17168),
        Part(3, date(2027, 3, 31), 17167),
    )


def test_the_late_charge_of_a_plan_is_that_of_each_piece(session) -> None:
    """¥200.00 due on 18 September, ¥149.51 due on 18 November; 1 per mille a day.

    ¥180.00 on 21 December: 94 days of 180.00 are 16.92. ¥169.51 on 21 January: 125 days of 20.00
    are 2.50 and 64 days of 149.51 are 9.57.
    """
    account = create_account(session)
    bills = [
        create_bill(session, account, "2026-10", total_fen=14951, due=date(2026, 11, 18)),
        create_bill(session, account, "2026-08", total_fen=20000, due=date(2026, 9, 18)),
    ]
    parts = (Part(1, date(2026, 12, 21), 18000), Part(2, date(2027, 1, 21), 16951))
    assert late_fen(bills, parts) == 1692 + 250 + 957


def test_charges_that_a_bill_carries_bear_none(session) -> None:
    account = create_account(session)
    bill = create_bill(
        session,
        account,
        total_fen=101000,
        consumption_fen=100000,
        export_fen=0,
        due=date(2026, 11, 18),
    )
    day = date(2026, 11, 18) + timedelta(days=10)
    assert late_fen([bill], (Part(1, day, 101000),)) == 1000
    assert late_fen([bill], (Part(1, day, 200000),)) == 1000


def test_rules_that_forget_a_class_of_customers_are_not_read(tmp_path):
    written = rules.FILE.read_text(encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(written.replace("commercial:", "business:"), "utf-8")
    with pytest.raises(ValueError, match=r"rules\.yaml: .*agriculture, commercial, industrial"):
        rules.read(tmp_path / "rules.yaml")
