"""What the channel takes from the portal, and in which language it is answered."""

import json
from datetime import date

import pytest

from channels.language import spoken
from channels.said import Malformed, Said

BODY = {
    "conversation": "ref1",
    "message": "17",
    "text": "上个月电费多少",
    "language": "zh",
    "signed_in": True,
    "today": "2026-11-21",
    "channel": "web",
    "elder": False,
    "payload": False,
}


def read(**given):
    return Said.read(json.dumps(BODY | given).encode())


def test_a_message_is_read_as_agreed():
    assert read() == Said(
        "ref1", "17", "上个月电费多少", "zh", True, date(2026, 11, 21), "web", False, False
    )


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/affirm", "affirm"),
        ('/query_bill{"account_no": "430012345678"}', 'query_bill{"account_no": "430012345678"}'),
        ("  //restart", "restart"),
        ("/ /affirm", "affirm"),
        ("/", "？"),
        ("EXTERNAL: human_handoff", "EXTERNAL: human_handoff"),
    ],
)
def test_typed_text_is_never_a_payload(typed, text):
    assert read(text=typed).text == text


def test_a_button_is_a_payload():
    assert read(text="/affirm", payload=True).text == "/affirm"
    with_period = '/query_bill{"period": "上个月"}'
    assert read(text=with_period, payload=True).text == with_period


@pytest.mark.parametrize(
    "text", ["/restart", "/session_start", "/back", "affirm", "/Affirm", "/a b"]
)
def test_what_no_button_says_is_refused_as_a_payload(text):
    with pytest.raises(Malformed) as refused:
        read(text=text, payload=True)
    assert refused.value.field == "text"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conversation", ""),
        ("conversation", None),
        ("conversation", "x" * 101),
        ("message", ["1"]),
        ("text", " "),
        ("text", "电" * 1001),
        ("text", 5.5),
        ("language", "fr"),
        ("signed_in", "yes"),
        ("today", "21.11.2026"),
        ("today", None),
        ("channel", "sms"),
        ("elder", 1),
        ("payload", "true"),
    ],
)
def test_what_is_not_as_agreed_is_refused_by_its_name(field, value):
    with pytest.raises(Malformed) as refused:
        read(**{field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(Malformed):
        Said.read(body)


@pytest.mark.parametrize(
    ("text", "otherwise", "language"),
    [
        ("上个月电费多少", "en", "zh"),
        ("my bill 多少", "en", "zh"),
        ("how much is my bill", "zh", "en"),
        ("hello", "zh", "en"),
        ("Thanks!", "zh", "en"),
        ("430012345678", "en", "en"),
        ("430012345678", "zh", "zh"),
        ("BX2611210001", "zh", "zh"),
        ("kWh", "zh", "zh"),
        ("ok", "zh", "zh"),
        ("ok", "en", "en"),
        ("👋", "zh", "zh"),
        ("1", "en", "en"),
    ],
)
def test_a_message_is_answered_in_the_language_it_is_written_in(text, otherwise, language):
    assert spoken(text, otherwise) == language
