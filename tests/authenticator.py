"""A device with passkeys, in software: real keys and signatures, and every way to get them wrong.

Laid out as W3C Web Authentication, level 2, has it: 5.8.1 client data, 6.1 authenticator data,
6.5.1 attested credential data, 8.7 no attestation; keys as COSE (RFC 9053).
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
AAGUID = bytes(16)
ORIGIN, RP_ID = "http://localhost:8000", "localhost"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass
class Bent:
    """What a device or a page says that is not as it should be; None for the truth."""

    origin: str = ORIGIN
    rp_id: str = RP_ID
    kind: str | None = None
    challenge: bytes | None = None
    cross_origin: bool = False
    present: bool = True
    verified: bool = True
    count: int | None = None
    handle: bytes | None = None
    no_handle: bool = False
    key: PrivateKey | None = None
    public_key: bytes | None = None
    credential_id: bytes | None = None


@dataclass
class Device:
    """One passkey on one device; `counts` is whether it counts its signatures."""

    key: PrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    count: int = 0
    counts: bool = True

    def create(self, options: str, **wrong: Any) -> str:
        """The answer of `navigator.credentials.create()`."""
        asked, bent = json.loads(options), Bent(**wrong)
        self.handle = unpacked(asked["user"]["id"])
        identity = bent.credential_id or self.credential_id
        attested = AAGUID + len(identity).to_bytes(2) + identity
        attested += bent.public_key or cose(self.key)
        data = self._data(bent, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = client_data(bent, "webauthn.create", asked)
        response = {
            "clientDataJSON": packed(client),
            "attestationObject": packed(attestation),
            "transports": ["internal", "hybrid", "by pigeon"],
        }
        return answer(identity, response)

    def get(self, options: str, **wrong: Any) -> str:
        """The answer of `navigator.credentials.get()`."""
        asked, bent = json.loads(options), Bent(**wrong)
        self.count += self.counts
        data, client = self._data(bent), client_data(bent, "webauthn.get", asked)
        signed = data + hashlib.sha256(client).digest()
        response = {
            "clientDataJSON": packed(client),
            "authenticatorData": packed(data),
            "signature": packed(signature(bent.key or self.key, signed)),
        }
        if not bent.no_handle:
            response["userHandle"] = packed(bent.handle or self.handle)
        return answer(bent.credential_id or self.credential_id, response)

    def _data(self, bent: Bent, flags: int = 0) -> bytes:
        flags |= PRESENT * bent.present | VERIFIED * bent.verified
        count = self.count if bent.count is None else bent.count
        return hashlib.sha256(bent.rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4)


def client_data(bent: Bent, kind: str, asked: dict[str, Any]) -> bytes:
    challenge = asked["challenge"] if bent.challenge is None else packed(bent.challenge)
    said = {
        "type": bent.kind or kind,
        "challenge": challenge,
        "origin": bent.origin,
        "crossOrigin": bent.cross_origin,
    }
    return json.dumps(said).encode()


def answer(identity: bytes, response: dict[str, Any]) -> str:
    name = packed(identity)
    return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def cose(key: PrivateKey) -> bytes:
    """The public half, as an authenticator tells it."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return cbor2.dumps({1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)})
    return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})


def signature(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message)


def packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
