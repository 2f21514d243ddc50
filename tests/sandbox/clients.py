"""The real client libraries, pointed at the sandbox with the papers it has made."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.sandbox.server import SandboxServer


def wechat_client(sandbox: SandboxServer, notify_url: str) -> WeChatPay:
    client = WeChatPay(
        WeChatPayType.NATIVE,
        mchid=sandbox.paper("wechatpay_mchid"),
        private_key=sandbox.paper("wechatpay_private_key"),
        cert_serial_no=sandbox.paper("wechatpay_serial"),
        appid=sandbox.paper("wechatpay_appid"),
        apiv3_key=sandbox.paper("wechatpay_apiv3_key"),
        public_key=sandbox.paper("wechatpay_public_key"),
        public_key_id=sandbox.paper("wechatpay_public_key_id"),
        notify_url=notify_url,
        proxy={"http": "", "https": ""},
        timeout=(5, 5),
    )
    client._core._gate_way = sandbox.base_url
    return client


class AlipayClient:
    """The library builds, signs and verifies; httpx sends, since the library knows no ports."""

    def __init__(self, sandbox: SandboxServer) -> None:
        self._sandbox = sandbox
        config = AlipayClientConfig()
        config.server_url = f"{sandbox.base_url}/gateway.do"
        config.app_id = sandbox.paper("alipay_appid")
        config.app_private_key = sandbox.paper("alipay_private_key")
        config.alipay_public_key = sandbox.paper("alipay_public_key")
        self._library = DefaultAlipayClient(config)

    def page(self, request: Any) -> str:
        """The address of a cashier."""
        return str(self._library.page_execute(request, http_method="GET"))

    def form(self, request: Any) -> str:
        """The page with a form that leads to a cashier."""
        return str(self._library.page_execute(request, http_method="POST"))

    def signed(self, request: Any) -> dict[str, str]:
        """All parameters of a call."""
        return dict(parse_qsl(self._library.sdk_execute(request)))

    def call(self, request: Any) -> dict[str, Any]:
        """The answer of a call from server to server, verified by the library."""
        return self.send(self.signed(request))

    def send(self, parameters: dict[str, str]) -> dict[str, Any]:
        """The verified answer to parameters as they are."""
        url = f"{self._sandbox.base_url}/gateway.do"
        response = httpx.post(url, data=parameters, trust_env=False)
        assert response.status_code == httpx.codes.OK, response.text
        parse = self._library._DefaultAlipayClient__parse_response
        content: dict[str, Any] = json.loads(parse(response.content))
        return content

    def verified(self, fields: dict[str, str]) -> dict[str, str]:
        """Fields of a callback or of the way back. Raises rsa.VerificationError."""
        plain = dict(fields)
        signature = plain.pop("sign")
        assert plain.pop("sign_type") == "RSA2"
        verify_with_rsa(
            self._sandbox.paper("alipay_public_key"),
            get_sign_content(plain).encode(),
            signature,
        )
        return plain

    def verified_address(self, url: str) -> dict[str, str]:
        return self.verified(dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)))
