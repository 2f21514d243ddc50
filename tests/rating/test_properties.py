"""What holds for every case of every tariff."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from rating import Case, Statement, rate
from rating.codes import CODES, EXPLAINS
from tests.rating.strategies import VERSIONS, cases, quantities

TIERED = [each for each in VERSIONS if each[0].terms.tiers]
CREDITS = ("free_kwh", "export_credit")


def kwh_of(statement: Statement, head: str) -> Decimal:
    lines = [line for line in statement.lines if line.code.split(".")[0] == head]
    return sum((line.quantity for line in lines), Decimal(0))


@given(cases())
def test_the_total_is_the_sum_of_its_parts(case: Case) -> None:
    found = rate(case)
    assert found.total_fen == sum(line.amount_fen for line in found.lines)
    assert found.total_fen == found.consumption_fen + found.export_fen + found.late_fen


@given(cases())
def test_energy_lines_bill_every_kwh_once(case: Case) -> None:
    found = rate(case)
    assert kwh_of(found, "energy") == found.kwh_total == sum(case.kwh.values())


@given(cases())
def test_each_line_is_quantity_times_rate(case: Case) -> None:
    for line in rate(case).lines:
        if line.base_fen is None:
            fen = int((line.quantity * line.rate * 100).quantize(Decimal(1), ROUND_HALF_UP))
            assert line.amount_fen == (-fen if line.code.startswith(CREDITS) else fen)
            assert line.quantity > 0


@given(cases())
def test_lines_are_known_explained_and_in_order(case: Case) -> None:
    codes = [line.code for line in rate(case).lines]
    order = list(CODES)
    by_tier = [code for code in codes if code.startswith("energy.tier")]
    assert len(set(codes)) == len(codes)
    assert [order.index(code) for code in codes] == sorted(order.index(code) for code in codes)
    assert by_tier == sorted(by_tier, key=order.index)
    for line in rate(case).lines:
        assert line.explain in EXPLAINS
        assert line.unit == CODES[line.code]


@given(cases(), st.integers(1, 10**5))
def test_more_use_never_costs_less(case: Case, hundredths: int) -> None:
    """A better power factor or a well-used transformer may lower the rest, so they stay out.

    Each line is rounded by itself, so that a few fen may go the other way.
    """
    register = next(iter(case.kwh))
    more = dict(case.kwh) | {register: case.kwh[register] + Decimal(hundredths).scaleb(-2)}
    plain = replace(case, kvarh=None, contract_kva=None, low_income=False, export_kwh=Decimal(0))
    assert rate(replace(plain, kwh=more)).consumption_fen >= rate(plain).consumption_fen - 6


@given(cases(TIERED), quantities)
def test_a_year_split_in_two_fills_the_same_tiers(case: Case, second: Decimal) -> None:
    """On a yearly cycle two bills take the tiers that one bill of their sum would take."""
    tiers = case.version.terms.tiers
    if tiers is None or tiers.cycle == "monthly" or case.version.terms.registers != ("total",):
        return
    case = replace(case, year_to_date_kwh=Decimal(0))
    after = replace(case, year_to_date_kwh=case.total_kwh, kwh={"total": second})
    both = rate(replace(case, kwh={"total": case.total_kwh + second}))
    parts = [rate(case), rate(after)]
    for tier in (1, 2, 3):
        code = f"energy.tier{tier}"
        split = sum(line.quantity for part in parts for line in part.lines if line.code == code)
        assert split == sum(line.quantity for line in both.lines if line.code == code)


@given(cases(TIERED))
def test_position_agrees_with_the_lines(case: Case) -> None:
    found = rate(case)
    position = found.tier
    assert position
    assert position.used_kwh >= found.kwh_total
    if position.left_kwh is not None:
        next_limit = position.limits_kwh[position.tier - 1]
        assert position.used_kwh + position.left_kwh == next_limit
    tiers = [line.code.split(".")[1] for line in found.lines if ".tier" in line.code]
    assert all(int(tier[-1]) <= position.tier for tier in tiers)


@given(cases())
def test_free_kwh_never_exceed_fifteen_nor_the_use(case: Case) -> None:
    found = rate(case)
    free = kwh_of(found, "free_kwh")
    entitled = case.low_income and case.version.terms.free_kwh is not None
    assert free == (min(Decimal(15), found.kwh_total) if entitled else 0)
