"""The parts of a change add up to the fen, whatever the two bills are."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rating import load_tariffs, parse_case, rate
from runtime.errors import NotFound
from service.explanation import HEADLINES, explain_change, explanations
from service.models import Bill
from service.substitution import PARTS, REASONS
from tests.service.builders import create_bill, create_customer, lines_of

TARIFFS = sorted(tariff.id for tariff in load_tariffs())


def bill_of(case, *, bill_no="B", days=None, **fields):
    """A bill that is rated from a case, as the core would send it; no database."""
    statement = rate(parse_case(case))
    first = date(int(case["period"][:4]), int(case["period"][5:]), 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    last = last if days is None else first + timedelta(days=days - 1)
    values = {
        "bill_no": bill_no,
        "period": case["period"],
        "from_day": first,
        "to_day": last,
        "tariff": statement.tariff,
        "tariff_version": statement.version,
        "case": case,
        "lines": lines_of(statement),
        "total_fen": statement.total_fen,
        "consumption_fen": statement.consumption_fen,
        "export_fen": statement.export_fen,
    }
    return Bill(**values | fields)


def home(period, peak, valley, **more):
    kwh = {"peak": str(peak), "valley": str(valley)}
    return {"tariff": "zj-residential-tou", "period": period, "kwh": kwh} | more


def parts_of(explanation):
    return {part.key: part.amount_fen for part in explanation.parts}


def test_a_cold_november_that_reached_the_second_tier():
    october = bill_of(home("2026-10", 87, 47, year_to_date_kwh="2500"))
    november = bill_of(home("2026-11", 178, 108, year_to_date_kwh="2634"))
    found = explain_change(november, october)
    # October 134 kWh in 31 days: 49.42 + 13.54. November 286 kWh: 101.10 + 31.10 + 160 x 0.05.
    assert (october.total_fen, november.total_fen) == (6296, 14020)
    assert found.difference_fen == 7724
    # 129.68 kWh in the old mix are 84.20 and 45.48; 286 kWh are 185.69 and 100.31.
    assert parts_of(found) == {"days": -203, "use": 7343, "mix": -216, "tier": 800}
    by_key = {part.key: part for part in found.parts}
    assert by_key["days"].params == {"days": 30, "days_before": 31}
    assert by_key["use"].params == {
        "kwh_per_day": Decimal("9.5"),
        "kwh_per_day_before": Decimal("4.3"),
    }
    assert by_key["mix"].params == {"period": "valley", "percent": 38, "percent_before": 35}
    assert by_key["tier"].params == {
        "tier": 2,
        "tier_before": 1,
        "kwh_above": Decimal("160.00"),
        "kwh_above_before": Decimal("0.00"),
    }
    assert (found.headline, [part.reason for part in found.reasons]) == ("more", ["use.more"])


def test_a_tier_that_says_much_of_the_change_is_named_beside_the_use():
    before = bill_of(home("2026-10", 100, 0, year_to_date_kwh="4000"))
    after = bill_of(home("2026-11", 130, 0, year_to_date_kwh="4790"))
    found = explain_change(after, before)
    assert parts_of(found) == {"days": -183, "use": 1887, "tier": 3150}
    assert [part.reason for part in found.reasons] == ["tier.reached", "use.more"]


def test_in_january_the_tiers_begin_again():
    december = bill_of(home("2025-12", 200, 100, year_to_date_kwh="4800"))
    january = bill_of(home("2026-01", 200, 100, year_to_date_kwh="0"))
    found = explain_change(january, december)
    assert parts_of(found) == {"tier": -9000}
    assert [part.reason for part in found.reasons] == ["tier.reset"]
    assert found.headline == "less"


def test_another_tariff_is_one_part_even_where_the_registers_differ():
    flat = bill_of({"tariff": "zj-residential", "period": "2026-04", "kwh": {"total": "200"}})
    tou = bill_of(home("2026-06", 60, 140))
    found = explain_change(tou, flat)
    # 200 kWh at 0.538 are 107.60; 60 x 0.568 + 140 x 0.288 = 74.40.
    assert parts_of(found) == {"tariff": -3320}
    (part,) = found.parts
    assert part.params == {"tariff": "zj-residential-tou", "tariff_before": "zj-residential"}


def test_a_factory_sees_demand_and_power_factor_apart():
    case = {
        "tariff": "demo-industrial-2part-demand",
        "period": "2026-10",
        "kwh": {"peak": "10000", "valley": "10000"},
        "max_demand_kw": "100",
        "kvarh": "9000",
    }
    before = bill_of(case)
    after = bill_of(case | {"max_demand_kw": "120", "kvarh": "20000"})
    found = explain_change(after, before)
    assert set(parts_of(found)) == {"demand", "power_factor"}
    by_key = {part.key: part for part in found.parts}
    assert by_key["demand"].params == {"kw": Decimal("120.00"), "kw_before": Decimal("100.00")}
    assert by_key["power_factor"].params["pf"] == Decimal("0.71")
    assert sum(parts_of(found).values()) == after.total_fen - before.total_fen


def test_export_and_late_charge_have_parts_of_their_own():
    before = bill_of(home("2026-09", 100, 50, export_kwh="80"))
    late = {"arrears_fen": 10000, "due": "2026-09-18", "paid": "2026-09-28"}
    after = bill_of(home("2026-11", 100, 50, export_kwh="30.5", late=late))
    found = explain_change(after, before)
    assert parts_of(found) == {"export": 2055, "late": 100}
    assert found.parts[0].params == {"kwh": Decimal("30.5"), "kwh_before": Decimal("80")}


def test_free_kwh_that_begin_are_named():
    before = bill_of(home("2026-09", 100, 50))
    after = bill_of(home("2026-11", 100, 50, low_income=True))
    found = explain_change(after, before)
    assert parts_of(found) == {"free_kwh": -852}
    assert found.parts[0].reason == "free_kwh.less"


def test_what_cannot_be_rated_again_is_still_accounted_for():
    before = bill_of(home("2026-09", 100, 50), consumption_fen=7000, total_fen=7000)
    after = bill_of(home("2026-11", 100, 50))
    assert parts_of(explain_change(after, before)) == {"other": after.total_fen - 7000}
    unknown = bill_of(home("2026-09", 100, 50))
    unknown.case = {"tariff": "long-gone", "period": "2026-09", "kwh": {"total": "9"}}
    assert parts_of(explain_change(after, unknown)) == {}
    unknown.consumption_fen = unknown.total_fen = 5
    assert parts_of(explain_change(after, unknown)) == {"other": after.total_fen - 5}


def test_the_same_bill_twice_says_the_same():
    found = explain_change(bill_of(home("2026-10", 10, 5)), bill_of(home("2026-08", 10, 5)))
    assert (found.headline, found.parts, found.reasons) == ("same", (), ())


def test_numbers_that_came_as_json_numbers_are_exact():
    plain = home("2026-10", 0, 0) | {"kwh": {"peak": 100.1, "valley": 50}}
    found = explain_change(bill_of(home("2026-10", "100.1", "50")), _with_case(plain))
    assert found.parts == ()


def _with_case(case):
    bill = bill_of(home("2026-10", "100.1", "50"))
    bill.case = case
    return bill


quantity = st.one_of(
    st.just("0"),
    st.integers(0, 100_000).map(lambda n: f"{n // 100}.{n % 100:02d}"),
    st.integers(0, 900_000_00).map(lambda n: f"{n // 100}.{n % 100:02d}"),
)


@st.composite
def cases(draw):
    tariff = draw(st.sampled_from(TARIFFS))
    year, month = draw(st.integers(2024, 2027)), draw(st.integers(1, 12))
    terms = load_tariffs().find(tariff, f"{year}-{month:02d}").terms
    kwh = {register: draw(quantity) for register in terms.registers}
    case = {"tariff": tariff, "period": f"{year}-{month:02d}", "kwh": kwh}
    if draw(st.booleans()):
        case["year_to_date_kwh"] = draw(quantity)
    if draw(st.booleans()):
        case["household"] = {
            "people": draw(st.integers(0, 9)),
            "low_income": draw(st.booleans()),
        }
    if draw(st.booleans()):
        case["opened"] = f"{draw(st.integers(year - 1, year))}-01-15"
    for name in ("kvarh", "max_demand_kw", "contract_kva"):
        if draw(st.booleans()):
            case[name] = draw(quantity)
    if terms.export is not None and draw(st.booleans()):
        case["export_kwh"] = draw(quantity)
    if draw(st.booleans()):
        case["late"] = {"arrears_fen": 12345, "due": "2023-12-20", "paid": "2024-02-01"}
    return case


@settings(max_examples=400, deadline=None)
@given(cases(), cases(), st.integers(1, 62), st.integers(1, 62), st.integers(-500, 500))
def test_the_parts_add_up_whatever_the_bills_are(case, other, days, other_days, correction):
    now, before = bill_of(case, days=days), bill_of(other, days=other_days)
    before.consumption_fen += correction
    before.total_fen += correction
    found = explain_change(now, before)
    assert sum(part.amount_fen for part in found.parts) == now.total_fen - before.total_fen
    assert all(part.key in PARTS and part.amount_fen for part in found.parts)
    assert len({part.key for part in found.parts}) == len(found.parts)
    assert found.headline in HEADLINES
    assert all(part.reason in REASONS for part in found.parts)
    assert all(part.amount_fen * found.difference_fen > 0 for part in found.reasons)


@settings(max_examples=200, deadline=None)
@given(cases(), st.integers(1, 62))
def test_only_what_changed_is_named(case, days):
    """The same case over other days: use and mix make up for the days, nothing else appears."""
    now, before = bill_of(case, days=days), bill_of(case, days=30)
    keys = {part.key for part in explain_change(now, before).parts}
    assert keys <= {"days", "use", "mix"}


@settings(max_examples=200, deadline=None)
@given(cases(), cases())
def test_nothing_is_left_over_when_prices_are_known(case, other):
    assert "other" not in parts_of(explain_change(bill_of(case), bill_of(other)))


def test_a_user_gets_both_comparisons_and_a_neighbour_none(session):
    user, account = create_customer(session)
    neighbour, _ = create_customer(session)
    bill = create_bill(session, account, "2026-11")
    assert explanations(session, user.id, bill.bill_no).last_month is None
    last_year = create_bill(session, account, "2025-11", case={"kwh": {"peak": "100"}})
    create_bill(session, account, "2026-10", status="cancelled")
    october = create_bill(session, account, "2026-10", revision=1)
    create_bill(session, account, "2026-10", service_point_no="SP2")
    found = explanations(session, user.id, bill.bill_no)
    assert found.last_month is not None
    assert found.last_year is not None
    assert found.last_month.against_no == october.bill_no
    assert found.last_year.against_no == last_year.bill_no
    assert found.last_year.difference_fen == bill.total_fen - last_year.total_fen
    with pytest.raises(NotFound):
        explanations(session, neighbour.id, bill.bill_no)
