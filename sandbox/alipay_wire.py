"""Alipay's open gateway on the wire: RSA2 signatures of requests, answers and notices.

Documented under "自行实现签名", "自行实现验签" and "异步通知说明".
"""

import base64
import binascii
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.papers import AlipayPapers


def request_is_signed(papers: AlipayPapers, parameters: Mapping[str, str]) -> bool:
    """Whether the merchant signed these parameters: all but `sign` and empty ones count."""
    signature = parameters.get("sign", "")
    covered = {name: value for name, value in parameters.items() if name != "sign" and value}
    try:
        raw = base64.b64decode(signature, validate=True)
        papers.merchant_key.verify(raw, _joined(covered), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def answer(papers: AlipayPapers, name: str, content: dict[str, Any]) -> str:
    """An answer whose signature covers the exact characters of the object called `name`."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f'{{"{name}":{text},"sign":"{_signature(papers.own_key, text.encode())}"}}'


def signed_form(papers: AlipayPapers, fields: Mapping[str, str]) -> dict[str, str]:
    """Fields of a notice or of the way back; `sign` and `sign_type` are not covered."""
    return _form(papers.own_key, fields)


def forged_form(fields: Mapping[str, str]) -> dict[str, str]:
    """The same fields, signed with a key that is not the gateway's."""
    return _form(_stranger(), fields)


def _form(key: RSAPrivateKey, fields: Mapping[str, str]) -> dict[str, str]:
    return dict(fields) | {"sign": _signature(key, _joined(fields)), "sign_type": "RSA2"}


def _joined(fields: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()


def _signature(key: RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


@cache
def _stranger() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)
