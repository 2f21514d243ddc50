"""UnionPay's gateway 5.1.0 on the wire: signatures by certificate, both ways.

Documented under "签名" and "验签": the fields but `signature`, sorted by name, joined as
`name=value&name=value`; their SHA-256 in small hexadecimal letters; that text signed by RSA with
SHA-256; the signature in base64. Answers and messages carry the signer's certificate.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.unionpay_papers import OWN_NAME, UnionPayPapers, issue


def is_the_merchants(papers: UnionPayPapers, fields: Mapping[str, str]) -> bool:
    """Whether the merchant signed these fields, with the certificate that `certId` names."""
    if fields.get("certId") != papers.serial:
        return False
    try:
        raw = base64.b64decode(fields.get("signature", ""), validate=True)
        papers.merchant_key.verify(raw, _digest(fields), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def signed(papers: UnionPayPapers, fields: Mapping[str, str]) -> dict[str, str]:
    """Fields of an answer or a message, with certificate and signature."""
    return _signed(papers.own_key, papers.own_certificate, fields)


def forged(fields: Mapping[str, str]) -> dict[str, str]:
    """The same fields, signed by a stranger who has made a certificate of the same name."""
    key, certificate = _stranger()
    return _signed(key, certificate, fields)


def text_of(fields: Mapping[str, str]) -> str:
    """An answer to a call: `name=value` joined by `&`, nothing escaped."""
    return "&".join(f"{name}={value}" for name, value in fields.items())


def _signed(key: RSAPrivateKey, certificate: str, fields: Mapping[str, str]) -> dict[str, str]:
    whole = dict(fields) | {"signPubKeyCert": certificate}
    raw = key.sign(_digest(whole), PKCS1v15(), SHA256())
    return whole | {"signature": base64.b64encode(raw).decode()}


def _digest(fields: Mapping[str, str]) -> bytes:
    names = sorted(set(fields) - {"signature"})
    joined = "&".join(f"{name}={fields[name]}" for name in names)
    return sha256(joined.encode()).hexdigest().encode()


@cache
def _stranger() -> tuple[RSAPrivateKey, str]:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key, issue(OWN_NAME, key, None).strip().replace("\n", "\r\n")
