"""A case is read strictly: each fault is named by its field."""

from decimal import Decimal
from typing import Any

import pytest

from rating import CaseError, parse_case

HOME: dict[str, Any] = {"tariff": "zj-residential", "period": "2025-07", "kwh": {"total": 300}}
TOU: dict[str, Any] = {"tariff": "gd-residential-tou", "period": "2025-07", "kwh": {"peak": 1}}
SHOP: dict[str, Any] = {"tariff": "demo-commercial-tou", "period": "2025-07", "kwh": {"peak": 1}}
LATE = {"arrears_fen": 100, "due": "2025-06-20", "paid": "2025-07-01"}

NOT_QUANTITIES = [
    (-1, "must not be negative"),
    ("-0.01", "must not be negative"),
    (1.5, "must be exact: give a decimal or text, not a binary float"),
    ("1.001", "must have at most 2 decimals"),
    (Decimal("0.001"), "must have at most 2 decimals"),
    (Decimal("1e-999999"), "must have at most 2 decimals"),
    (Decimal("NaN"), "must be a finite number"),
    (Decimal("sNaN"), "must be a finite number"),
    (Decimal("-Infinity"), "must be a finite number"),
    (Decimal("1e999999"), "must be below 1000000000"),
    (10**9, "must be below 1000000000"),
    ("9" * 40, "must be below 1000000000"),
    ("9" * 41, "must be a plain decimal number"),
    ("", "must be a plain decimal number"),
    ("１２", "must be a plain decimal number"),
    ("1e3", "must be a plain decimal number"),
    (" 1", "must be a plain decimal number"),
    ("1\n", "must be a plain decimal number"),
    ("NaN", "must be a plain decimal number"),
    (True, "must be a number"),
    ([], "must be a number"),
    ({}, "must be a number"),
]


@pytest.mark.parametrize(("value", "reason"), NOT_QUANTITIES)
@pytest.mark.parametrize(
    "field",
    ["kwh.total", "year_to_date_kwh", "kvarh", "max_demand_kw", "contract_kva", "export_kwh"],
)
def test_quantities(field: str, value: object, reason: str) -> None:
    case = HOME | ({"kwh": {"total": value}} if field == "kwh.total" else {field: value})
    with pytest.raises(CaseError) as refused:
        parse_case(case)
    assert (refused.value.field, refused.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (300, "300.00"),
        ("300", "300.00"),
        ("0300.5", "300.50"),
        (Decimal("3E+2"), "300.00"),
        (Decimal("300.10000"), "300.10"),
        (Decimal("-0"), "0.00"),
        ("999999999.99", "999999999.99"),
    ],
)
def test_numbers_and_text_are_read_exactly(value: object, expected: str) -> None:
    assert str(parse_case(HOME | {"kwh": {"total": value}}).total_kwh) == expected


