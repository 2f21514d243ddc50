"""Columns that only this installation can read, and the index by which they are found.

Text is sealed with AES-256-GCM under a fresh nonce. The sealed bytes begin with the id of
their key, so that a new key can be put first in the ring while old rows stay readable; the
context (`account.phone`) is authenticated with them, so that a value cannot be moved to
another column. A blind index is a keyed hash of the normalised text: equal texts have equal
indexes, and nothing else can be learned from them without the key.
"""

import base64
import binascii
import hmac
import os
import re
import unicodedata
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from runtime.settings import CryptoSettings, Settings, SettingsError, load

FORMAT = 1
NONCE_BYTES = 12
KEY_BYTES = 32
_MOBILE = re.compile(r"(?:\+|00)?86(1[3-9]\d{9})", re.ASCII)


class Undecipherable(Exception):  # noqa: N818
    """The bytes were not sealed by a key of this ring for this context, or were altered."""


class KeyRing:
    """Keys by id, the first being the one that seals, and the key of the blind index."""

    def __init__(self, keys: dict[str, bytes], blind_index_key: bytes) -> None:
        if not keys:
            raise ValueError("A key ring needs at least one key.")
        self.current = next(iter(keys))
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._blind_index_key = blind_index_key

    @classmethod
    def from_settings(cls, settings: Settings) -> "KeyRing":
        """The ring named by the settings. Raises SettingsError, which never shows a key."""
        if not isinstance(settings, CryptoSettings):
            settings = load(CryptoSettings, var=settings.var)
        return cls(
            _parse_ring(settings.encryption_keys.get_secret_value()),
            _parse_key(settings.blind_index_key.get_secret_value(), "DENGHUO_BLIND_INDEX_KEY"),
        )

    def encrypt(self, text: str, context: str) -> bytes:
        """Seal `text` for `context` under the current key."""
        name = self.current.encode("ascii")
        header = bytes((FORMAT, len(name))) + name
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), _bound(header, context))
        return header + nonce + sealed

    def decrypt(self, sealed: bytes, context: str) -> str:
        """The text sealed for `context`. Raises Undecipherable."""
        name, header, rest = _split(bytes(sealed))
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise Undecipherable(f"no key with the id {name!r} is in the ring")
        nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, body, _bound(header, context)).decode()
        except (InvalidTag, ValueError) as error:
            raise Undecipherable(f"the value does not belong to {context}") from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` is under the key that seals today."""
        return _split(bytes(sealed))[0] == self.current

    def reencrypt(self, sealed: bytes, context: str) -> bytes:
        """The same text under the current key; the same bytes when they already are."""
        return (
            sealed
            if self.is_current(sealed)
            else self.encrypt(self.decrypt(sealed, context), context)
        )

    def blind_index(self, text: str, context: str) -> bytes:
        """32 bytes by which the text is found in the column `context`."""
        message = context.encode() + b"\0" + normalise(text).encode()
        return hmac.digest(self._blind_index_key, message, sha256)


def normalise(text: str) -> str:
    """One spelling for what people write in many.

    Full-width forms become plain, blanks and hyphens go, letters are upper case (the X of a
    resident ID), and a mobile number loses its country code.
    """
    plain = re.sub(r"[\s\-‐-―()]", "", unicodedata.normalize("NFKC", text)).upper()
    mobile = _MOBILE.fullmatch(plain)
    return mobile[1] if mobile else plain


_ring: KeyRing | None = None


def use_keys(ring: KeyRing) -> None:
    """Set the ring that encrypted columns of this process use."""
    global _ring
    _ring = ring


def keys() -> KeyRing:
    """The ring in use. Raises SettingsError when the process never named one."""
    if _ring is None:
        raise SettingsError("No key ring is in use: call use_keys() where the process starts.")
    return _ring


def blind_index(text: str, context: str) -> bytes:
    """32 bytes by which `text` is found in the column `context`, with the ring in use."""
    return keys().blind_index(text, context)


class EncryptedText(TypeDecorator[str]):
    """A column that is text in Python and sealed bytes in the database."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keys().encrypt(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else keys().decrypt(value, self.context)


def _bound(header: bytes, context: str) -> bytes:
    return header + b"\0" + context.encode()


def _split(sealed: bytes) -> tuple[str, bytes, bytes]:
    """Key id, header and the rest of sealed bytes."""
    if len(sealed) < 2 or sealed[0] != FORMAT:
        raise Undecipherable("the bytes are in no known form")
    end = 2 + sealed[1]
    return sealed[2:end].decode("ascii", "replace"), sealed[:end], sealed[end:]


def _parse_ring(text: str) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for entry in text.split(","):
        name, parted, encoded = entry.strip().partition(":")
        if not parted or not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", name) or name in ring:
            raise SettingsError(
                "DENGHUO_ENCRYPTION_KEYS is malformed: write it as `id:base64 of 32 bytes`, "
                "parted by commas, each id once."
            )
        ring[name] = _parse_key(encoded, "DENGHUO_ENCRYPTION_KEYS")
    return ring


def _parse_key(encoded: str, variable: str) -> bytes:
    try:
        key = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{variable} is malformed: a key is 32 bytes in base64.")
    return key
