"""Bill runs as columns give the statements of the scalar path, to the fen and the line."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rating import Case, CaseError, load_tariffs, parse_case, rate
from rating.bulk import CaseTable, rate_many, tabulate
from tests.rating.strategies import VERSIONS, cases

HUGE = Decimal("999999999.99")
EACH_VERSION = list(dict.fromkeys(version for version, _ in VERSIONS))


def rated_as_columns(given_cases: list[Case]) -> list[object]:
    found: dict[int, object] = {}
    for places, table in tabulate(given_cases):
        found |= dict(zip(places, rate_many(table).statements(), strict=True))
    return [found[place] for place in range(len(given_cases))]


@settings(max_examples=150)
@given(st.lists(cases(), min_size=1, max_size=12))
def test_equal_to_the_scalar_path(many: list[Case]) -> None:
    assert rated_as_columns(many) == [rate(case) for case in many]


@pytest.mark.parametrize("version", EACH_VERSION, ids=lambda v: v.tariff.id)
def test_equal_for_a_run_of_one_tariff(version) -> None:  # type: ignore[no-untyped-def]
    """Every tariff for certain, at each hundredth around limits and half-fen ties."""
    chance = np.random.default_rng(7)
    many = [
        Case(
            version=version,
            period="2025-07",
            kwh={
                name: Decimal(int(kwh)).scaleb(-2)
                for name, kwh in zip(
                    version.terms.registers, chance.integers(0, 60_000, 5), strict=False
                )
            },
            year_to_date_kwh=Decimal(int(chance.integers(200_000, 500_000))).scaleb(-2),
            people=row % 8,
            low_income=row % 3 == 0,
            kvarh=Decimal(int(chance.integers(0, 200_000))).scaleb(-2) if row % 5 else None,
            max_demand_kw=Decimal(row).scaleb(-1),
            contract_kva=Decimal(row % 7),
        )
        for row in range(300)
    ]
    assert rated_as_columns(many) == [rate(case) for case in many]


@pytest.mark.parametrize("version", EACH_VERSION, ids=lambda v: v.tariff.id)
def test_the_largest_numbers_do_not_overflow(version) -> None:  # type: ignore[no-untyped-def]
    case = Case(
        version=version,
        period="2025-07",
        kwh=dict.fromkeys(version.terms.registers, HUGE),
        kvarh=HUGE,
        max_demand_kw=HUGE,
        contract_kva=HUGE,
        export_kwh=HUGE if version.terms.export else Decimal(0),
    )
    tiny = dict.fromkeys(version.terms.registers, Decimal("0.01"))
    many = [
        case,
        replace(case, year_to_date_kwh=HUGE, contract_kva=Decimal(1)),
        replace(case, kwh=tiny),
    ]
    assert rated_as_columns(many) == [rate(each) for each in many]


@given(st.integers(1, 10**11), st.integers(0, 10**11))
@example(1, 10**11)
@example(110_997, 958_712)
def test_power_factors_agree(active: int, reactive: int) -> None:
    version = load_tariffs().find("demo-agri-flat", "2025-07")
    kwh, kvarh = Decimal(min(active, 10**11 - 1)).scaleb(-2), Decimal(reactive % 10**11).scaleb(-2)
    case = Case(version=version, period="2025-07", kwh={"total": kwh}, kvarh=kvarh)
    assert rated_as_columns([case]) == [rate(case)]


def test_columns_of_accounts_and_lines() -> None:
    case = {"tariff": "zj-residential", "period": "2025-07"}
    fields = [
        {"kwh": {"total": 300}, "year_to_date_kwh": 2600},
        {"kwh": {"total": 0}},
        {"kwh": {"total": 10}, "export_kwh": 100},
    ]
    (places, table), *others = tabulate([parse_case(case | each) for each in fields])
    found = rate_many(table)
    assert (places, others) == ([0, 1, 2], [])
    assert found.total_fen.tolist() == [16840, 0, -3615]
    assert found.export_fen.tolist() == [0, 0, -4153]
    assert found.consumption_fen.tolist() == [16840, 0, 538]
    assert found.first.tolist() == [0, 2, 2, 4]
    assert [found.codes[kind] for kind in found.kind] == [
        "energy.tier1",
        "energy.tier2",
        "energy.tier1",
        "export_credit",
    ]
    assert found.quantity.tolist() == [16000, 14000, 1000, 10000]
    assert found.rate.tolist() == [53_800_000, 58_800_000, 53_800_000, 41_530_000]
    assert found.amount_fen.tolist() == [8608, 8232, 538, -4153]
    assert found.tiers
    assert found.tiers.tier.tolist() == [2, 1, 1]


def test_columns_that_nobody_has_may_be_left_out() -> None:
    version = load_tariffs().find("demo-industrial-2part-demand", "2025-07")
    kwh = {name: np.array([1000, 0], np.int64) for name in version.terms.registers}
    found = rate_many(CaseTable(version, "2025-07", kwh))
    bare = Case(version, "2025-07", {name: Decimal(10) for name in version.terms.registers})
    assert found.statement(0) == rate(bare)
    assert found.statement(1).lines == ()


def test_an_empty_run_has_no_statements() -> None:
    version = load_tariffs().find("sh-residential-tou", "2025-07")
    none = np.zeros(0, np.int64)
    found = rate_many(CaseTable(version, "2025-07", {"peak": none, "valley": none}))
    assert (list(found.statements()), found.first.tolist()) == ([], [0])


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"kwh": {"peak": [1]}}, "kwh"),
        ({"kwh": {"total": [-1]}}, "kwh.total"),
        ({"kwh": {"total": [10**11]}}, "kwh.total"),
        ({"people": [1, 2]}, "people"),
        ({"export": [-1]}, "export"),
        ({"kvarh": [-2]}, "kvarh"),
        ({"arrears_fen": [10**12 + 1]}, "arrears_fen"),
    ],
)
def test_wrong_columns_are_refused(columns: dict[str, object], field: str) -> None:
    version = load_tariffs().find("zj-residential", "2025-07")
    given_kwh = columns.pop("kwh", {"total": [1]})
    assert isinstance(given_kwh, dict)
    kwh = {name: np.array(column, np.int64) for name, column in given_kwh.items()}
    others = {name: np.array(column, np.int64) for name, column in columns.items()}
    with pytest.raises(CaseError) as refused:
        CaseTable(version, "2025-07", kwh, **others)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_days_out_of_reach_are_refused() -> None:
    version = load_tariffs().find("zj-residential", "2025-07")
    due = np.array(["9999-01-01"], "datetime64[D]")
    with pytest.raises(CaseError, match="late_due must lie between 1990 and 2100"):
        CaseTable(version, "2025-07", {"total": np.array([1], np.int64)}, late_due=due)
