"""The kinds are data: every file is whole, and a wrong one says what is wrong."""

from pathlib import Path

import pytest

from runtime.errors import NotFound
from service.access import Right
from service.requests import kinds

ALL = kinds.kinds()
NAMES = [
    "outage_repair",
    "meter_check",
    "new_connection",
    "business_connection",
    "high_voltage_connection",
    "increase_capacity",
    "pv_connection",
    "ev_charger",
    "temporary_supply",
    "decrease_capacity",
    "transfer",
    "dispute",
    "suspension",
    "resumption",
    "reading",
    "complaint",
    "call_back",
    "suggestion",
]


def test_every_kind_is_there_in_its_order() -> None:
    assert [each.name for each in ALL] == NAMES
    assert len({each.prefix for each in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", ALL, ids=NAMES)
def test_a_kind_is_whole(kind: kinds.Kind) -> None:
    assert kinds.kind(kind.name) is kind
    assert Right(kind.right)
    assert kind.step(kind.promise.step).within is not None
    assert kind.steps[0].at == "received"
    assert kind.steps[-1].at == "done"
    assert set(kind.core.fields) == {each.name for each in kind.told}
    for step in kind.steps:
        assert step.within is None or step.within.source


def test_what_a_step_tells_is_right_wherever_it_is_read() -> None:
    told = [each.tell for kind in ALL for each in kind.steps if each.tell]
    assert [each.zh for each in told if "下面" in each.zh or "below" in each.en] == []


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound) as refused:
        kinds.kind("../outage_repair")
    assert refused.value.code == "request.kind_unknown"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("name: call_back", "name: other", "the name of the file"),
        ("prefix: HD", "prefix: hd", "prefix"),
        ("sign_in: false", "sign_in: false\ncolour: red", "colour"),
        ("at: done", "at: accepted", "steps from received to done"),
        ("working_days: 1", "working_days: 0", "working_days"),
        ("      working_days: 1\n", "", "a limit"),
        ("step: called", "step: nowhere", "nowhere"),
        ("fields: [phone, about, time]", "fields: [phone, place]", "core.fields"),
        ("value: morning", "value: any", "twice"),
        ("{when} 前给您回电", "给您回电", "{when}"),
        ("name: phone", "name: mobile", "phone"),
        ("team: service", "team: nobody", "team"),
        ("who: desk", "who: neighbour", "who"),
        ("    who: desk\n", "    visit: true\n", "a visit is made in the field"),
        ("    who: desk\n", "    when: {time: [morning]}\n", "promise.step"),
        ("      working_days: 1\n", "      working_days: 1\n      after: called\n", "after"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    whole = (kinds.FOLDER / "call_back.yaml").read_text(encoding="utf-8")
    assert was in whole
    path = tmp_path / "call_back.yaml"
    path.write_text(whole.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^call_back\.yaml: ") as refused:
        kinds.read(path)
    assert said in str(refused.value)
