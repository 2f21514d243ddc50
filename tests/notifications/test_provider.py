"""The provider's client against the provider's documented interface, over the wire."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.settings import NotificationSettings
from notifications.sms import HttpSms, SmsRefused
from runtime.http import OutboundError
from runtime.settings import load
from tests.sandbox.server import SandboxServer


@pytest.fixture(scope="module")
def provider_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sms")) as server:
        yield server


def client(house: SandboxServer, token: str | None = None) -> HttpSms:
    given = token or Path(house.secrets, "denghuo_sms_token").read_text(encoding="utf-8")
    return HttpSms(load(NotificationSettings, sms_url=house.base_url, sms_token=given))


def test_a_message_arrives_once(provider_house: SandboxServer) -> None:
    sms, params = client(provider_house), {"code": "482016", "minutes": "5"}
    first = sms.send("13800002046", "code_sign_in_zh", params, reference="a")
    again = sms.send("13800002046", "code_sign_in_zh", params, reference="a")
    assert first == again
    [kept] = provider_house.sms("13800002046")
    assert kept["template"] == "code_sign_in_zh"
    assert kept["params"] == params
    assert kept["signature"] == "灯火"


def test_a_refusal_is_final(provider_house: SandboxServer) -> None:
    with pytest.raises(SmsRefused, match="http_400"):
        client(provider_house).send("110", "code_sign_in_zh", {"code": "1"}, reference="b")
    with pytest.raises(SmsRefused, match="http_401"):
        client(provider_house, "wrong").send("13800002046", "x", {"code": "1"}, reference="c")


def test_a_provider_that_is_down_may_be_asked_later() -> None:
    settings = load(NotificationSettings, sms_url="http://127.0.0.1:1", sms_token="t")
    with pytest.raises(OutboundError):
        HttpSms(settings).send("13800002046", "x", {"code": "1"}, reference="d")
