"""Every shipped tariff against bills worked out by hand: (code, quantity, fen), then the total."""

import pytest

from rating import Statement, parse_case, rate


def bill(tariff: str, period: str, **fields: object) -> Statement:
    return rate(parse_case({"tariff": tariff, "period": period, **fields}))


def shown(statement: Statement) -> list[tuple[str, str, int]]:
    return [(line.code, f"{line.quantity:.2f}", line.amount_fen) for line in statement.lines]


def test_beijing_by_month() -> None:
    found = bill("bj-residential", "2025-03", kwh={"total": 450}, year_to_date_kwh=9000)
    assert shown(found) == [
        ("energy.tier1", "240.00", 11719),  # 117.192
        ("energy.tier2", "160.00", 8613),  # 86.128
        ("energy.tier3", "50.00", 3942),  # 39.415
    ]
    assert found.total_fen == 24274


def test_beijing_by_year() -> None:
    found = bill("bj-residential-year", "2025-12", kwh={"total": 2100}, year_to_date_kwh="2800")
    assert shown(found) == [
        ("energy.tier1", "80.00", 3906),  # 39.064
        ("energy.tier2", "1920.00", 103354),  # 1033.536
        ("energy.tier3", "100.00", 7883),
    ]
    assert found.total_fen == 115143


def test_shanghai() -> None:
    found = bill("sh-residential", "2025-11", kwh={"total": 200}, year_to_date_kwh=3000)
    assert shown(found) == [("energy.tier1", "120.00", 7404), ("energy.tier2", "80.00", 5336)]
    assert found.total_fen == 12740


def test_shanghai_by_period_shares_each_tier() -> None:
    found = bill(
        "sh-residential-tou",
        "2025-11",
        kwh={"peak": "200.33", "valley": "100.01"},
        year_to_date_kwh=3000,
    )
    assert shown(found) == [
        ("energy.tier1.peak", "80.04", 4938),  # 120 x 200.33 / 300.34 = 80.0413
        ("energy.tier1.valley", "39.96", 1227),
        ("energy.tier2.peak", "120.29", 8144),
        ("energy.tier2.valley", "60.05", 2024),
    ]
    assert found.total_fen == 16333


def test_zhejiang_as_in_the_worked_example() -> None:
    found = bill("zj-residential", "2025-11", kwh={"total": 300}, year_to_date_kwh=2600)
    assert shown(found) == [("energy.tier1", "160.00", 8608), ("energy.tier2", "140.00", 8232)]
    assert found.total_fen == 16840


@pytest.mark.parametrize(
    ("before", "kwh", "lines", "total"),
    [
        (
            2700,
            {"peak": 100, "valley": 60},
            [
                ("energy.peak", "100.00", 5680),
                ("energy.valley", "60.00", 1728),
                ("surcharge.tier2", "100.00", 500),
            ],
            7908,
        ),
        (
            4750,
            {"peak": 60, "valley": 40},
            [
                ("energy.peak", "60.00", 3408),
                ("energy.valley", "40.00", 1152),
                ("surcharge.tier2", "50.00", 250),
                ("surcharge.tier3", "50.00", 1500),  # 0.30, not on top of 0.05
            ],
            6310,
        ),
    ],
)
def test_zhejiang_by_period_pays_surcharges(
    before: int, kwh: dict[str, int], lines: list[tuple[str, str, int]], total: int
) -> None:
    found = bill("zj-residential-tou", "2025-11", kwh=kwh, year_to_date_kwh=before)
    assert (shown(found), found.total_fen) == (lines, total)


def test_zhejiang_collective_has_neither_tiers_nor_free_kwh() -> None:
    found = bill("zj-residential-collective", "2025-11", kwh={"total": "123.45"}, low_income=True)
    assert shown(found) == [("energy", "123.45", 6889)]  # 68.8851
    assert found.tier is None


@pytest.mark.parametrize(
    ("period", "kwh", "lines", "total"),
    [
        ("2025-07", 650, [("260.00", 15310), ("340.00", 21721), ("50.00", 4444)], 41475),
        ("2025-01", 450, [("200.00", 11777), ("200.00", 12777), ("50.00", 4444)], 28998),
    ],
)
def test_guangdong_by_season(
    period: str, kwh: int, lines: list[tuple[str, int]], total: int
) -> None:
    found = bill("gd-residential", period, kwh={"total": kwh})
    expected = [(f"energy.tier{tier}", *line) for tier, line in enumerate(lines, start=1)]
    assert (shown(found), found.total_fen) == (expected, total)


def test_guangdong_by_period_as_in_the_worked_example() -> None:
    kwh = {"peak": 200, "flat": 150, "valley": 50}
    found = bill("gd-residential-tou", "2025-07", kwh=kwh)
    assert shown(found) == [
        ("energy.peak", "200.00", 19432),
        ("energy.flat", "150.00", 8833),
        ("energy.valley", "50.00", 1472),
        ("surcharge.tier2", "140.00", 700),
    ]
    assert found.total_fen == 30437


def test_industry_by_demand_with_a_well_used_transformer() -> None:
    found = bill(
        "demo-industrial-2part-demand",
        "2025-07",
        kwh={"sharp": 1000, "peak": 2000, "flat": 3000, "valley": 4000, "deep": 500},
        max_demand_kw=50,
        contract_kva=40,  # 10500 / 40 = 262.5
        kvarh=5400,  # 10500 / 11807.2 = 0.889
    )
    assert shown(found) == [
        ("demand", "50.00", 172800),  # 38.40 x 0.9 = 34.56
        ("energy.sharp", "1000.00", 82040),
        ("energy.peak", "2000.00", 139460),
        ("energy.flat", "3000.00", 123060),
        ("energy.valley", "4000.00", 62360),
        ("energy.deep", "500.00", 4100),
        ("td", "10500.00", 131880),
        ("line_loss", "10500.00", 16485),
        ("system_op", "10500.00", 33705),
        ("fund", "10500.00", 28586),  # 285.8625
        ("pf_adjustment", "0.89", 3829),  # 765890 x 0.005 = 3829.45, without the fund
    ]
    assert found.lines[-1].base_fen == 765890
    assert found.total_fen == 798305


def test_industry_by_capacity_with_the_best_power_factor() -> None:
    found = bill(
        "demo-industrial-2part-capacity", "2025-07", kwh={"peak": 100}, contract_kva=315, kvarh=0
    )
    assert shown(found) == [
        ("capacity", "315.00", 756000),
        ("energy.peak", "100.00", 6973),
        ("td", "100.00", 1256),
        ("line_loss", "100.00", 157),
        ("system_op", "100.00", 321),
        ("fund", "100.00", 272),
        ("pf_adjustment", "1.00", -5735),  # 764707 x -0.0075 = -5735.3025
    ]
    assert str(found.lines[-1].rate) == "-0.0075"
    assert found.total_fen == 759244


def test_commerce_as_in_the_worked_example() -> None:
    found = bill("demo-commercial-tou", "2025-07", kwh={"peak": 1000}, kvarh=646)
    assert shown(found) == [
        ("energy.peak", "1000.00", 104250),
        ("fund", "1000.00", 2723),
        ("pf_adjustment", "0.84", 521),
    ]
    assert found.lines[-1].base_fen == 104250
    assert found.total_fen == 107494


def test_agriculture() -> None:
    found = bill("demo-agri-flat", "2025-07", kwh={"total": 1000}, kvarh=1000)
    assert shown(found) == [("energy", "1000.00", 50800), ("pf_adjustment", "0.71", 2286)]
    assert found.total_fen == 53086