@pytest.mark.parametrize(
    ("base", "change", "field", "reason"),
    [
        (HOME, {"tariff": None}, "tariff", "is missing"),
        (HOME, {"tariff": 7}, "tariff", "must be text"),
        (HOME, {"tariff": "zj"}, "tariff", 'is unknown: there is no tariff "zj"'),
        (HOME, {"period": None}, "period", "is missing"),
        (HOME, {"period": 202507}, "period", "must be text"),
        (HOME, {"period": "2025-13"}, "period", "must be a month such as 2025-07"),
        (HOME, {"period": "2025-7"}, "period", "must be a month such as 2025-07"),
        (HOME, {"period": "2025-07-01"}, "period", "must be a month such as 2025-07"),
        (HOME, {"period": "0000-01"}, "period", "must be a month such as 2025-07"),
        (HOME, {"period": "٢٠٢٥-07"}, "period", "must be a month such as 2025-07"),
        (HOME, {"period": "9999-01"}, "period", "must lie between 1990 and 2100"),
        (
            HOME,
            {"period": "2012-06"},
            "period",
            "is not covered: zj-residential has no prices for 2012-06",
        ),
        (HOME, {"kwh": None}, "kwh", "is missing"),
        (HOME, {"kwh": 300}, "kwh", "must be an object"),
        (HOME, {"kwh": {}}, "kwh.total", "is missing"),
        (HOME, {"kwh": {"total": None}}, "kwh.total", "is missing"),
        (HOME, {"kwh": {"night": 1}}, "kwh.night", "is not a known field"),
        (HOME, {"kwh": {"peak": 1}}, "kwh.peak", "does not fit the tariff, which takes total"),
        (TOU, {"kwh": {}}, "kwh", "is missing"),
        (
            TOU,
            {"kwh": {"total": 1}},
            "kwh.total",
            "does not fit the tariff, which takes peak, flat, valley",
        ),
        (
            TOU,
            {"kwh": {"sharp": 1}},
            "kwh.sharp",
            "does not fit the tariff, which takes peak, flat, valley",
        ),
        (TOU, {"kwh": {"total": None}}, "kwh", "is missing"),
        (TOU, {"kwh": {"sharp": "x"}}, "kwh.sharp", "must be a plain decimal number"),
        (HOME, {"unit": "kwh"}, "unit", "is not a known field"),
        (HOME, {"x" * 500: 1}, "x" * 77 + "...", "is not a known field"),
        (HOME, {"household": 3}, "household", "must be an object"),
        (HOME, {"household": []}, "household", "must be an object"),
        (HOME, {"household": {"pets": 1}}, "household.pets", "is not a known field"),
        (HOME, {"household": {"people": -1}}, "household.people", "must not be negative"),
        (HOME, {"household": {"people": "5.5"}}, "household.people", "must be a whole number"),
        (HOME, {"household": {"people": True}}, "household.people", "must be a number"),
        (
            HOME,
            {"household": {"people": "five"}},
            "household.people",
            "must be a plain decimal number",
        ),
        (HOME, {"household": {"people": 1000}}, "household.people", "must not be above 999"),
        (HOME, {"low_income": 1}, "low_income", "must be true or false"),
        (
            HOME,
            {"household": {"low_income": "yes"}},
            "household.low_income",
            "must be true or false",
        ),
        (
            HOME,
            {"household": {"low_income": True}, "low_income": False},
            "low_income",
            "contradicts household.low_income",
        ),
        (HOME, {"opened": "2025-02-30"}, "opened", "must be a date such as 2025-07-31"),
        (HOME, {"opened": "20250201"}, "opened", "must be a date such as 2025-07-31"),
        (HOME, {"opened": 20250201}, "opened", "must be a date such as 2025-07-31"),
        (HOME, {"opened": "1889-02-01"}, "opened", "must lie between 1990 and 2100"),
        (HOME, {"opened": "2025-08-01"}, "opened", "is after the billing month"),
        (
            SHOP,
            {"export_kwh": 1},
            "export_kwh",
            "cannot be credited: the tariff has no export price",
        ),
        (HOME, {"late": "2025"}, "late", "must be an object"),
        (HOME, {"late": {}}, "late.arrears_fen", "is missing"),
        (HOME, {"late": LATE | {"arrears_fen": -1}}, "late.arrears_fen", "must not be negative"),
        (
            HOME,
            {"late": LATE | {"arrears_fen": Decimal("0.5")}},
            "late.arrears_fen",
            "must be a whole number",
        ),
        (
            HOME,
            {"late": LATE | {"arrears_fen": 10**13}},
            "late.arrears_fen",
            "must not be above 1000000000000",
        ),
        (HOME, {"late": LATE | {"due": None}}, "late.due", "is missing"),
        (HOME, {"late": LATE | {"paid": "soon"}}, "late.paid", "must be a date such as 2025-07-31"),
        (HOME, {"late": LATE | {"due": "2101-01-01"}}, "late.due",
            "must lie between 1990 and 2100"),
        (HOME, {"late": LATE | {"fee": 1}}, "late.fee", "is not a known field"),
    ],
)  # fmt: skip
def test_faults_are_named(
    base: dict[str, Any], change: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(CaseError) as refused:
        parse_case(base | change)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert str(refused.value) == f"{field} {reason}"


@pytest.mark.parametrize("value", [None, 5, "case", [HOME], True])
def test_a_case_is_an_object(value: object) -> None:
    with pytest.raises(CaseError) as refused:
        parse_case(value)
    assert (refused.value.field, refused.value.reason) == ("$", "must be an object")


def test_null_is_as_good_as_left_out() -> None:
    optional = (
        "year_to_date_kwh opened household low_income kvarh max_demand_kw contract_kva "
        "export_kwh late"
    )
    assert parse_case(HOME | dict.fromkeys(optional.split())) == parse_case(HOME)


@pytest.mark.parametrize("change", [{"low_income": True}, {"household": {"low_income": True}}])
def test_low_income_may_stand_in_the_household_or_beside_it(change: dict[str, Any]) -> None:
    assert parse_case(HOME | change).low_income


def test_a_shop_may_export_nothing() -> None:
    assert parse_case(SHOP | {"export_kwh": 0}).export_kwh == 0


@pytest.mark.parametrize("five", [5, "5", "5.00", Decimal("5.0")])
def test_whole_numbers_are_read_like_other_numbers(five: object) -> None:
    case = parse_case(HOME | {"household": {"people": five}, "late": LATE | {"arrears_fen": five}})
    assert case.late is not None
    assert (case.people, case.late.arrears_fen) == (5, 5)


@pytest.mark.parametrize(
    ("kwh", "total"),
    [({"total": 0}, 0), ({"total": "0.00", "peak": 3}, 3), ({"valley": 2, "sharp": 0}, 2)],
)
def test_nothing_used_in_a_period_fits_every_tariff(kwh: dict[str, object], total: int) -> None:
    case = parse_case(TOU | {"kwh": kwh})
    assert case.total_kwh == total
    assert set(case.kwh) <= set(case.version.terms.registers)
