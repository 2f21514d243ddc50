"""`denghuo rate`: JSON in, JSON out, whatever comes in."""

import json
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from rating.cli import rate
from rating.json_form import rate_json

HOME = {
    "tariff": "zj-residential",
    "period": "2025-07",
    "kwh": {"total": 300},
    "year_to_date_kwh": 2600,
}
SHOP = {"tariff": "demo-commercial-tou", "period": "2025-07", "kwh": {"peak": "1000"}, "kvarh": 646}


def run(given_input: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(rate, options, input=given_input)


def answer(case: object) -> Any:
    return json.loads(run(json.dumps(case)).stdout)


def test_one_case_gives_one_object() -> None:
    found = run(json.dumps(HOME))
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {
        "tariff": "zj-residential",
        "period": "2025-07",
        "version": "2012-07",
        "lines": [
            {
                "code": "energy.tier1",
                "kwh": "160.00",
                "unit": "kwh",
                "rate": "0.538",
                "amount_fen": 8608,
                "explain": "explain.energy.tier1",
            },
            {
                "code": "energy.tier2",
                "kwh": "140.00",
                "unit": "kwh",
                "rate": "0.588",
                "amount_fen": 8232,
                "explain": "explain.energy.tier2",
            },
        ],
        "kwh_total": "300.00",
        "consumption_fen": 16840,
        "export_fen": 0,
        "late_fen": 0,
        "total_fen": 16840,
    }


def test_lines_that_rest_on_a_base_show_it() -> None:
    late = {"arrears_fen": 500000, "due": "2025-12-21", "paid": "2026-01-05"}
    lines = answer(SHOP | {"late": late})["lines"]
    shown = [
        tuple(line.get(name) for name in ("code", "kwh", "quantity", "rate", "base_fen"))
        for line in lines
    ]
    assert shown == [
        ("energy.peak", "1000.00", None, "1.0425", None),
        ("fund", "1000.00", None, "0.027225", None),
        ("pf_adjustment", None, "0.84", "0.005", 104250),
        ("late_fee", None, "10", "0.002", 500000),
        ("late_fee.cross_year", None, "5", "0.003", 500000),
    ]


def test_demand_and_a_signed_reduction() -> None:
    case = {
        "tariff": "demo-industrial-2part-demand",
        "period": "2025-07",
        "kwh": {"peak": 2600},
        "max_demand_kw": "12.5",
        "contract_kva": 10,
        "kvarh": 0,
    }
    first, *_, last = answer(case)["lines"]
    assert (first["quantity"], first["unit"], first["rate"]) == ("12.50", "kw", "34.56")
    assert (last["quantity"], last["rate"]) == ("1.00", "-0.0075")


def test_an_array_keeps_its_order_and_a_bad_case_spoils_no_other() -> None:
    found = run(json.dumps([SHOP, {**HOME, "kwh": {"total": -1}}, HOME]))
    shop, wrong, home = json.loads(found.stdout)
    assert (shop["total_fen"], home["total_fen"]) == (107494, 16840)
    assert wrong == {"error": {"field": "kwh.total", "message": "kwh.total must not be negative"}}
    assert found.exit_code == 1


def test_an_empty_array_is_rated() -> None:
    found = run("[]")
    assert (found.stdout, found.exit_code) == ("[]\n", 0)


def test_pretty_is_the_same_for_people() -> None:
    plain, pretty = run(json.dumps(HOME)), run(json.dumps(HOME), "--pretty")
    assert json.loads(plain.stdout) == json.loads(pretty.stdout)
    assert plain.stdout.count("\n") == 1 < pretty.stdout.count("\n")


def test_numbers_never_pass_through_binary_floats() -> None:
    text = json.dumps(HOME).replace("300", "123456789.35")
    found = json.loads(run(text).stdout)
    assert found["kwh_total"] == "123456789.35"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the input is empty: give one case or an array of cases as JSON"),
        (b" \n", "the input is empty: give one case or an array of cases as JSON"),
        (b"{", "the input is not JSON: "),
        (b"{} {}", "the input is not JSON: Extra data at line 1, column 4"),
        (b"\xff\xfe", "the input is not UTF-8 text"),
        (b"[" * 100_000, "the input is nested too deeply"),
        (b'{"a":' * 100_000, "the input is nested too deeply"),
        (b"5", "the input must be an object"),
        (b"null", "the input must be an object"),
    ],
)
def test_what_is_no_case_gives_one_error(text: bytes, message: str) -> None:
    found = run(text)
    error = json.loads(found.stdout)["error"]
    assert (error["field"], found.exit_code) == ("$", 1)
    assert error["message"].startswith(message)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("NaN", "must be a finite number"),
        ("-Infinity", "must be a finite number"),
        ("1e999999", "must be below 1000000000"),
        ("1e99999999999999999999", "must be a finite number"),
        ("1e-999999", "must have at most 2 decimals"),
        ("9" * 5000, "must be below 1000000000"),
        ("0." + "1" * 5000, "must have at most 2 decimals"),
        ("true", "must be a number"),
        ('"\\ud800"', "must be a plain decimal number"),
        ("[[[[]]]]", "must be a number"),
    ],
)
def test_odd_numbers_are_named(number: str, message: str) -> None:
    found = run(json.dumps(HOME).replace("300", number))
    assert json.loads(found.stdout)["error"] == {
        "field": "kwh.total",
        "message": f"kwh.total {message}",
    }


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"tariff": "a", "tariff": "b"}', "tariff"),
        (json.dumps(HOME).replace("300", '1, "total": 2'), "kwh.total"),
        ('{"\\ud800": 1, "\\ud800": 1}', "\ud800"),
    ],
)
def test_a_field_given_twice_is_named(text: str, field: str) -> None:
    error = json.loads(run(text).stdout)["error"]
    assert error == {"field": field, "message": f"{field} is given twice"}


