"""Hand-made requests: what a client library would never send."""

import base64
import json
import time
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.sandbox.server import SandboxServer

PATH = "/v3/pay/transactions/native"


@dataclass(frozen=True)
class Signed:
    """An Authorization header in parts; each can be put out of joint."""

    mchid: str
    serial_no: str
    timestamp: str
    nonce_str: str = "A1B2C3D4"
    scheme: str = "WECHATPAY2-SHA256-RSA2048"
    method: str = "POST"
    path: str = PATH

    def header(self, pem: str, body: bytes) -> str:
        lines = (self.method, self.path, self.timestamp, self.nonce_str)
        message = "".join(f"{line}\n" for line in lines).encode() + body + b"\n"
        key: Any = load_pem_private_key(pem.encode(), None)
        signature = base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()
        return (
            f'{self.scheme} mchid="{self.mchid}",nonce_str="{self.nonce_str}",'
            f'signature="{signature}",timestamp="{self.timestamp}",serial_no="{self.serial_no}"'
        )


@pytest.fixture
def signed(sandbox: SandboxServer) -> Signed:
    return Signed(
        sandbox.paper("wechatpay_mchid"), sandbox.paper("wechatpay_serial"), str(int(time.time()))
    )


@pytest.fixture
def body(sandbox: SandboxServer) -> bytes:
    return json.dumps(
        {
            "mchid": sandbox.paper("wechatpay_mchid"),
            "appid": sandbox.paper("wechatpay_appid"),
            "out_trade_no": "DH20260301000001",
            "description": "电费",
            "amount": {"total": 1},
            "notify_url": "http://127.0.0.1:9/notify",
        },
        ensure_ascii=False,
    ).encode()


def post(sandbox: SandboxServer, header: str, body: bytes, path: str = PATH) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Authorization": header}
    return httpx.post(f"{sandbox.base_url}{path}", headers=headers, content=body, trust_env=False)


def refused(sandbox: SandboxServer, response: httpx.Response, words: str) -> None:
    assert (response.status_code, response.json()["code"]) == (401, "SIGN_ERROR")
    assert words in response.json()["message"]
    assert sandbox.orders() == []


def test_a_request_signed_by_hand_is_taken_and_its_answer_is_signed(
    sandbox: SandboxServer, signed: Signed, body: bytes
) -> None:
    response = post(sandbox, signed.header(sandbox.paper("wechatpay_private_key"), body), body)
    assert response.status_code == 200
    check_answer(sandbox, response)


def check_answer(sandbox: SandboxServer, response: httpx.Response) -> None:
    """Raises InvalidSignature unless the gateway's published key has signed the answer."""
    said = response.headers
    assert said["Wechatpay-Serial"] == sandbox.paper("wechatpay_public_key_id")
    assert abs(int(said["Wechatpay-Timestamp"]) - time.time()) < 60
    message = f"{said['Wechatpay-Timestamp']}\n{said['Wechatpay-Nonce']}\n{response.text}\n"
    key: Any = load_pem_public_key(sandbox.paper("wechatpay_public_key").encode())
    key.verify(
        base64.b64decode(said["Wechatpay-Signature"]), message.encode(), PKCS1v15(), SHA256()
    )


def test_refusals_are_signed_too(sandbox: SandboxServer, body: bytes) -> None:
    response = post(sandbox, "", body)
    refused(sandbox, response, "scheme")
    check_answer(sandbox, response)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mchid": "1900000000"}, "merchant is unknown"),
        ({"serial_no": "0" * 40}, "serial number"),
        ({"timestamp": str(int(time.time()) - 400)}, "300 seconds"),
        ({"timestamp": str(int(time.time()) + 4000)}, "300 seconds"),
        ({"timestamp": "now"}, "300 seconds"),
        ({"timestamp": "-5"}, "300 seconds"),
        ({"nonce_str": ""}, "nonce"),
        ({"nonce_str": "n" * 65}, "nonce"),
        ({"scheme": "WECHATPAY2-SHA256-RSA1024"}, "scheme"),
        ({"method": "GET"}, "does not fit"),
        ({"path": f"{PATH}?a=b"}, "does not fit"),
    ],
)
def test_a_header_out_of_joint_is_refused(
    sandbox: SandboxServer, signed: Signed, body: bytes, change: dict[str, str], words: str
) -> None:
    header = replace(signed, **change).header(sandbox.paper("wechatpay_private_key"), body)
    refused(sandbox, post(sandbox, header, body), words)


def test_another_body_or_another_key_does_not_fit(
    sandbox: SandboxServer, signed: Signed, body: bytes
) -> None:
    header = signed.header(sandbox.paper("wechatpay_private_key"), body)
    dearer = body.replace(b'"total": 1', b'"total": 2')
    refused(sandbox, post(sandbox, header, dearer), "does not fit")
    stranger = (sandbox.secrets / "gateway" / "wechatpay_private_key.pem").read_text()
    refused(sandbox, post(sandbox, signed.header(stranger, body), body), "does not fit")


def test_parts_given_twice_missing_or_added_are_refused(
    sandbox: SandboxServer, signed: Signed, body: bytes
) -> None:
    header = signed.header(sandbox.paper("wechatpay_private_key"), body)
    refused(sandbox, post(sandbox, f'{header},mchid="{signed.mchid}"', body), "each of its five")
    refused(sandbox, post(sandbox, f"{header},x=y", body), "malformed")
    without = header.replace(f'timestamp="{signed.timestamp}",', "")
    refused(sandbox, post(sandbox, without, body), "each of its five")


def test_a_nonce_counts_once(sandbox: SandboxServer, signed: Signed, body: bytes) -> None:
    header = signed.header(sandbox.paper("wechatpay_private_key"), body)
    assert post(sandbox, header, body).status_code == 200
    again = post(sandbox, header, body)
    assert (again.status_code, again.json()["code"]) == (401, "SIGN_ERROR")
    assert "used before" in again.json()["message"]


@pytest.mark.parametrize("broken", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(
    sandbox: SandboxServer, signed: Signed, broken: bytes
) -> None:
    header = signed.header(sandbox.paper("wechatpay_private_key"), broken)
    response = post(sandbox, header, broken)
    assert (response.status_code, response.json()["code"]) == (400, "PARAM_ERROR")


def test_an_unknown_product_is_not_found(
    sandbox: SandboxServer, signed: Signed, body: bytes
) -> None:
    path = "/v3/pay/transactions/app"
    header = replace(signed, path=path).header(sandbox.paper("wechatpay_private_key"), body)
    response = post(sandbox, header, body, path)
    assert (response.status_code, response.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
