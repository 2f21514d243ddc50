"""Tariffs are data: what is shipped, what a file may say, and what is answered when it is wrong."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from rating import NotInForce, TariffError, UnknownTariff, load_tariffs, parse_case, rate
from rating.power_factor import power_factor_hundredths

SHIPPED = {
    "bj-residential",
    "bj-residential-year",
    "sh-residential",
    "sh-residential-tou",
    "zj-residential",
    "zj-residential-tou",
    "zj-residential-collective",
    "gd-residential",
    "gd-residential-tou",
    "demo-industrial-2part-demand",
    "demo-industrial-2part-capacity",
    "demo-commercial-tou",
    "demo-agri-flat",
}

TARIFF = """\
id: village-tou
name: {zh: 村庄峰谷电价, en: Village time-of-use}
class: residential
region: {zh: 某地, en: Somewhere}
versions:
  - version: "2024"
    from: 2024-01-01
    to: 2024-12-31
    source: [made up for a test]
    energy: {peak: 0.6, flat: 0.5, valley: 0.25}
    hours:
      - {peak: ["08:00-22:00"], valley: ["22:00-08:00"]}
    tiers:
      cycle: monthly
      seasons:
        - {months: [6, 7, 8], limits: [300]}
        - {months: [1, 2, 3, 4, 5, 9, 10, 11, 12], limits: [200]}
      surcharges: [0.1]
    late_fee: {rate: 0.001}
  - version: "2025"
    from: 2025-01-01
    to: null
    source: [made up for a test]
    energy: {total: 0.55}
    late_fee: {rate: 0.002, cross_year: 0.003}
