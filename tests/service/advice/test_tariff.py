"""What the same use would have cost under other tariffs: exact, by the engine that makes bills."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from rating import load_tariffs, parse_case, rate
from runtime.errors import Forbidden, NotFound
from service.access import Right
from service.advice.tariff import (
    CHOICES,
    BilledMonth,
    advise,
    choices,
    parted,
    present_tariffs,
    rated,
    tariff_advice,
    yearly,
)
from service.models import Account
from tests.service import builders
from tests.service.advice.days import day_of, month

EVEN = day_of({}, 100)
"""The same at all hours: 56 of 96 quarter-hours are peak hours in Zhejiang."""


def billed(period: str, values: list[int] | None = EVEN, **case: Any) -> BilledMonth:
    given = {"tariff": "zj-residential", "period": period, "kwh": {"total": "300"}}
    return BilledMonth({**given, **case}, month(period, values) if values else None)


def test_an_even_home_saves_by_the_hour() -> None:
    """300 kWh: 161.40 in one price; 175 x 0.568 + 125 x 0.288 = 99.40 + 36.00 by the hour."""
    found = advise("zj-residential", [billed(f"2026-{each:02}") for each in (7, 8, 9)])
    assert [(each.tariff, each.current, each.fen) for each in found.options] == [
        ("zj-residential-tou", False, 3 * 13540),
        ("zj-residential", True, 3 * 16140),
    ]
    assert [each.year_fen for each in found.options] == [162480, 193680]
    assert found.best is found.options[0]
    assert found.present is found.options[1]
    assert (found.enough, found.choosable) == (True, True)
    assert found.months == ("2026-07", "2026-08", "2026-09")


def test_tiers_are_counted_as_they_were() -> None:
    """2,700 kWh before: 60 in tier 1, 240 in tier 2; 60 x 0.538 + 240 x 0.588 = 173.40."""
    found = rated(billed("2026-09", year_to_date_kwh="2700"), "zj-residential")
    assert found is not None
    assert found.consumption_fen == 17340
    by_hour = rated(billed("2026-09", year_to_date_kwh="2700"), "zj-residential-tou")
    assert by_hour is not None
    assert by_hour.consumption_fen == 13540 + 1200


def test_under_the_tariff_of_the_bill_its_own_kwh_hold() -> None:
    """The bill says 178 and 108, whatever the quarter-hours say."""
    own = billed("2026-10", tariff="zj-residential-tou", kwh={"peak": "178", "valley": "108"})
    found = rated(own, "zj-residential-tou")
    assert found is not None
    assert found.consumption_fen == 10110 + 3110
    flat = rated(own, "zj-residential")
    assert flat is not None
    assert flat.consumption_fen == 15387  # 286 x 0.538 = 153.868


def test_export_and_late_charges_are_no_part_of_it() -> None:
    late = {"arrears_fen": 10000, "due": "2026-09-18", "paid": "2026-09-28"}
    found = rated(billed("2026-09", export_kwh="120", late=late), "zj-residential")
    assert found is not None
    assert (found.total_fen, found.export_fen, found.late_fen) == (16140, 0, 0)


WORKS = {
    "tariff": "demo-industrial-2part-capacity",
    "kwh": {"peak": "1000", "flat": "1000", "valley": "1000"},
    "contract_kva": 315,
}


def lines(month: BilledMonth, tariff: str) -> dict[str, int]:
    statement = rated(month, tariff)
    assert statement is not None
    return {line.code: line.amount_fen for line in statement.lines}


def test_two_forms_of_the_basic_charge() -> None:
    """A bill by capacity names no demand: it is the highest quarter-hour, 25 kWh in it, 100 kW.

    100 kW at 38.40 against 315 kVA at 24.00; energy is the same to the fen.
    """
    peaks = day_of({range(9, 10): 25_000}, 1_000)
    months = [billed(f"2026-{each:02}", peaks, **WORKS) for each in (4, 5, 6)]
    found = advise("demo-industrial-2part-capacity", months)
    assert found.best is not None
    assert found.present is not None
    assert found.best.tariff == "demo-industrial-2part-demand"
    assert lines(months[0], "demo-industrial-2part-capacity")["capacity"] == 756_000
    assert lines(months[0], "demo-industrial-2part-demand")["demand"] == 384_000
    assert found.present.fen - found.best.fen == 3 * (756_000 - 384_000)
    told = billed("2026-04", peaks, **WORKS, max_demand_kw="80")
    assert lines(told, "demo-industrial-2part-demand")["demand"] == 307_200


def test_what_the_basic_charge_is_by_must_be_known() -> None:
    case = {"tariff": "demo-industrial-2part-demand", "kwh": {"peak": "10"}, "max_demand_kw": "5"}
    assert rated(billed("2026-05", **case), "demo-industrial-2part-capacity") is None
    assert rated(billed("2026-05", **case), "demo-industrial-2part-demand") is not None


def test_hours_that_were_not_measured_say_nothing() -> None:
    months = [billed(f"2026-{each:02}", None) for each in range(1, 13)]
    found = advise("zj-residential", months)
    assert (found.months, found.options, found.enough) == ((), (), False)
    assert (found.best, found.present, found.choosable) == (None, None, True)


def test_a_month_without_use_costs_nothing_anywhere() -> None:
    months = [billed(f"2026-{each:02}", None, kwh={"total": "0"}) for each in (1, 2, 3)]
    found = advise("zj-residential", months)
    assert [each.fen for each in found.options] == [0, 0]
    assert found.best is found.present


def test_two_months_are_too_few() -> None:
    found = advise("zj-residential", [billed("2026-08"), billed("2026-09")])
    assert (found.months, found.options) == (("2026-08", "2026-09"), ())
    assert not found.enough


def test_where_there_is_no_choice_the_present_one_stands_alone() -> None:
    case = {"tariff": "demo-agri-flat", "kwh": {"total": "100"}}
    months = [billed(f"2026-{each:02}", None, **case) for each in (1, 2, 3)]
    found = advise("demo-agri-flat", months)
    assert [(each.tariff, each.fen) for each in found.options] == [("demo-agri-flat", 3 * 5080)]
    assert not found.choosable


def test_a_tariff_that_is_not_known_here() -> None:
    assert rated(billed("2026-05"), "mars-flat") is None
    assert choices("mars-flat") == ("mars-flat",)


def test_every_choice_is_a_tariff_of_one_region_and_class() -> None:
    for family in CHOICES:
        found = [load_tariffs().find(each, "2026-10").tariff for each in family]
        assert len({(each.customer_class, each.region.zh) for each in found}) == 1
        assert {choices(each) for each in family} == {family}


@pytest.mark.parametrize(
    ("fen", "months", "year"), [(100, 12, 100), (100, 3, 400), (5, 8, 8), (7, 8, 11), (1, 5, 2)]
)
def test_brought_to_a_year_half_up(fen: int, months: int, year: int) -> None:
    assert yearly(fen, months) == year


kwh = st.decimals(0, 5000, places=2)
hours = st.lists(st.integers(0, 4000), min_size=96, max_size=96)


@given(kwh, st.dictionaries(st.sampled_from("abcde"), st.integers(0, 10**6), min_size=1))
def test_parts_add_up(total: Decimal, parts: dict[str, int]) -> None:
    found = parted(total, parts)
    if not sum(parts.values()):
        assert found == {}
    else:
        assert sum(found.values()) == total
        assert all(each >= 0 for each in found.values())


@given(
    st.sampled_from([each for family in CHOICES[:3] for each in family]),
    st.lists(st.tuples(kwh, kwh, hours), min_size=3, max_size=6),
    kwh,
)
def test_the_present_one_costs_what_was_billed_and_the_best_never_more(
    present: str, use: list[tuple[Decimal, Decimal, list[int]]], before: Decimal
) -> None:
    """The engine's own sum, whatever the use; months whose hours nobody knows are left out."""
    registers = load_tariffs().find(present, "2026-01").terms.registers
    months = [
        billed(
            f"2026-{number:02}",
            values,
            tariff=present,
            kwh=dict(zip(registers, map(str, (first, second, Decimal(1))), strict=False)),
            year_to_date_kwh=str(before),
        )
        for number, (first, second, values) in enumerate(use, 1)
    ]
    found = advise(present, months)
    if found.present is None or found.best is None:
        assert any(not any(values) for _first, _second, values in use)
        return
    billed_fen = sum(
        rate(parse_case(dict(each.case))).consumption_fen
        for each in months
        if each.period in found.months
    )
    assert found.present.fen == billed_fen
    assert found.best.fen <= found.present.fen
    assert [each.fen for each in found.options] == sorted(each.fen for each in found.options)


