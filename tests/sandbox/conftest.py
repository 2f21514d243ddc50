"""One sandbox for the room's tests, forgetful between them; a merchant for each test."""

from collections.abc import Iterator

import pytest
from wechatpayv3 import WeChatPay

from tests.sandbox.clients import AlipayClient, wechat_client
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with Merchant() as merchant:
        yield merchant


@pytest.fixture
def wechat(sandbox: SandboxServer, merchant: Merchant) -> WeChatPay:
    return wechat_client(sandbox, merchant.url)


@pytest.fixture
def alipay(sandbox: SandboxServer) -> AlipayClient:
    return AlipayClient(sandbox)