"""


def folder(tmp_path: Path, text: str = TARIFF, name: str = "village-tou") -> Path:
    (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def test_all_tariffs_are_shipped_with_names_in_both_languages() -> None:
    tariffs = list(load_tariffs())
    assert {tariff.id for tariff in tariffs} == SHIPPED
    assert all("电价" in tariff.name.zh and tariff.name.en.isascii() for tariff in tariffs)
    assert load_tariffs() is load_tariffs()


def test_made_up_prices_are_marked() -> None:
    marked = {each.id for each in load_tariffs() if each.versions[0].illustrative}
    assert marked == {each for each in SHIPPED if each.startswith(("gd-", "demo-"))}


def test_every_version_names_its_source() -> None:
    assert all(terms.source for tariff in load_tariffs() for terms in tariff.versions)


@pytest.mark.parametrize(
    ("tariff", "standard"),
    [
        ("demo-industrial-2part-demand", "0.90"),
        ("demo-commercial-tou", "0.85"),
        ("demo-agri-flat", "0.80"),
    ],
)
def test_power_factor_table_agrees_with_its_step_form(tariff: str, standard: str) -> None:
    """Below the standard: 0.5 % a step for 20 steps, then 1 % for 5, then 2 %."""
    rates = load_tariffs().find(tariff, "2025-01").pf_rates
    assert rates
    place = int(Decimal(standard) * 100)
    for below in range(1, place + 1):
        percent = Decimal("0.5") * min(below, 20) + min(max(below - 20, 0), 5)
        assert rates[place - below] == (percent + 2 * max(below - 25, 0)) / 100
    assert rates[place] == 0


@pytest.mark.parametrize(
    ("tariff", "percents"),
    [
        ("demo-industrial-2part-demand", "0 -0.15 -0.30 -0.45 -0.60 -0.75 -0.75 -0.75"),
        ("demo-commercial-tou", "0 -0.1 -0.2 -0.3 -0.4 -0.5 -0.65 -0.8 -0.95 -1.1 -1.1"),
        ("demo-agri-flat", "0 -0.1 -0.2 -0.3 -0.4 -0.5 -0.6 -0.7 -0.8 -0.9 -1 -1.15 -1.3 -1.3"),
    ],
)
def test_reductions_above_the_standard(tariff: str, percents: str) -> None:
    version = load_tariffs().find(tariff, "2025-01")
    assert version.pf_rates
    assert version.terms.power_factor
    start = int(version.terms.power_factor * 100)
    expected = [Decimal(percent) / 100 for percent in percents.split()]
    assert list(version.pf_rates[start : start + len(expected)]) == expected
    assert version.pf_rates[100] == expected[-1]


@pytest.mark.parametrize(
    ("active", "reactive", "expected"),
    [(1000, 0, 100), (3, 4, 60), (4, 3, 80), (1, 10**9, 0), (10**11, 1, 100), (1, 1, 71)],
)
def test_power_factor_is_rounded_half_up(active: int, reactive: int, expected: int) -> None:
    assert power_factor_hundredths(active, reactive) == expected


@pytest.mark.parametrize(("active", "expected"), [(1110, 11), (1111, 12)])
def test_power_factor_near_a_half(active: int, expected: int) -> None:
    """Beside 9590 kvarh, 1110.2 kWh would be 0.115."""
    assert power_factor_hundredths(active, 9590) == expected


def test_a_new_tariff_needs_no_code(tmp_path: Path) -> None:
    tariffs = load_tariffs(folder(tmp_path))
    case = {
        "tariff": "village-tou",
        "period": "2024-06",
        "kwh": {"peak": 200, "flat": 100, "valley": 50},
    }
    statement = rate(parse_case(case, tariffs))
    assert [(line.code, line.amount_fen) for line in statement.lines] == [
        ("energy.peak", 12000),
        ("energy.flat", 5000),
        ("energy.valley", 1250),
        ("surcharge.tier2", 500),
    ]
    later = rate(parse_case(case | {"period": "2025-01", "kwh": {"total": 100}}, tariffs))
    assert (later.version, later.total_fen) == ("2025", 5500)


def test_versions_are_found_by_month_or_day(tmp_path: Path) -> None:
    tariffs = load_tariffs(folder(tmp_path))
    assert tariffs.find("village-tou", date(2024, 12, 31)).terms.version == "2024"
    assert tariffs.find("village-tou", date(2025, 1, 1)).terms.version == "2025"
    assert tariffs.find("village-tou", "2099-12").terms.version == "2025"
    with pytest.raises(NotInForce, match="village-tou has no prices for 2023-12"):
        tariffs.find("village-tou", "2023-12")
    with pytest.raises(UnknownTariff, match='there is no tariff "sun-king"'):
        tariffs.find("sun-king", "2024-01")


WRONG = [
    ("class: residential", "class: royal", "class", "Input should be 'residential'"),
    ("class: residential", "", "class", "Field required"),
    ("class: residential", "class: residential\ncolour: red", "colour", "Extra inputs"),
    ("id: village-tou", "id: other", "id", 'must be the name of the file, "village-tou"'),
    ("en: Village time-of-use", "en: ''", "name.en", "at least 1 character"),
    ("from: 2024-01-01", "from: 2024-01-02", "versions.0", "first to the last day of a month"),
    ("from: 2024-01-01", "from: soon", "versions.0.from", "valid date"),
    ("to: 2024-12-31", "to: 2023-12-31", "versions.0", "must not end before it begins"),
    ("to: 2024-12-31", "to: null", "", "version 2024 must end before 2025 begins"),
    ('version: "2025"', 'version: "2024"', "", "a name of its own"),
    ("peak: 0.6", "peak: '0.6'", "versions.0.energy.peak.0", "instance of Decimal"),
    ("peak: 0.6", "peak: -0.6", "versions.0.energy.peak.0", "greater than or equal to 0"),
    ("peak: 0.6", "peak: .inf", "", '".inf" is not a decimal number'),
    ("peak: 0.6", "peak: 0.123456789", "versions.0.energy.peak.0", "8 decimal places"),
    ("peak: 0.6", "peak: [0.6, 0.7]", "versions.0", "must name 1 value(s)"),
    ("peak: 0.6", "peak: 0.6, total: 1", "versions.0.energy", "either a total price"),
    ('"08:00-22:00"', '"08:10-22:00"', "versions.0.hours.0", "quarter-hour"),
    ('"08:00-22:00"', '"8-22"', "versions.0.hours.0", '"8-22" is not a span'),
    ('"08:00-22:00"', '"08:00-21:00"', "versions.0.hours.0", "21:00 has no period"),
    ('"08:00-22:00"', '"07:00-22:00"', "versions.0.hours.0", "07:00 is both peak and valley"),
    ('"08:00-22:00"', '"24:15-22:00"', "versions.0.hours.0", "quarter-hour of the day"),
    ("- {peak:", "- {days: rest, peak:", "versions.0", "0 hours hold on a working day of month 1"),
    ("flat: 0.5, valley: 0.25", "flat: 0.5", "versions.0", "hours name valley without a price"),
    ("months: [6, 7, 8]", "months: [6, 7]", "versions.0.tiers", "each of the 12 months once"),
    ("months: [6, 7, 8]", "months: [0]", "versions.0.tiers.seasons.0.months.0", "greater than"),
    ("cycle: monthly", "cycle: yearly", "versions.0.tiers", "a yearly cycle has one season"),
    ("limits: [200]", "limits: [200, 300]", "versions.0.tiers", "same number of limits"),
    ("limits: [200]", "limits: [200, 100]", "versions.0.tiers.seasons.1", "limits must rise"),
    ("surcharges: [0.1]", "surcharges: [0.1, 0.2]", "versions.0.tiers", "one price for each tier"),
    ("{total: 0.55}", "{}", "versions.1.energy", "either a total price"),
    ("{total: 0.55}", "{total: 0.55, total: 1}", "", '"total" is given twice'),
    ("{total: 0.55}", "{total: 0.55}\n    power_factor: 0.7", "versions.1.power_factor", "0.90"),
    (
        "{total: 0.55}",
        "{total: 0.55}\n    demand: {price: 1}\n    capacity: {price: 1}",
        "versions.1",
        "both a demand and a capacity charge",
    ),
    ("rate: 0.002", "rate: 0.2", "versions.1.late_fee.rate", "less than 0.01"),
    ("id: village-tou", "id: [", "", "cannot be read"),
    ("id: village-tou", "? {a: 1}\n: 2\nid: village-tou", "", "cannot be read"),
]


@pytest.mark.parametrize(("right", "wrong", "path", "reason"), WRONG)
def test_a_wrong_file_is_refused_with_place_and_reason(
    tmp_path: Path, right: str, wrong: str, path: str, reason: str
) -> None:
    assert right in TARIFF
    with pytest.raises(TariffError) as refused:
        load_tariffs(folder(tmp_path, TARIFF.replace(right, wrong, 1)))
    assert (refused.value.file.name, refused.value.path) == ("village-tou.yaml", path)
    assert reason in refused.value.reason
    assert str(refused.value).startswith("village-tou.yaml: ")


@pytest.mark.parametrize("text", ["", "[]", "42", "\x00"])
def test_what_is_no_tariff_at_all_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TariffError, match=r"village-tou\.yaml"):
        load_tariffs(folder(tmp_path, text))


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"id: caf\xe9")
    with pytest.raises(TariffError, match=r"latin\.yaml: the file: cannot be read"):
        load_tariffs(tmp_path)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TariffError, match="holds no tariff"):
        load_tariffs(tmp_path / "nowhere")
