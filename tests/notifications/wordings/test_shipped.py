"""The words that come with Denghuo: all there, in both languages, and none too long."""

import re
from collections.abc import Iterator

import pytest

from notifications import wordings
from notifications.channels import wechat_keys
from notifications.channels.segments import segments
from notifications.kinds import kinds
from notifications.wordings import catalogue, checks
from notifications.wordings.checks import CHANNELS, INBOX

SAID_BY_THE_PORTAL = {"request", "outage", "talk", "desk"}
"""Rooms whose words in the inbox are made by portal/inbox, unless they are shipped."""
LONGER = {
    "autopay": "says what happened to the money, and how to stop it",
    "guest": "tells a stranger how to get in without signing in",
    "disconnection": "says what the law asks for",
    "arrears.formal": "says what the law asks for",
    "arrears.formal.many": "says what the law asks for",
    "balance.sank": "names what is left and what was chosen",
    "outage.moved": "names both times",
}
"""Short messages in Chinese that may take more than one piece, and why."""


def texts() -> Iterator[tuple[str, str, str]]:
    for kind, topic in catalogue.wordings().items():
        for channel in CHANNELS:
            for language in topic.parts(channel):
                yield kind, channel, language


ALL = list(texts())
SHORT = [kind for kind, channel, language in ALL if (channel, language) == ("sms", "zh")]


@pytest.mark.parametrize("name", list(kinds()))
def test_a_kind_has_words_for_every_way_that_it_goes(name: str) -> None:
    own = catalogue.wordings().get(name)
    room = name.partition(".")[0]
    ways: list[str] = [*kinds()[name].channels]
    if room not in SAID_BY_THE_PORTAL:
        ways.append(INBOX)
    assert [way for way in ways if own is None or not own.parts(way)] == []


@pytest.mark.parametrize("name", [each for each in kinds() if each.startswith("arrears.")])
def test_several_accounts_are_told_of_in_one_message(name: str) -> None:
    """The helper of a customer, and a campaign, are about one thing alone."""
    if name in ("arrears.helper", "arrears.campaign"):
        return
    alone, many = catalogue.wordings()[name], catalogue.wordings()[f"{name}.many"]
    assert [c for c in CHANNELS if alone.parts(c)] == [c for c in CHANNELS if many.parts(c)]
    assert {"count", "amount", "tail", "most", "link"} <= set(many.variables)


@pytest.mark.parametrize(("kind", "channel", "language"), ALL)
def test_all_of_them_fill_with_their_samples(kind: str, channel: str, language: str) -> None:
    wording = wordings.shipped(kind, channel, language)
    filled = wording.fill(catalogue.samples(kind, language))
    assert filled.keys() <= catalogue.wanted(kind, channel).keys()
    for part, text in filled.items():
        assert 0 < len(text) <= catalogue.wanted(kind, channel)[part]
        assert "{" not in text
        if channel == "wechat":
            assert wechat_keys.fit(part, text)


@pytest.mark.parametrize(
    "kind", [kind for kind, channel, at in ALL if (channel, at) == ("sms", "zh")]
)
def test_a_short_message_goes_in_one_piece_unless_it_says_why(kind: str) -> None:
    text = wordings.shipped(kind, "sms", "zh").fill(catalogue.samples(kind, "zh"))["text"]
    room = kind.partition(".")[0]
    if segments(text) > 1:
        assert kind in LONGER or room in LONGER
    assert segments(text) <= 3


@pytest.mark.parametrize(("kind", "channel", "language"), ALL)
def test_no_message_holds_a_whole_account_number(kind: str, channel: str, language: str) -> None:
    """Only the desk, in its own inbox, is told the whole of it."""
    parts = wordings.shipped(kind, channel, language).parts
    used = {name for text in parts.values() for name in checks.names(text)}
    assert "account" not in used or (channel == INBOX and kind.startswith("desk."))


@pytest.mark.parametrize("kind", SHORT)
def test_no_short_message_reads_as_collection(kind: str) -> None:
    """Word for word what the review of templates refuses."""
    text = wordings.shipped(kind, "sms", "zh").parts["text"]
    assert re.search("催|欠费|欠款|追缴|后果自负|起诉|失信", text) is None


@pytest.mark.parametrize("name", ["arrears.formal", "disconnection.planned", "disconnection.near"])
@pytest.mark.parametrize(("language", "label"), [("zh", "正式通知"), ("en", "ormal notice")])
def test_what_the_law_asks_for_is_labelled(name: str, language: str, label: str) -> None:
    topic = catalogue.wordings()[name]
    samples = catalogue.samples(name, language)
    for channel in ("sms", "mail", "voice", INBOX):
        if topic.parts(channel):
            filled = wordings.shipped(name, channel, language).fill(samples)
            assert label in " ".join(filled.values())


def test_names_of_providers_are_one_kind_and_language_each() -> None:
    names = catalogue.templates()
    assert len(names) == 2 * len(catalogue.wordings())
    assert names["code_sign_in_zh"] == ("code.sign_in", "zh")
    assert names["red_invoice_en"] == ("invoice.red", "en")
    assert wordings.shipped("arrears.late_3", "sms", "zh").template == "arrears_late_3_zh"


def test_a_voice_says_figures_as_a_person_does() -> None:
    wording = wordings.shipped("disconnection.near", "voice", "zh")
    params = {"utility": "江城供电", "tail": "2046", "clock": "10 点", "amount": "1,132.05"}
    said = wording.fill(params | {"phone": "95598"})["text"]
    assert "户号尾号 2 0 4 6，" in said
    assert "现在缴清一千一百三十二元零五分，" in said
    assert "请马上打 9 5 5 9 8。" in said
    english = wordings.shipped("disconnection.near", "voice", "en").fill(params | {"phone": "1"})
    assert "if you pay 1,132.05 yuan now" in english["text"]


def test_there_are_no_words_for_what_there_is_not() -> None:
    for which in (("no.such", "sms", "zh"), ("usage.unusual", "sms", "zh")):
        with pytest.raises(KeyError):
            wordings.shipped(*which)
