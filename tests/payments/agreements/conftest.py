"""A customer with an agreement, gateways that can debit, and a clock that stands still."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from payments.agreements import offered as offering
from payments.agreements.base import AgreementGateway, Signing
from payments.settings import PaymentSettings
from tests.sandbox.server import SandboxServer

CODE = "aB3" + "0" * 29


@dataclass
class Wallets:
    """What customers do in their wallets, by the sandbox's hooks."""

    sandbox: SandboxServer

    def agree(self, address: str, mode: str = "sign") -> dict[str, Any]:
        """Open the signing page as a browser would, and press a button."""
        self.sandbox.open(address)
        newest = self.all()[0]
        return self.do(newest["code"], mode)

    def do(self, code: str, mode: str) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.sandbox.base_url}/test/agreements",
            json={"code": code, "mode": mode},
            trust_env=False,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["agreement"]
        return found

    def all(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.sandbox.base_url}/test/agreements", trust_env=False)
        found: list[dict[str, Any]] = answer.json()["agreements"]
        return found

    def fail(self, channel: str, order_no: str) -> None:
        httpx.post(
            f"{self.sandbox.base_url}/test/debits/fail",
            json={"channel": channel, "out_trade_no": order_no},
            trust_env=False,
        ).raise_for_status()


@pytest.fixture
def wallets(sandbox: SandboxServer) -> Wallets:
    return Wallets(sandbox)


@pytest.fixture
def allowed(sandbox_settings: PaymentSettings) -> Iterator[dict[str, AgreementGateway]]:
    """Both gateways' agreements, at the sandbox."""
    allowed = offering.from_settings(sandbox_settings)
    yield allowed
    allowed["alipay"]._wire.close()  # type: ignore[attr-defined]


def signing(notify_url: str, **change: Any) -> Signing:
    given: dict[str, Any] = {
        "code": CODE,
        "title": "户号尾号 5603 电费",
        "notify_url": notify_url,
        "return_url": "http://127.0.0.1:8000/agreements/back",
        "on_a_phone": False,
    }
    return Signing(**given | change)
