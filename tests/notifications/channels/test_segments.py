"""What an SMS is cut into, as the networks count; and the same in the sandbox's box."""

from collections.abc import Iterator
from dataclasses import asdict

import pytest
from pydantic import SecretStr

from notifications.channels import segments as counting
from notifications.channels.aliyun import Aliyun
from notifications.channels.base import Parcel, Provider
from notifications.channels.registration import (
    Registration,
    filling,
    house,
    in_form,
    is_news,
    registrations,
    variables,
)
from notifications.channels.segments import characters, cost_fen, on_the_phone, segments
from notifications.channels.tencent import Tencent
from notifications.settings import AliyunSettings, TencentSettings
from notifications.wordings import shipped, templates
from notifications.wordings.catalogue import samples
from runtime.settings import load
from tests.sandbox.server import SandboxServer


@pytest.fixture(autouse=True)
def settings(settings_env: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings are read once for a process; here for a test."""
    counting._settings.cache_clear()
    yield settings_env
    counting._settings.cache_clear()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("电" * 66, 1),
        ("电" * 67, 2),
        ("a" * 130, 2),
        ("a" * 131, 3),
        ("😀" * 33, 1),
        ("😀" * 33 + "电", 2),
    ],
)
def test_seventy_go_in_one_and_sixty_seven_in_each_of_several(text: str, count: int) -> None:
    assert segments(text) == count  # 【灯火】 takes four


def test_news_carry_the_way_out() -> None:
    assert on_the_phone("电价有变", news=True) == "【灯火】电价有变拒收请回复R"
    assert (segments("电" * 66), segments("电" * 66, news=True)) == (1, 2)
    assert (segments("电" * 60, news=True), segments("电" * 61, news=True)) == (1, 2)


def test_an_emoji_is_two_characters() -> None:
    assert [characters(each) for each in ("a", "电", "😀", "")] == [1, 1, 2, 0]


def test_a_segment_costs_what_the_operator_says(settings: pytest.MonkeyPatch) -> None:
    assert [cost_fen(count) for count in (0, 1, 2, 1001)] == [0, 5, 9, 4505]
    settings.setenv("DENGHUO_SMS_SEGMENT_FEN", "3.2")
    counting._settings.cache_clear()
    assert cost_fen(1000) == 3200


def test_gaps_are_named_in_the_order_of_the_text() -> None:
    words = "{way}没有扣成 {amount} 元，{way}：{day}"
    assert variables(words) == ("way", "amount", "day")
    assert in_form("aliyun", words) == "${way}没有扣成 ${amount} 元，${way}：${day}"
    assert in_form("tencent", words) == "{1}没有扣成 {2} 元，{1}：{3}"


def by_provider(sandbox: SandboxServer) -> dict[str, Provider]:
    aliyun = load(
        AliyunSettings,
        aliyun_sms_key_id=sandbox.paper("aliyun_sms_key_id"),
        aliyun_sms_key_secret=SecretStr(sandbox.paper("aliyun_sms_key_secret")),
        aliyun_sms_endpoint=f"127.0.0.1:{sandbox.port}",
        aliyun_sms_protocol="http",
    )
    tencent = load(
        TencentSettings,
        tencent_sms_secret_id=sandbox.paper("tencent_sms_secret_id"),
        tencent_sms_secret_key=SecretStr(sandbox.paper("tencent_sms_secret_key")),
        tencent_sms_app_id=sandbox.paper("tencent_sms_app_id"),
        tencent_sms_endpoint=f"127.0.0.1:{sandbox.port}",
        tencent_sms_protocol="http",
    )
    return {"aliyun": Aliyun(aliyun), "tencent": Tencent(tencent)}


def parcel(known: Registration, phone: str) -> tuple[Parcel, str]:
    """A message by this wording, filled with samples, and what it says."""
    kind, language = templates()[known.name]
    values = samples(kind, language, "sms") | {"link": f"{house()}bills/B1"}
    params = {name: values[name] for name in known.variables}
    words = shipped(kind, "sms", language).fill(params)
    reference = f"{known.provider}:{known.name}"
    return Parcel(reference, phone, known.name, language, params, words), kind


def test_the_count_is_that_of_the_text_on_the_phone_for_every_wording(
    sandbox: SandboxServer,
) -> None:
    known = registrations()
    sandbox.approve(*(asdict(each) for each in known))
    providers = by_provider(sandbox)
    for number, each in enumerate(known):
        sent, kind = parcel(each, f"138{number:08}")
        providers[each.provider].send(sent)
        [kept], news = sandbox.sms(sent.recipient), is_news(kind)
        assert kept["text"] == on_the_phone(sent.words["text"], news=news)
        assert kept["segments"] == segments(sent.words["text"], news=news)
        assert kept["params"] == filling(sent.params)


def test_an_address_of_ours_stands_in_the_text_and_its_end_in_the_gap() -> None:
    """Both providers refuse whole addresses as what fills a gap."""
    link = "http://localhost:8000/bills/B1"
    assert in_form("aliyun", "看账单：{link}") == "看账单：http://localhost:8000/${link}"
    assert in_form("tencent", "看账单：{link}") == "看账单：http://localhost:8000/{1}"
    assert filling({"link": link, "tail": "2046"}) == {"link": "bills/B1", "tail": "2046"}
