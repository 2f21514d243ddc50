"""The providers that take JSON over HTTP, against the sandbox and over the wire."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from notifications.channels.base import Busy, Parcel, ProviderError, Refused, Unclear
from notifications.channels.http import HttpSms
from notifications.settings import NotificationSettings
from runtime.http import Outbound
from runtime.settings import load
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.server import SandboxServer

PHONE, WORDS = "13800002046", {"text": "您的电费出来了。"}
PATIENCE = 1.0


def settings(server: SandboxServer, **more: Any) -> NotificationSettings:
    secrets = Path(server.secrets)
    token = SecretStr((secrets / "denghuo_sms_token").read_text(encoding="utf-8"))
    known = {"sms_url": server.base_url, "sms_token": token, "sms_timeout": PATIENCE}
    return load(NotificationSettings, **(known | more))


class TestHttpSms(ProviderContract):
    @pytest.fixture
    def sides(self, sandbox: SandboxServer) -> Sides:
        return Sides(
            provider=HttpSms(settings(sandbox)),
            unreached=HttpSms(settings(sandbox, sms_url="http://127.0.0.1:1")),
            patience=PATIENCE,
            parcel=parcel,
            refused=parcel("c0", recipient="110"),
            taken=lambda reference: _taken(sandbox.sms(), reference),
            break_down=lambda kind: sandbox.outage("sms", kind),
            heal=sandbox.heal,
            secrets=[settings(sandbox).sms_token.get_secret_value()],
        )


def parcel(reference: str, recipient: str = PHONE, **more: Any) -> Parcel:
    params = {"code": "482016", "minutes": "5"}
    known = {"template": "code_sign_in_zh", "language": "zh", "params": params, "words": WORDS}
    return Parcel(reference=reference, recipient=recipient, **(known | more))


def _taken(box: list[dict[str, Any]], reference: str) -> int:
    return sum(each["client_id"] == reference for each in box)


def answering(status: int, body: object) -> tuple[HttpSms, list[httpx.Request]]:
    """The provider, speaking to a network that answers as told."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body)

    provider = HttpSms(load(NotificationSettings, sms_token=SecretStr("quiet")))
    provider._http = Outbound(
        "http://sms.test",
        headers={"Authorization": "Bearer quiet"},
        name="sms",
        transport=httpx.MockTransport(answer),
    )
    return provider, seen


def test_the_provider_gets_all_it_needs_and_the_token() -> None:
    provider, seen = answering(201, {"message_id": "s-1"})
    assert provider.send(parcel("m-7")) == "s-1"
    assert seen[0].url.path == "/sms/v1/messages"
    assert seen[0].headers["Authorization"] == "Bearer quiet"
    assert json.loads(seen[0].content) == {
        "phone": PHONE,
        "signature": "灯火",
        "template": "code_sign_in_zh",
        "params": {"code": "482016", "minutes": "5"},
        "client_id": "m-7",
    }


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Refused), (401, Refused), (422, Refused), (429, Busy), (503, Busy), (500, Unclear)],
)
def test_an_answer_decides_what_follows(status: int, error: type[ProviderError]) -> None:
    provider, seen = answering(status, {})
    with pytest.raises(error, match=f"http_{status}"):
        provider.send(parcel("m-7"))
    assert len(seen) == 1
