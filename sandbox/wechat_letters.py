"""Letters of a service account in WeChat's safe mode: XML, encrypted and signed.

AES-256-CBC with a padding to 32 bytes over: 16 random bytes, the length (4 bytes, big end first),
the XML, the appid. The signature is SHA-1 over token, timestamp, nonce and cipher text, sorted.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml import ElementTree

from sandbox import clock

PAD = 32


class LetterError(Exception):
    """A letter is not from the account, or cannot be read."""


@dataclass(frozen=True)
class AccountPapers:
    """What WeChat and the service account know each other by."""

    appid: str
    secret: str
    token: str
    aes_key: str


@dataclass(frozen=True)
class Sealed:
    """The query and the body that WeChat posts to the account's address."""

    query: dict[str, str]
    body: str


def text_xml(to: str, sender: str, fields: dict[str, str]) -> str:
    """A message of somebody, with what its kind has besides."""
    known = {"ToUserName": to, "FromUserName": sender, "CreateTime": str(int(clock.now()))}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (known | fields).items())
    return f"<xml>{inner}</xml>"


def seal(papers: AccountPapers, xml: str) -> Sealed:
    """What is sent for a message."""
    stamp, nonce = str(int(clock.now())), secrets.token_hex(5)
    encrypted = encrypt(papers, xml)
    query = {
        "signature": sign(papers.token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        "encrypt_type": "aes",
        "msg_signature": sign(papers.token, stamp, nonce, encrypted),
    }
    return Sealed(query, f"<xml><ToUserName>gh</ToUserName><Encrypt>{encrypted}</Encrypt></xml>")


def open_answer(papers: AccountPapers, body: str) -> str:
    """The text of the account's answer; empty for `success`. Raises LetterError."""
    if body.strip() in ("", "success"):
        return ""
    try:
        sealed = ElementTree.fromstring(body)
        parts = [sealed.findtext(name, "") for name in ("TimeStamp", "Nonce", "Encrypt")]
        if not hmac.compare_digest(
            sign(papers.token, *parts), sealed.findtext("MsgSignature", "").strip()
        ):
            raise LetterError("the answer is signed wrongly")
        text: str = ElementTree.fromstring(decrypt(papers, parts[2])).findtext("Content", "")
    except (ElementTree.ParseError, ValueError, struct.error) as error:
        raise LetterError(f"the answer cannot be read: {error}") from error
    return text


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 - WeChat's own


def encrypt(papers: AccountPapers, xml: str) -> str:
    content = xml.encode()
    length = struct.pack(">I", len(content))
    plain = secrets.token_bytes(16) + length + content + papers.appid.encode()
    fill = PAD - len(plain) % PAD
    cipher = _cipher(papers).encryptor()
    return base64.b64encode(
        cipher.update(plain + bytes([fill]) * fill) + cipher.finalize()
    ).decode()


def decrypt(papers: AccountPapers, encrypted: str) -> str:
    """Raises ValueError, struct.error and LetterError."""
    cipher = _cipher(papers).decryptor()
    plain = cipher.update(base64.b64decode(encrypted)) + cipher.finalize()
    content = plain[16 : -plain[-1]]
    (length,) = struct.unpack(">I", content[:4])
    if content[4 + length :].decode() != papers.appid:
        raise LetterError("the answer is for another account")
    return content[4 : 4 + length].decode()


def _cipher(papers: AccountPapers) -> Cipher[modes.CBC]:
    key = base64.b64decode(papers.aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
