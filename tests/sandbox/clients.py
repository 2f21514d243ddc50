"""The real client libraries, pointed at the sandbox with the papers it has made."""

import base64
import json
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
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


class UnionPayClient:
    """A merchant who signs as UnionPay's documentation says, with the papers of the sandbox."""

    def __init__(self, sandbox: SandboxServer, notify_url: str) -> None:
        self._sandbox = sandbox
        self._notify_url = notify_url
        paper = sandbox.paper("unionpay_private_key").encode()
        self._key: Any = load_pem_private_key(paper, None)
        self._serial = str(self._certificate("unionpay_certificate").serial_number)

    def _certificate(self, name: str) -> Certificate:
        return load_pem_x509_certificate(self._sandbox.paper(name).encode())

    def consumption(self, order_no: str, **change: str) -> dict[str, str]:
        """The signed fields of the form for a cashier."""
        return self.signed(
            {
                "txnType": "01",
                "txnSubType": "01",
                "bizType": "000201",
                "channelType": "07",
                "orderId": order_no,
                "txnTime": order_no[:14],
                "txnAmt": "14951",
                "currencyCode": "156",
                "frontUrl": "http://127.0.0.1:8000/front",
                "backUrl": self._notify_url,
                "frontFailUrl": "http://127.0.0.1:8000/pay",
            }
            | change
        )

    def refund(self, refund_no: str, query_id: str, fen: int, **change: str) -> dict[str, str]:
        """The signed fields of a refund."""
        return self.signed(
            {
                "txnType": "04",
                "txnSubType": "00",
                "bizType": "000201",
                "channelType": "07",
                "orderId": refund_no,
                "txnTime": wall_digits(),
                "txnAmt": str(fen),
                "origQryId": query_id,
                "backUrl": self._notify_url,
            }
            | change
        )

    def question(self, number: str, second: str) -> dict[str, str]:
        fields = {"txnType": "00", "txnSubType": "00", "bizType": "000000"}
        return self.signed(fields | {"orderId": number, "txnTime": second})

    def signed(self, fields: dict[str, str]) -> dict[str, str]:
        common = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "accessType": "0",
            "merId": self._sandbox.paper("unionpay_merid"),
            "certId": self._serial,
        }
        whole = common | fields
        raw = self._key.sign(_digest(whole), PKCS1v15(), SHA256())
        return whole | {"signature": base64.b64encode(raw).decode()}

    def call(self, name: str, fields: dict[str, str]) -> dict[str, str]:
        """The verified answer of `queryTrans`, `backTransReq`."""
        url = f"{self._sandbox.base_url}/gateway/api/{name}.do"
        response = httpx.post(url, data=fields, trust_env=False)
        assert response.status_code == httpx.codes.OK
        pairs = (each.partition("=") for each in response.text.split("&"))
        return self.verified({name: value for name, _, value in pairs})

    def verified(self, fields: dict[str, str]) -> dict[str, str]:
        """Fields that UnionPay has signed, by a certificate of its chain. Raises when not."""
        certificate = load_pem_x509_certificate(fields["signPubKeyCert"].encode())
        middle = self._certificate("unionpay_middle_certificate")
        certificate.verify_directly_issued_by(middle)
        middle.verify_directly_issued_by(self._certificate("unionpay_root_certificate"))
        key: Any = certificate.public_key()
        key.verify(base64.b64decode(fields["signature"]), _digest(fields), PKCS1v15(), SHA256())
        return fields


def wall_digits() -> str:
    """Now by the clock of Beijing, as UnionPay writes it."""
    return datetime.now(timezone(timedelta(hours=8))).strftime("%Y%m%d%H%M%S")


def _digest(fields: dict[str, str]) -> bytes:
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return sha256(text.encode()).hexdigest().encode()
