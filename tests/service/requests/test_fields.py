"""What people type, made plain; what cannot be taken, refused with its field."""

import pytest
import time_machine

from service.requests.fields import FieldRefused, check, clean
from service.requests.kinds import kind
from tests.service.requests.conftest import NOW, PHONE

REPAIR = kind("outage_repair")


@pytest.mark.parametrize(
    ("of", "field", "typed", "kept"),
    [
        ("outage_repair", "address", "  梧桐里\t12 栋  502 ", "梧桐里 12 栋 502"),
        ("outage_repair", "phone", "+86 138-0013 8000", PHONE),
        ("outage_repair", "phone", "１３８００１３８０００", PHONE),
        ("outage_repair", "note", "第一行\r\n第二行", "第一行\n第二行"),
        ("outage_repair", "note", "灯\u202e灭\u0000了", "灯灭了"),
        ("outage_repair", "note", "👨\u200d👩\u200d👧 没电", "👨\u200d👩\u200d👧 没电"),
        ("outage_repair", "note", " ", ""),
        ("outage_repair", "place", "", ""),
        ("pv_connection", "capacity", "５.50", "5.5"),
        ("ev_charger", "capacity", "7.0", "7"),
        ("increase_capacity", "capacity", "1e3", "1000"),
        ("ev_charger", "capacity", "7千瓦", "7"),
        ("ev_charger", "capacity", "７ kW", "7"),
        ("ev_charger", "capacity", "7KW", "7"),
        ("temporary_supply", "months", "3 个月", "3"),
        ("reading", "reading", "12045 度", "12045"),
        ("meter_check", "day", "2026/12/14", "2026-12-14"),
        ("meter_check", "day", "2026-12-25", "2026-12-25"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_a_value_is_made_plain(of: str, field: str, typed: str, kept: str) -> None:
    assert clean(kind(of).field(field), typed) == kept


@pytest.mark.parametrize("typed", ["-2.5", "－2.5 %", "\N{MINUS SIGN}2.5%"])
def test_a_sign_before_a_number_stays(typed: str) -> None:
    deviation = kind("meter_check").step("tested").form[2]
    assert clean(deviation, typed) == "-2.5"


@pytest.mark.parametrize(
    ("of", "field", "typed", "problem"),
    [
        ("outage_repair", "address", "", "missing"),
        ("outage_repair", "address", "\u200b\u202e", "missing"),
        ("outage_repair", "address", None, "missing"),
        ("outage_repair", "address", "梧桐", "too_short"),
        ("outage_repair", "address", "梧" * 201, "too_long"),
        ("outage_repair", "address", 7, "not_text"),
        ("outage_repair", "phone", "96000", "phone"),
        ("outage_repair", "trouble", "fire", "choice"),
        ("pv_connection", "capacity", "five", "number"),
        ("pv_connection", "capacity", "NaN", "number"),
        ("ev_charger", "capacity", "千瓦", "number"),
        ("ev_charger", "capacity", "7 度", "number"),
        ("ev_charger", "capacity", "7 kW kW", "number"),
        ("pv_connection", "capacity", "Infinity", "number"),
        ("pv_connection", "capacity", "0", "range"),
        ("pv_connection", "capacity", "5.55", "range"),
        ("pv_connection", "capacity", "9" * 40, "range"),
        ("meter_check", "day", "tomorrow", "day"),
        ("meter_check", "day", "2026-02-30", "day"),
        ("meter_check", "day", "2026-12-11", "days"),
        ("meter_check", "day", "2026-12-26", "days"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_what_cannot_be_taken_names_its_field(
    of: str, field: str, typed: object, problem: str
) -> None:
    with pytest.raises(FieldRefused) as refused:
        clean(kind(of).field(field), typed)
    assert refused.value.code == "request.field"
    assert (refused.value.params["field"], refused.value.params["problem"]) == (field, problem)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    given = {"trouble": "no_power", "phone": "1", "colour": "red", "photos": "x"}
    values, wrong = check(REPAIR, given)
    assert values == {"trouble": "no_power"}
    assert [(each.params["field"], each.params["problem"]) for each in wrong] == [
        ("colour", "unknown"),
        ("photos", "unknown"),
        ("address", "missing"),
        ("phone", "phone"),
    ]
