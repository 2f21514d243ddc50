"""Text messages: taken once, kept in a box, seen by tests and testers."""

from typing import Any

import httpx
import pytest

from tests.sandbox.server import SandboxServer

SMS = {
    "phone": "13800000001",
    "signature": "灯火",
    "template": "sign_in_code",
    "params": {"code": "246810"},
    "client_id": "c-1",
}


def send(sandbox: SandboxServer, medium: str, message: object, token: str = "") -> httpx.Response:
    token = token or sandbox.paper(f"{medium}_token")
    return httpx.post(
        f"{sandbox.base_url}/{medium}/v1/messages",
        json=message,
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )


def test_a_text_message_is_taken_once_and_found_by_phone(sandbox: SandboxServer) -> None:
    first = send(sandbox, "sms", SMS)
    assert (first.status_code, first.json()["status"]) == (202, "accepted")
    assert send(sandbox, "sms", SMS).json() == first.json()
    send(sandbox, "sms", SMS | {"phone": "+8613800000002", "client_id": "c-2"})
    assert [each["phone"] for each in sandbox.sms()] == ["+8613800000002", "13800000001"]
    [found] = sandbox.sms("13800000001")
    assert (found["params"], found["template"]) == ({"code": "246810"}, "sign_in_code")
    assert found["message_id"] == first.json()["message_id"]
    page = httpx.get(f"{sandbox.base_url}/sms?phone=13800000001", trust_env=False).text
    assert ("246810" in page, "13800000002" in page) == (True, False)


def test_a_client_id_stands_for_one_message(sandbox: SandboxServer) -> None:
    send(sandbox, "sms", SMS)
    other = send(sandbox, "sms", SMS | {"params": {"code": "135790"}})
    assert (other.status_code, other.json()["code"]) == (409, "client_id_used")
    assert [each["params"]["code"] for each in sandbox.sms()] == ["246810"]


def test_delivery_is_told(sandbox: SandboxServer) -> None:
    reached, dead = (
        send(sandbox, "sms", SMS | {"phone": phone, "client_id": phone}).json()["message_id"]
        for phone in ("13800000001", "13800000404")
    )
    assert (final(sandbox, reached), final(sandbox, dead)) == ("delivered", "failed")


def final(sandbox: SandboxServer, message_id: str) -> str:
    headers = {"Authorization": f"Bearer {sandbox.paper('sms_token')}"}
    url = f"{sandbox.base_url}/sms/v1/messages/{message_id}"
    while True:
        status = httpx.get(url, headers=headers, trust_env=False).json()["status"]
        if status != "accepted":
            return str(status)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"phone": "12345"}, "invalid_phone"),
        ({"phone": None}, "invalid_phone"),
        ({"signature": ""}, "invalid_signature"),
        ({"template": 7}, "invalid_template"),
        ({"params": {"code": 7}}, "invalid_params"),
        ({"client_id": ""}, "invalid_client_id"),
    ],
)
def test_a_wrong_field_is_named(sandbox: SandboxServer, change: dict[str, Any], code: str) -> None:
    response = send(sandbox, "sms", SMS | change)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert sandbox.sms() == []


def test_nothing_is_taken_without_the_token_or_without_an_object(sandbox: SandboxServer) -> None:
    assert send(sandbox, "sms", SMS, "guessed").status_code == 401
    assert send(sandbox, "sms", [SMS]).status_code == 400
    assert sandbox.sms() == []


def test_the_provider_can_be_out_of_order(sandbox: SandboxServer) -> None:
    sandbox.outage("sms")
    assert send(sandbox, "sms", SMS).status_code == 500
    sandbox.heal()
    assert send(sandbox, "sms", SMS).status_code == 202
