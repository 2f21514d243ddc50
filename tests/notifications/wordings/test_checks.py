"""Words are checked before they are kept: plain names alone, and no longer than their channel."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import wordings
from notifications.wordings import catalogue, checks
from notifications.wordings.checks import BadTemplateError

KIND = "arrears.late_3"
NAMES = catalogue.variables_of(KIND)
PLAIN = st.text(st.characters(exclude_characters="{}", codec="utf-8"), max_size=40)


@pytest.mark.parametrize(
    "text",
    [
        "{x.__class__}",
        "{x[0]}",
        "{x!r}",
        "{x:>99999999}",
        "{x:{y}}",
        "{0}",
        "{}",
        "{",
        "}",
        "{ x }",
        "{金额}",
    ],
)
def test_only_plain_names_may_stand_in_words(text: str) -> None:
    with pytest.raises(BadTemplateError):
        checks.names(text)


@given(st.text(max_size=60))
def test_what_passes_cannot_reach_into_a_figure(text: str) -> None:
    """Whatever is typed: it is refused, or filled it holds nothing but text and figures."""
    try:
        names = checks.names(text)
    except BadTemplateError:
        return
    filled = text.format_map(dict.fromkeys(names, "7"))
    doubled = text.replace("{{", "").replace("}}", "")
    assert names == set(re.findall(r"\{(\w+)\}", doubled, re.ASCII))
    assert "{}" not in filled or "{{" in text


@given(st.lists(st.one_of(PLAIN, st.sampled_from(NAMES).map("{{{}}}".format)), max_size=8))
def test_words_of_known_names_have_no_fault_but_their_length(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = catalogue.faults(KIND, "sms", "zh", {"text": text})
    filled = text.format_map(catalogue.samples(KIND, "zh"))
    most = checks.PARTS["sms"]["text"]
    expected = [] if text.strip() and len(filled) <= most else [1]
    assert len(found) == len(expected)


@given(PLAIN, st.from_regex(r"[a-z_]{1,12}", fullmatch=True))
def test_a_name_that_is_not_known_is_named(text: str, name: str) -> None:
    found = catalogue.faults(KIND, "sms", "zh", {"text": f"{text}{{{name}}}"})
    if name in NAMES:
        return
    assert [(each.code, each.params["name"]) for each in found] == [("wording.name_unknown", name)]
    assert found[0].params["known"] == sorted(NAMES)


@pytest.mark.parametrize(
    ("channel", "parts", "faults"),
    [
        ("sms", {}, [("text", "wording.part_empty")]),
        ("sms", {"text": "字" * 265}, [("text", "wording.too_long")]),
        ("sms", {"text": "x", "extra": "y"}, [("extra", "wording.part_unknown")]),
        ("mail", {"subject": "s", "text": "t"}, []),
        ("mail", {"subject": "字" * 79, "text": "t"}, [("subject", "wording.too_long")]),
        ("push", {"title": "{tail", "text": "t"}, [("title", "wording.not_plain")]),
        (
            "wechat",
            {"thing1": "字" * 21, "thing2": "x", "amount3": "一元", "thing4": "x"},
            [("thing1", "wording.too_long"), ("amount3", "wording.key_unfit")],
        ),
    ],
)
def test_faults(channel: str, parts: dict[str, str], faults: list[tuple[str, str]]) -> None:
    found = catalogue.faults(KIND, channel, "zh", parts)
    assert [(each.part, each.code) for each in found] == faults


def test_a_value_is_filled_in_as_it_is() -> None:
    """Braces of a value are no placeholders."""
    params = catalogue.samples("arrears.early", "zh") | {"tail": "{amount}"}
    filled = wordings.shipped("arrears.early", "sms", "zh").fill(params)
    assert "{amount}" in filled["text"]
    with pytest.raises(KeyError):
        wordings.shipped("arrears.early", "sms", "zh").fill({"tail": "2046"})