@pytest.fixture
def home(session: Session) -> tuple[int, str, str]:
    """User, account and place: July to September billed at 300 kWh, every quarter-hour known."""
    user, account = builders.create_customer(session)
    point = builders.create_service_point(session, account, "zj-residential")
    meter = builders.create_meter(session, point)
    for number in (7, 8, 9):
        builders.create_bill(
            session,
            account,
            f"2026-{number:02}",
            case={"tariff": "zj-residential", "kwh": {"total": "300"}},
            service_point_no=point.service_point_no,
        )
    day = date(2026, 7, 1)
    while day < date(2026, 10, 1):
        builders.create_meter_day(session, meter, day, 100)
        day += timedelta(days=1)
    return user.id, account.account_no, point.service_point_no


def test_from_the_rows(session: Session, home: tuple[int, str, str]) -> None:
    user_id, account_no, _point = home
    found = tariff_advice(session, user_id, account_no)
    assert [(each.tariff, each.fen) for each in found.options] == [
        ("zj-residential-tou", 40620),
        ("zj-residential", 48420),
    ]


def test_cancelled_bills_and_older_ones_do_not_count(
    session: Session, home: tuple[int, str, str]
) -> None:
    user_id, account_no, point = home
    account = present_account(session, account_no)
    for period, status in (("2025-09", "issued"), ("2026-06", "cancelled")):
        builders.create_bill(session, account, period, service_point_no=point, status=status)
    assert tariff_advice(session, user_id, account_no).months == ("2026-07", "2026-08", "2026-09")


def test_several_places_have_no_one_choice(session: Session, home: tuple[int, str, str]) -> None:
    user_id, account_no, _point = home
    builders.create_service_point(session, present_account(session, account_no))
    found = tariff_advice(session, user_id, account_no)
    assert (found.options, found.choosable) == ((), False)
    supplied = present_tariffs(session, user_id, account_no)
    assert supplied.tariffs == ("zj-residential", "zj-residential-tou")
    assert (supplied.opened, supplied.people) == (date(2019, 4, 1), 0)


def test_nobody_elses(session: Session, home: tuple[int, str, str]) -> None:
    _user, account_no, _point = home
    other = builders.create_user(session)
    for ask in (tariff_advice, present_tariffs):
        with pytest.raises(NotFound):
            ask(session, other.id, account_no)
    builders.create_link(session, other, present_account(session, account_no), "payer")
    with pytest.raises(Forbidden) as refused:
        tariff_advice(session, other.id, account_no)
    assert refused.value.params["needs"] == Right.SEE_USAGE
    assert present_tariffs(session, other.id, account_no).tariffs == ("zj-residential",)


def present_account(session: Session, account_no: str) -> Account:
    return session.get_one(Account, account_no)
