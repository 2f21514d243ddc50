"""docs/tariffs.md is true: its file loads, its case gives its result, every field is named."""

import json
import re
from pathlib import Path

import pytest

from rating import load_tariffs, parse_case, rate
from rating.case import CASE_FIELDS
from rating.json_form import rate_json
from rating.schema import Terms

PAGE = (Path(__file__).parents[2] / "docs/tariffs.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def described() -> set[str]:
    cells = re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_file_shown_is_a_tariff(tmp_path: Path) -> None:
    (text,) = examples("yaml")
    (tmp_path / "village-tou.yaml").write_text(text, "utf-8")
    case = {
        "tariff": "village-tou",
        "period": "2025-12",
        "kwh": {"peak": 100, "valley": 100},
        "year_to_date_kwh": 2300,
    }
    statement = rate(parse_case(case, load_tariffs(tmp_path)))
    assert [line.amount_fen for line in statement.lines] == [6000, 3000, 500]


def test_the_case_shown_gives_the_result_shown() -> None:
    case, result, _ = examples("json")
    assert rate_json(case.encode()) == (json.loads(result), True)


def test_the_error_shown_is_given() -> None:
    case = {"tariff": "zj-residential-tou", "period": "2025-11", "kwh": {"peak": -1}}
    assert rate_json(json.dumps(case).encode()) == (json.loads(examples("json")[2]), False)


@pytest.mark.parametrize("field", CASE_FIELDS)
def test_every_field_of_a_case_is_described(field: str) -> None:
    assert field in described()


def test_every_field_of_a_version_is_described() -> None:
    shown_only = {"version", "valid_from", "valid_to", "illustrative", "source"}
    assert set(Terms.model_fields) - shown_only <= described()
