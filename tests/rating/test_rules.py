"""The edges of each rating rule, with figures worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from rating import TierPosition, load_tariffs, parse_case, rate, tier_position
from rating.codes import CODES
from rating.loading import TariffVersion
from tests.rating.test_profiles import bill, shown


class TestNumbers:
    """Rule 7.1."""

    def test_half_a_fen_is_rounded_up(self) -> None:
        assert shown(bill("bj-residential", "2025-03", kwh={"total": 50})) == [
            ("energy.tier1", "50.00", 2442)  # 24.415
        ]

    def test_half_a_fen_of_a_credit_is_rounded_away_from_zero(self) -> None:
        found = bill("zj-residential", "2025-03", kwh={"total": 0}, export_kwh=50)
        assert shown(found) == [("export_credit", "50.00", -2077)]  # 20.765
        assert found.total_fen == found.export_fen == -2077

    def test_a_line_that_rounds_to_nothing_stays(self) -> None:
        found = bill("gd-residential-tou", "2025-03", kwh={"peak": 0, "valley": "0.01"})
        assert shown(found) == [("energy.valley", "0.01", 0)]

    def test_no_use_no_lines(self) -> None:
        found = bill("zj-residential", "2025-03", kwh={"total": "0.00"})
        assert (found.lines, found.total_fen) == ((), 0)


class TestTiers:
    """Rules 7.2 and 7.3."""

    @pytest.mark.parametrize(
        ("kwh", "expected"),
        [
            ("240", ["240.00"]),
            ("240.01", ["240.00", "0.01"]),
            ("400", ["240.00", "160.00"]),
            ("400.01", ["240.00", "160.00", "0.01"]),
        ],
    )
    def test_the_limit_itself_is_in_the_lower_tier(self, kwh: str, expected: list[str]) -> None:
        found = bill("bj-residential", "2025-03", kwh={"total": kwh})
        assert [quantity for _, quantity, _ in shown(found)] == expected

    @pytest.mark.parametrize(
        ("before", "codes"),
        [
            ("2660", ["energy.tier1"]),
            ("2660.01", ["energy.tier1", "energy.tier2"]),
            ("2760", ["energy.tier2"]),
            ("4800", ["energy.tier3"]),
            ("9999.99", ["energy.tier3"]),
        ],
    )
    def test_the_yearly_counter_goes_on(self, before: str, codes: list[str]) -> None:
        found = bill("zj-residential", "2025-09", kwh={"total": 100}, year_to_date_kwh=before)
        assert [line.code for line in found.lines] == codes

    def test_one_month_may_cross_all_tiers(self) -> None:
        found = bill("zj-residential", "2025-01", kwh={"total": 5000})
        assert shown(found) == [
            ("energy.tier1", "2760.00", 148488),
            ("energy.tier2", "2040.00", 119952),
            ("energy.tier3", "200.00", 16760),
        ]

    @pytest.mark.parametrize(
        ("opened", "first_limit"),
        [
            ("2025-01-31", "2760.00"),
            ("2025-06-30", "1610.00"),  # June counts in full: 7 months x 230
            ("2025-09-01", "920.00"),
            ("2024-09-01", "2760.00"),
        ],
    )
    def test_the_opening_month_counts_in_full(self, opened: str, first_limit: str) -> None:
        found = bill("zj-residential", "2025-09", kwh={"total": 3000}, opened=opened)
        assert shown(found)[0][1] == first_limit

    def test_opening_changes_no_monthly_limit(self) -> None:
        found = bill("bj-residential", "2025-09", kwh={"total": 500}, opened="2025-09-01")
        assert shown(found)[0][1] == "240.00"

    @pytest.mark.parametrize(
        ("tariff", "people", "limits"),
        [
            ("zj-residential", 4, ("2760.00", "4800.00")),
            ("zj-residential", 5, ("3960.00", "6000.00")),
            ("zj-residential", 7, ("3960.00", "6000.00")),
            ("bj-residential", 5, ("340.00", "500.00")),
            ("gd-residential-tou", 5, ("360.00", "700.00")),
        ],
    )
    def test_five_people_move_both_limits(
        self, tariff: str, people: int, limits: tuple[str, str]
    ) -> None:
        register = "peak" if tariff.endswith("tou") else "total"
        found = bill(tariff, "2025-07", kwh={register: 9000}, household={"people": people})
        assert found.tier
        assert tuple(f"{limit:.2f}" for limit in found.tier.limits_kwh) == limits

    def test_bonus_and_opening_together(self) -> None:
        found = bill(
            "zj-residential",
            "2025-12",
            kwh={"total": 2500},
            opened="2025-07-15",
            household={"people": 6},
        )
        assert found.tier
        assert found.tier.limits_kwh == (Decimal(1980), Decimal(3000))  # half of 3960 and 6000


class TestPeriodsAndTiers:
    """Rule 7.4, mode P."""

    def test_the_last_tier_takes_the_rest(self) -> None:
        found = bill(
            "sh-residential-tou",
            "2025-11",
            kwh={"peak": "0.01", "valley": "0.02"},
            year_to_date_kwh="3119.99",
        )
        assert shown(found) == [
            ("energy.tier1.valley", "0.01", 0),  # a third of 0.01 peak rounds to nothing
            ("energy.tier2.peak", "0.01", 1),
            ("energy.tier2.valley", "0.01", 0),
        ]

    def test_half_a_hundredth_goes_to_the_peak(self) -> None:
        found = bill(
            "sh-residential-tou",
            "2025-11",
            kwh={"peak": 1, "valley": 1},
            year_to_date_kwh="3119.99",
        )
        assert [code for code, _, _ in shown(found)] == [
            "energy.tier1.peak",
            "energy.tier2.peak",
            "energy.tier2.valley",
        ]

    def test_three_tiers_in_one_month(self) -> None:
        found = bill("sh-residential-tou", "2025-01", kwh={"peak": 3000, "valley": 2000})
        assert shown(found) == [
            ("energy.tier1.peak", "1872.00", 115502),  # 1155.024
            ("energy.tier1.valley", "1248.00", 38314),  # 383.136
            ("energy.tier2.peak", "1008.00", 68242),  # 682.416
            ("energy.tier2.valley", "672.00", 22646),  # 226.464
            ("energy.tier3.peak", "120.00", 11724),
            ("energy.tier3.valley", "80.00", 3896),
        ]


class TestLowIncome:
    """Rule 7.5."""

    @pytest.mark.parametrize(("kwh", "free"), [("9.50", "9.50"), ("15", "15.00"), ("90", "15.00")])
    def test_up_to_fifteen_kwh_are_free(self, kwh: str, free: str) -> None:
        found = bill("zj-residential", "2025-03", kwh={"total": kwh}, low_income=True)
        assert [(code, quantity) for code, quantity, _ in shown(found)][1:] == [("free_kwh", free)]

    def test_the_credit_is_at_the_first_tier_and_counts_for_the_tiers(self) -> None:
        found = bill(
            "zj-residential",
            "2025-03",
            kwh={"total": 100},
            year_to_date_kwh=5000,
            household={"low_income": True},
        )
        assert shown(found) == [("energy.tier3", "100.00", 8380), ("free_kwh", "15.00", -807)]
        assert found.lines[1].rate == Decimal("0.538")

    def test_peak_first_then_flat_then_valley(self) -> None:
        kwh = {"peak": 5, "flat": 4, "valley": 100}
        found = bill("gd-residential-tou", "2025-01", kwh=kwh, low_income=True)
        assert shown(found)[3:] == [
            ("free_kwh.peak", "5.00", -486),  # 4.8581
            ("free_kwh.flat", "4.00", -236),  # 2.35544
            ("free_kwh.valley", "6.00", -177),  # 1.76658
        ]

    def test_mode_p_credits_the_first_tier_price(self) -> None:
        found = bill(
            "sh-residential-tou",
            "2025-11",
            kwh={"peak": 10, "valley": 90},
            year_to_date_kwh=5000,
            low_income=True,
        )
        assert shown(found)[2:] == [
            ("free_kwh.peak", "10.00", -617),
            ("free_kwh.valley", "5.00", -154),
        ]

    @pytest.mark.parametrize("tariff", ["zj-residential-collective", "demo-agri-flat"])
    def test_not_for_everyone(self, tariff: str) -> None:
        found = bill(tariff, "2025-03", kwh={"total": 100}, low_income=True)
        assert [line.code for line in found.lines] == ["energy"]


class TestPowerFactor:
    """Rule 7.6."""

    @pytest.mark.parametrize(
        ("kwh", "kvarh", "quantity", "rate_text"),
        [
            (1000, 0, "1.00", "-0.011"),
            (1000, 363, "0.94", "-0.011"),  # 0.93998
            (1000, 395, "0.93", "-0.0095"),
            (1000, 600, "0.86", "-0.001"),  # 0.8575
            (1000, 646, "0.84", "0.005"),
            (1000, 1170, "0.65", "0.1"),
            (1000, 1333, "0.60", "0.15"),
            (1000, 1369, "0.59", "0.17"),
            (1000, 1732, "0.50", "0.35"),
            (1, 10**6, "0.00", "1.35"),
        ],
    )
    def test_steps_of_the_commercial_standard(
        self, kwh: int, kvarh: int, quantity: str, rate_text: str
    ) -> None:
        *_, line = bill("demo-commercial-tou", "2025-03", kwh={"flat": kwh}, kvarh=kvarh).lines
        assert (line.code, str(line.quantity)) == ("pf_adjustment", quantity)
        assert line.rate == Decimal(rate_text)

    def test_no_line_at_the_standard(self) -> None:
        found = bill("demo-agri-flat", "2025-03", kwh={"total": 800}, kvarh=600)  # 0.80
        assert [line.code for line in found.lines] == ["energy"]

    @pytest.mark.parametrize("fields", [{"kwh": {"total": 800}}, {"kwh": {"total": 0}, "kvarh": 5}])
    def test_needs_both_energies(self, fields: dict[str, object]) -> None:
        found = bill("demo-agri-flat", "2025-03", **fields)
        assert "pf_adjustment" not in [line.code for line in found.lines]

    def test_homes_have_no_standard(self) -> None:
        found = bill("zj-residential", "2025-03", kwh={"total": 100}, kvarh=500)
        assert [line.code for line in found.lines] == ["energy.tier1"]


class TestDemand:
    """Rule 7.7."""

    @pytest.mark.parametrize(
        ("peak", "fen", "explain"),
        [
            ("2600", 34560, "explain.demand.utilised"),
            ("2599.99", 38400, "explain.demand"),
        ],
    )
    def test_ninety_percent_from_260_kwh_a_kva(self, peak: str, fen: int, explain: str) -> None:
        found = bill(
            "demo-industrial-2part-demand",
            "2025-03",
            kwh={"peak": peak},
            max_demand_kw=10,
            contract_kva=10,
        )
        assert (found.lines[0].amount_fen, found.lines[0].explain) == (fen, explain)

    @pytest.mark.parametrize("kva", [{}, {"contract_kva": 0}])
    def test_no_reduction_without_a_contract(self, kva: dict[str, int]) -> None:
        found = bill(
            "demo-industrial-2part-demand", "2025-03", kwh={"peak": 9}, max_demand_kw=10, **kva
        )
        assert found.lines[0].amount_fen == 38400

    def test_the_reduced_price_is_not_rounded(self) -> None:
        found = bill(
            "demo-industrial-2part-demand",
            "2025-03",
            kwh={"peak": 9000},
            max_demand_kw="1.01",
            contract_kva=1,
        )
        assert found.lines[0].rate == Decimal("34.56")
        assert found.lines[0].amount_fen == 3491  # 34.9056

    def test_capacity_is_never_reduced(self) -> None:
        found = bill(
            "demo-industrial-2part-capacity", "2025-03", kwh={"peak": 9000}, contract_kva=1
        )
        assert found.lines[0].amount_fen == 2400


class TestExport:
    """Rule 7.8."""

    def test_a_sunny_month_ends_in_a_credit(self) -> None:
        found = bill("zj-residential", "2025-05", kwh={"total": 10}, export_kwh=100)
        assert shown(found) == [("energy.tier1", "10.00", 538), ("export_credit", "100.00", -4153)]
        assert found.lines[1].rate == Decimal("0.4153")
        assert (found.consumption_fen, found.export_fen, found.total_fen) == (538, -4153, -3615)


class TestLate:
    """Rule 7.9."""

    @pytest.mark.parametrize(
        ("tariff", "due", "paid", "expected"),
        [
            ("demo-agri-flat", "2025-12-21", "2026-01-05",
                [("late_fee", 10, 10000), ("late_fee.cross_year", 5, 7500)]),
            ("demo-agri-flat", "2025-12-31", "2026-01-01", [("late_fee.cross_year", 1, 1500)]),
            ("demo-agri-flat", "2025-12-30", "2025-12-31", [("late_fee", 1, 1000)]),
            ("demo-agri-flat", "2024-02-28", "2024-03-01", [("late_fee", 2, 2000)]),
            ("demo-agri-flat", "2024-12-31", "2026-01-01", [("late_fee.cross_year", 366, 549000)]),
            ("zj-residential", "2025-12-21", "2026-01-05", [("late_fee", 15, 7500)]),
            ("zj-residential-collective", "2025-12-31", "2026-01-01", [("late_fee", 1, 500)]),
            ("zj-residential", "2025-12-21", "2025-12-21", []),
            ("zj-residential", "2025-12-21", "2025-12-20", []),
        ],
    )  # fmt: skip
    def test_days_and_years(
        self, tariff: str, due: str, paid: str, expected: list[tuple[str, int, int]]
    ) -> None:
        late = {"arrears_fen": 500000, "due": due, "paid": paid}
        found = bill(tariff, "2026-01", kwh={"total": 0}, late=late)
        assert [(each.code, each.quantity, each.amount_fen) for each in found.lines] == expected
        assert {each.base_fen for each in found.lines} <= {500000}
        assert found.late_fen == found.total_fen

    def test_half_a_fen_and_no_minimum(self) -> None:
        late = {"arrears_fen": 500, "due": "2025-03-01", "paid": "2025-03-02"}
        found = bill("zj-residential", "2025-04", kwh={"total": 0}, late=late)
        assert [line.amount_fen for line in found.lines] == [1]  # 0.5 fen

    def test_comes_last(self) -> None:
        late = {"arrears_fen": 1, "due": "2025-03-01", "paid": "2025-03-02"}
        found = bill(
            "zj-residential", "2025-04", kwh={"total": 20}, low_income=True, export_kwh=1, late=late
        )
        codes = [line.code for line in found.lines]
        assert codes == ["energy.tier1", "free_kwh", "export_credit", "late_fee"]


@pytest.mark.parametrize(("month", "limit"), [(4, 200), (5, 260), (10, 260), (11, 200)], ids=str)
def test_the_season_follows_the_billing_month(month: int, limit: int) -> None:
    """Rule 7.10."""
    found = bill("gd-residential", f"2025-{month:02}", kwh={"total": 1})
    assert found.tier
    assert found.tier.limits_kwh[0] == limit


class TestTierPosition:
    """What a customer page says about tiers."""

    @staticmethod
    def zhejiang() -> TariffVersion:
        return load_tariffs().find("zj-residential", "2025-06")

    @pytest.mark.parametrize(
        ("before", "kwh", "tier", "left"),
        [
            ("0", "0", 1, "2760"),
            ("2600", "160", 1, "0"),
            ("2600", "160.01", 2, "2039.99"),
            ("4700", "100", 2, "0"),
            ("4800", "0.01", 3, None),
        ],
    )
    def test_yearly(self, before: str, kwh: str, tier: int, left: str | None) -> None:
        found = tier_position(
            self.zhejiang(), period="2025-06", ytd_kwh_before=Decimal(before), kwh=Decimal(kwh)
        )
        limits = (Decimal(2760), Decimal(4800))
        used = Decimal(before) + Decimal(kwh)
        assert found == TierPosition("yearly", tier, used, limits, left and Decimal(left))

    def test_monthly_counter_starts_anew(self) -> None:
        version = load_tariffs().find("bj-residential", "2025-06")
        found = tier_position(
            version, period="2025-06", ytd_kwh_before=Decimal(2000), kwh=Decimal(100), people=5
        )
        assert found
        assert (found.used_kwh, found.left_kwh) == (100, 240)

    def test_opened_this_year(self) -> None:
        found = tier_position(
            self.zhejiang(),
            period="2025-06",
            ytd_kwh_before=Decimal(0),
            kwh=Decimal(5),
            opened=date(2025, 6, 2),
        )
        assert found
        assert found.left_kwh == 1605

    def test_none_without_tiers(self) -> None:
        version = load_tariffs().find("demo-agri-flat", "2025-06")
        assert (
            tier_position(version, period="2025-06", ytd_kwh_before=Decimal(0), kwh=Decimal(5))
            is None
        )


def test_lines_stand_in_the_order_of_display() -> None:
    order = list(CODES)
    case = parse_case(
        {
            "tariff": "demo-industrial-2part-demand",
            "period": "2026-01",
            "kwh": dict.fromkeys(("deep", "valley", "flat", "peak", "sharp"), 10),
            "max_demand_kw": 1,
            "kvarh": 50,
            "late": {"arrears_fen": 10**6, "due": "2025-12-01", "paid": "2026-02-01"},
        }
    )
    codes = [line.code for line in rate(case).lines]
    assert codes == sorted(codes, key=order.index)
    assert len(codes) == 13