def test_a_byte_order_mark_is_no_fault() -> None:
    assert run(b"\xef\xbb\xbf" + json.dumps(HOME).encode()).exit_code == 0


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["2025-07", "2025-02-29", "zj-residential", "demo-commercial-tou", "1.23"])
)
FIELDS = (
    *("tariff", "period", "kwh", "year_to_date_kwh", "opened", "household", "low_income"),
    *("kvarh", "max_demand_kw", "contract_kva", "export_kwh", "late"),
    *("total", "peak", "flat", "people", "arrears_fen", "due", "paid"),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), anything).map(lambda odd: {**HOME, **odd}))
def test_any_case_is_answered(case: dict[str, Any]) -> None:
    result, all_rated = rate_json(json.dumps(case).encode())
    assert isinstance(result, dict)
    assert all_rated == ("lines" in result) == ("error" not in result)
    json.loads(json.dumps(result))


@settings(max_examples=200)
@given(st.binary() | st.text().map(str.encode) | anything.map(lambda odd: json.dumps(odd).encode()))
def test_any_input_is_answered(text: bytes) -> None:
    result, _ = rate_json(text)
    results = result if isinstance(result, list) else [result]
    assert all(each.keys() >= {"error"} or each.keys() >= {"lines"} for each in results)
    assert "Traceback" not in json.dumps(result)


def test_a_long_array_is_rated_whole() -> None:
    result, all_rated = rate_json(json.dumps([HOME] * 3000).encode())
    assert isinstance(result, list)
    assert all_rated
    assert {each["total_fen"] for each in result} == {16840}
    assert len(result) == 3000


def test_the_command_starts_without_numpy() -> None:
    code = "import sys, rating.cli; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_front_door_knows_the_command() -> None:
    code = "from denghuo.cli import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", code, "rate"], input=json.dumps(HOME), capture_output=True, text=True
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert json.loads(found.stdout)["total_fen"] == 16840


def test_a_closed_input_is_an_empty_input() -> None:
    code = "import sys; sys.stdin = None; from denghuo.cli import main; main()"
    found = subprocess.run([sys.executable, "-c", code, "rate"], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (1, "")
    assert json.loads(found.stdout)["error"]["field"] == "$"


def test_a_broken_text_is_told_in_one_sentence() -> None:
    assert json.loads(run('{"tariff": "zj').stdout)["error"]["message"] == (
        "the input is not JSON: Unterminated string starting at line 1, column 12"
    )
