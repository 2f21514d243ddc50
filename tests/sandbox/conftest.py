"""A merchant for each test, and the clients by which it talks to the sandbox."""

from collections.abc import Iterator

import pytest
from wechatpayv3 import WeChatPay

from tests.sandbox.clients import AlipayClient, wechat_client
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer


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
