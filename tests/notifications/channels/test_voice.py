"""Calls by a provider of voice calls, over the wire of one in a box."""

from typing import Any

import httpx
import pytest

from notifications.channels.base import Found, Parcel, Refused
from notifications.channels.voice import HttpVoice
from notifications.settings import VoiceSettings
from runtime.settings import load
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.server import SandboxServer
from tests.waiting import eventually

PHONE = "13800002046"


def parcel(reference: str, **change: Any) -> Parcel:
    known: dict[str, Any] = {
        "recipient": PHONE,
        "template": "arrears_call_zh",
        "language": "zh",
        "params": {},
        "words": {"text": "您家的电费一百四十九元五角一分，今天到期。"},
    }
    return Parcel(reference=reference, **(known | change))


@pytest.fixture
def voice(sandbox: SandboxServer, settings_env: pytest.MonkeyPatch) -> HttpVoice:
    return provider(sandbox)


def provider(sandbox: SandboxServer, **told: Any) -> HttpVoice:
    known = {"voice_url": sandbox.base_url, "voice_token": sandbox.paper("voice_token")}
    return HttpVoice(load(VoiceSettings, **(known | {"voice_timeout": 1.0} | told)))


def calls(sandbox: SandboxServer) -> list[dict[str, Any]]:
    url = f"{sandbox.base_url}/test/calls"
    found: list[dict[str, Any]] = httpx.get(url, trust_env=False).json()["calls"]
    return found


class TestHttpVoice(ProviderContract):
    """What holds for all providers holds for this one."""

    @pytest.fixture
    def sides(self, voice: HttpVoice, sandbox: SandboxServer) -> Sides:
        return Sides(
            provider=voice,
            unreached=provider(sandbox, voice_url="http://127.0.0.1:1"),
            patience=1.0,
            parcel=parcel,
            refused=parcel("no", recipient="110"),
            taken=lambda reference: sum(each["client_id"] == reference for each in calls(sandbox)),
            break_down=lambda kind: sandbox.outage("voice", kind, 60),
            heal=sandbox.heal,
            secrets=[sandbox.paper("voice_token")],
        )


def test_a_call_says_the_words_in_their_language(voice: HttpVoice, sandbox: SandboxServer) -> None:
    voice.send(parcel("r1", language="en", words={"text": "Your bill is due today."}))
    [call] = calls(sandbox)
    assert (call["to"], call["language"]) == (PHONE, "en")
    assert call["text"] == "Your bill is due today."
    page = httpx.get(f"{sandbox.base_url}/calls", trust_env=False).text
    assert "Your bill is due today." in page


@pytest.mark.parametrize(
    ("phone", "delivered", "reason"),
    [
        (PHONE, True, ""),
        ("13800000404", False, "no_answer"),
        ("13800000486", False, "busy"),
    ],
)
def test_what_became_of_a_call_can_be_asked(
    voice: HttpVoice, phone: str, delivered: bool, reason: str
) -> None:
    asked = parcel("r1", recipient=phone)
    number = voice.send(asked)
    found: list[Found | None] = []

    def ended() -> bool:
        found.append(voice.find(asked))
        return found[-1] is not None and found[-1].delivered is not None

    eventually(ended)
    assert found[-1] == Found(number, delivered, reason)


def test_a_wrong_token_calls_nobody(sandbox: SandboxServer, settings_env: object) -> None:
    with pytest.raises(Refused, match="http_401"):
        provider(sandbox, voice_token="guessed").send(parcel("r1"))
    assert calls(sandbox) == []
