"""Browsers at the sandbox's push service, for tests."""

from typing import Any

import httpx
import msgspec

from notifications.channels.subscribing import Subscription
from notifications.settings import WebPushSettings
from runtime.secrets import signing_key
from runtime.settings import load
from tests.sandbox.server import SandboxServer


def settings(sandbox: SandboxServer, **told: Any) -> WebPushSettings:
    known = {"vapid_key": signing_key(), "push_sandbox": sandbox.base_url}
    return load(WebPushSettings, **(known | told))


def browser(sandbox: SandboxServer) -> Subscription:
    """A new one, as its script hands it over."""
    url = f"{sandbox.base_url}/test/push/subscription"
    return msgspec.json.decode(httpx.post(url, trust_env=False).content, type=Subscription)


def forgotten(sandbox: SandboxServer, subscription: Subscription) -> None:
    """The browser takes it back."""
    token = subscription.endpoint.rpartition("/")[2]
    url = f"{sandbox.base_url}/test/push/subscription/{token}"
    httpx.delete(url, trust_env=False).raise_for_status()


def told(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """What browsers were told, the newest first."""
    url = f"{sandbox.base_url}/test/push"
    found: list[dict[str, Any]] = httpx.get(url, trust_env=False).json()["messages"]
    return found
