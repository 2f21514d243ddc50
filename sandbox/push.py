"""A push service: browsers made by a tester, messages taken and opened as a browser would.

RFC 8030 (messages, TTL, topic, urgency), RFC 8292 (who sends, VAPID) and RFC 8291 (what is
inside, aes128gcm), written with `cryptography` alone.
"""

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from flask import Blueprint, Response, render_template, request

from sandbox import box, clock, conditions, messages
from sandbox.json_answers import in_json

push = Blueprint("push", __name__)

CURVE = ec.SECP256R1()
LONGEST = 4096
DAY = 86_400
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
URGENCIES = ("very-low", "low", "normal", "high")


class NotTakenError(Exception):
    """The push service does not take a message: HTTP status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True)
class Browser:
    """A subscription with what only the browser knows."""

    private: ec.EllipticCurvePrivateKey
    auth: bytes

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@push.errorhandler(NotTakenError)
def explain(no: NotTakenError) -> Response:
    return in_json({"error": str(no)}, no.status)


@push.post("/push/<token>")
def take(token: str) -> Response:
    """A message for one browser."""
    if box.current().faults.refuses("push"):
        return Response(status=503)
    browser = _browser(token)
    sender = _sender()
    content = {"sender": sender, **_headers(), "told": json.loads(_opened(browser))}
    topic = content["topic"] or secrets.token_hex(8)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    with box.current().store.transaction() as db:
        row = messages.keep(db, "push", token, f"{token} {topic}", text)
    box.current().faults.lose("push")
    headers = {"Location": f"{request.host_url}push/messages/{row['message_id']}"}
    return Response(status=201, headers=headers)


@push.post("/test/push/subscription")
def subscribe() -> Response:
    """A browser that wants to be reminded; what its script would hand over."""
    private, auth, token = ec.generate_private_key(CURVE), secrets.token_bytes(16), _token()
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    kept = json.dumps({"private": _coded(der), "auth": _coded(auth)})
    with box.current().store.transaction() as db:
        conditions.put(db, f"push:{token}", kept)
    keys = {"p256dh": _coded(Browser(private, auth).public), "auth": _coded(auth)}
    return in_json({"endpoint": f"{request.host_url}push/{token}", "keys": keys})


@push.delete("/test/push/subscription/<token>")
def forget(token: str) -> Response:
    """The browser has taken it back: 410 from now on."""
    with box.current().store.transaction() as db:
        conditions.put(db, f"push:{token}", "gone")
    return in_json({"gone": token})


@push.get("/test/push")
def shown() -> Response:
    """What browsers were told, opened, the newest first."""
    with box.current().store.reading() as db:
        found = messages.latest(db, "push", request.args.get("to"))
    return in_json({"messages": [each.shown() for each in found]})


@push.get("/push")
def page() -> str:
    """The same to look at."""
    with box.current().store.reading() as db:
        found = messages.latest(db, "push", None)
    return render_template("reminders.html", messages=found)


def _browser(token: str) -> Browser:
    with box.current().store.reading() as db:
        kept = conditions.get(db, f"push:{token}")
    if kept is None:
        raise NotTakenError(404, "no such subscription")
    if kept == "gone":
        raise NotTakenError(410, "the subscription has ended")
    told = json.loads(kept)
    private = load_der_private_key(_plain(told["private"]), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)  # noqa: S101 - made above
    return Browser(private, _plain(told["auth"]))


def _headers() -> dict[str, Any]:
    given = request.headers
    if not given.get("TTL", "").isdigit():
        raise NotTakenError(400, "TTL is missing")
    topic, urgency = given.get("Topic", ""), given.get("Urgency", "normal")
    if topic and not TOPIC.fullmatch(topic):
        raise NotTakenError(400, "Topic is malformed")
    if urgency not in URGENCIES:
        raise NotTakenError(400, "Urgency is malformed")
    return {"ttl": int(given["TTL"]), "topic": topic, "urgency": urgency}


def _sender() -> str:
    """Who sends, by the token and the key that RFC 8292 puts into one header."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    parts = dict(each.strip().partition("=")[::2] for each in rest.split(","))
    if scheme != "vapid" or not {"t", "k"} <= parts.keys():
        raise NotTakenError(401, "VAPID is missing")
    try:
        return _proven(parts["t"], parts["k"])
    except (ValueError, InvalidSignature, KeyError, TypeError) as no:
        raise NotTakenError(403, f"VAPID does not hold: {no}") from no


def _proven(token: str, key: str) -> str:
    """`sub` of a token that this key has signed, for us, for now."""
    head, claims, signature = token.split(".")
    if json.loads(_plain(head))["alg"] != "ES256":
        raise ValueError("alg")
    raw = _plain(signature)
    pair = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, _plain(key))
    public.verify(encode_dss_signature(*pair), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    said = json.loads(_plain(claims))
    if said["aud"] != f"{request.scheme}://{request.host}":
        raise ValueError("aud")
    if not clock.now() < said["exp"] <= clock.now() + DAY:
        raise ValueError("exp")
    if urlsplit(said["sub"]).scheme not in ("mailto", "https"):
        raise ValueError("sub")
    return str(said["sub"])


def _opened(browser: Browser) -> bytes:
    """The body as the browser reads it: one record of aes128gcm."""
    body = request.get_data()
    if request.headers.get("Content-Encoding") != "aes128gcm":
        raise NotTakenError(415, "Content-Encoding must be aes128gcm")
    if len(body) > LONGEST:
        raise NotTakenError(413, "too large")
    salt, theirs, sealed = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs)
        shared = browser.private.exchange(ec.ECDH(), public)
        both = browser.public + theirs
        key = _derived(browser.auth, shared, b"WebPush: info\0" + both, 32)
        cipher = AESGCM(_derived(salt, key, b"Content-Encoding: aes128gcm\0", 16))
        nonce = _derived(salt, key, b"Content-Encoding: nonce\0", 12)
        padded = cipher.decrypt(nonce, sealed, None).rstrip(b"\0")
    except (ValueError, InvalidTag, IndexError) as no:
        raise NotTakenError(400, "the browser could not open it") from no
    if not padded.endswith(b"\x02"):
        raise NotTakenError(400, "the last record is missing")
    return padded[:-1]


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


def _token() -> str:
    return secrets.token_urlsafe(48)


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _plain(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("base64") from error
