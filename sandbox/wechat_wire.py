"""WeChat Pay API v3 on the wire: signatures both ways and sealed notices.

Documented under "签名生成", "签名验证" and "证书和回调报文解密" of the merchant documentation.
"""

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from functools import cache
from sqlite3 import Connection
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox import clock
from sandbox.numbers import letters_and_digits
from sandbox.papers import WeChatPapers

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = 300.0
"""Seconds by which a merchant's stamp may differ from the gateway's clock."""

KINDS = {
    "transaction": ("TRANSACTION.SUCCESS", "支付成功", "transaction"),
    "failed": ("TRANSACTION.FAIL", "支付失败", "transaction"),
    "refund_closed": ("REFUND.CLOSED", "退款关闭", "refund"),
    "refund_abnormal": ("REFUND.ABNORMAL", "退款异常", "refund"),
    "refund": ("REFUND.SUCCESS", "退款成功", "refund"),
    "signed": ("ENTRUST.SIGN", "委托代扣签约通知", "entrust"),
    "ended": ("ENTRUST.TERMINATE", "委托代扣解约通知", "entrust"),
}
"""What notices tell: event, summary, type of what is sealed in them."""

_PART = re.compile(r'([a-z_]+)="([^"]*)"')
_PARTS = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")


class SignError(Exception):
    """The Authorization header does not prove that the merchant sent this; says why."""


@dataclass(frozen=True)
class Call:
    """What a signature covers: method, path with query as sent, body as sent."""

    method: str
    target: str
    body: bytes


def check_authorization(call: Call, header: str, papers: WeChatPapers, now: float) -> str:
    """The nonce of a request that the merchant has signed. Raises SignError."""
    parts = _parts(header)
    if parts["mchid"] != papers.mchid:
        raise SignError("the merchant is unknown")
    if parts["serial_no"] != papers.serial:
        raise SignError("the certificate serial number is not the merchant's")
    stamp = parts["timestamp"]
    if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII) or abs(now - int(stamp)) > WINDOW:
        raise SignError("the timestamp is off by more than 300 seconds")
    if not 1 <= len(parts["nonce_str"]) <= 64:
        raise SignError("the nonce is missing or too long")
    head = f"{call.method}\n{call.target}\n{stamp}\n{parts['nonce_str']}\n".encode()
    _verify(papers, head + call.body + b"\n", parts["signature"])
    return parts["nonce_str"]


def use_nonce(db: Connection, nonce: str, now: float) -> None:
    """A nonce counts once while its stamp could still be fresh. Raises SignError."""
    db.execute("delete from nonce where used_at < ?", (now - 2 * WINDOW,))
    stored = db.execute("insert or ignore into nonce (nonce, used_at) values (?, ?)", (nonce, now))
    if stored.rowcount != 1:
        raise SignError("the nonce was used before")


def _parts(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME:
        raise SignError(f"the Authorization scheme must be {SCHEME}")
    found = _PART.findall(rest)
    if ",".join(f'{name}="{value}"' for name, value in found) != rest.replace(" ", ""):
        raise SignError("the Authorization header is malformed")
    if sorted(name for name, _ in found) != sorted(_PARTS):
        raise SignError("the Authorization header needs each of its five parts once")
    return dict(found)


def _verify(papers: WeChatPapers, message: bytes, signature: str) -> None:
    try:
        raw = base64.b64decode(signature, validate=True)
        papers.merchant_key.verify(raw, message, PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise SignError("the signature does not fit the request") from error


def signed_headers(papers: WeChatPapers, body: bytes, stamp: float) -> dict[str, str]:
    """The headers that prove an answer or a notice to come from the gateway."""
    return _headers(papers, papers.own_key, body, stamp)


def forged_headers(papers: WeChatPapers, body: bytes, stamp: float) -> dict[str, str]:
    """The same headers, signed with a key that is not the gateway's."""
    return _headers(papers, _stranger(), body, stamp)


def _headers(papers: WeChatPapers, key: RSAPrivateKey, body: bytes, stamp: float) -> dict[str, str]:
    nonce, seconds = secrets.token_hex(16), str(int(stamp))
    message = f"{seconds}\n{nonce}\n".encode() + body + b"\n"
    signature = key.sign(message, PKCS1v15(), SHA256())
    return {
        "Wechatpay-Timestamp": seconds,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": papers.public_key_id,
        "Wechatpay-Signature": base64.b64encode(signature).decode(),
        "Wechatpay-Signature-Type": SCHEME,
    }


@cache
def _stranger() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def notice_body(
    papers: WeChatPapers, number: str, created_at: float, kind: str, content: dict[str, Any]
) -> bytes:
    """A notice of `kind` (see `KINDS`) with its content sealed by AES-256-GCM."""
    event, summary, original = KINDS[kind]
    message = {
        "id": number,
        "create_time": clock.rfc3339(created_at),
        "resource_type": "encrypt-resource",
        "event_type": event,
        "summary": summary,
        "resource": _sealed(papers.apiv3_key, original, content),
    }
    return json.dumps(message, ensure_ascii=False).encode()


def _sealed(key: bytes, kind: str, content: dict[str, Any]) -> dict[str, str]:
    nonce = letters_and_digits(12)
    plain = json.dumps(content, ensure_ascii=False).encode()
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, kind.encode())
    return {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": kind,
        "nonce": nonce,
    }
