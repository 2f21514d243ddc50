"""What became of a call is reported until it was heard."""

from pathlib import Path

import httpx

from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer


def test_a_call_is_reported_under_the_secret_address(tmp_path: Path) -> None:
    with (
        Merchant(answers=[(503, b"")]) as merchant,
        SandboxServer(tmp_path, options=("--voice-callback", merchant.url)) as sandbox,
    ):
        call = {"to": "13800000486", "language": "zh", "text": "一", "client_id": "r1"}
        token = {"Authorization": f"Bearer {sandbox.paper('voice_token')}"}
        url = f"{sandbox.base_url}/voice/v1/calls"
        number = httpx.post(url, json=call, headers=token, trust_env=False).json()["call_id"]
        first, second = merchant.wait(2)
        assert first.path == second.path == f"/notify/{sandbox.paper('notify_secret')}"
        told = f'{{"call_id":"{number}","client_id":"r1","status":"busy"}}'
        assert first.body.decode().replace(": ", ":").replace(", ", ",") == told
        assert second.body == first.body
