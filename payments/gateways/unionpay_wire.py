"""UnionPay's gateway (全渠道平台, version 5.1.0) on the wire: signed calls, verified messages.

What orders and statements share. Pages of the gateway's documentation: 签名, 验签证书, 应答码.
A message is a set of fields; its signature is RSA with SHA-256 over the hexadecimal SHA-256 of
all fields but `signature`, sorted, as `name=value` joined by `&`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from payments.gateways.base import GatewayRefused, GatewayUnavailable, NotificationRefused
from payments.gateways.posted import posted_fields
from payments.gateways.unionpay_certificates import SIGNER, TEST_SIGNER, Chain, Distrusted
from payments.settings import PaymentSettings, origin
from runtime import clock
from runtime.http import Outbound, OutboundError

NAME = "unionpay"
QUERY = "/gateway/api/queryTrans.do"
QUESTION = {"txnType": "00", "txnSubType": "00", "bizType": "000000"}
YUAN = "156"

ABSENT = "34"
"""Answer code: no such trade, or none that anybody has tried to pay."""

DONE = frozenset({"00", "A6"})
UNCERTAIN = frozenset({"03", "04", "05"})
"""Answer codes: the outcome is not known yet; it is to be asked for again."""

BUSY = frozenset({"02", "06", "37"})
"""Answer codes: closed for a while, busy, asked too often."""

REASONS = {"33": "not_enough", "39": "too_late", "63": "account_closed"}

REPEAT_WINDOW = timedelta(hours=26)
"""UnionPay repeats a message for some minutes; by hand within the day of the order."""

AHEAD_WINDOW = timedelta(seconds=300)

_STAMP = "%Y%m%d%H%M%S"
_FEN = re.compile(r"\d{1,12}", re.ASCII)
_DIGITS = re.compile(r"\d{14}", re.ASCII)
_BETWEEN_FIELDS = re.compile(r"&(?![^{]*\})")


class UnionPayWire:
    """Calls and messages of one merchant. Safe to share between threads."""

    def __init__(self, settings: PaymentSettings, *, repeats: bool = True) -> None:
        """Without `repeats` a call that fails is not tried again."""
        self.merchant = {"merId": settings.unionpay_merid or ""}
        self.gateway = settings.unionpay_gateway
        self._repeats = repeats
        secret = settings.unionpay_private_key
        self._key = _rsa_key(secret.get_secret_value() if secret else "")
        ours = load_pem_x509_certificate((settings.unionpay_certificate or "").encode())
        self._serial = str(ours.serial_number)
        names = {SIGNER} if settings.environment == "production" else {SIGNER, TEST_SIGNER}
        self._chain = Chain(
            settings.unionpay_root_certificate or "",
            settings.unionpay_middle_certificate or "",
            frozenset(names),
        )
        self._http = Outbound(origin(self.gateway), timeout=settings.gateway_timeout, name=NAME)

    def signed(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields with those common to all, the certificate's number and the signature."""
        whole = (
            dict(fields)
            | self.merchant
            | {
                "version": "5.1.0",
                "encoding": "UTF-8",
                "signMethod": "01",
                "accessType": "0",
                "certId": self._serial,
            }
        )
        signature = self._key.sign(digest(whole), PKCS1v15(), SHA256())
        return whole | {"signature": base64.b64encode(signature).decode()}

    def call(self, address: str, fields: Mapping[str, str]) -> dict[str, str]:
        """The verified answer of an address of the gateway. Raises GatewayUnavailable.

        Calls name an order or a refund by number and second, so repeats are harmless.
        """
        try:
            response = self._http.post(address, idempotent=self._repeats, data=self.signed(fields))
            answer = _answered(response.content.decode("utf-8"))
        except OutboundError as error:
            raise GatewayUnavailable(NAME, "unreachable") from error
        except ValueError as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error
        if not self.is_signed(answer):
            raise GatewayUnavailable(NAME, "bad_signature")
        return answer

    def asked(self, number: str, at: str) -> dict[str, str] | None:
        """What UnionPay says of an order or a refund, named by its number and second.

        None when it knows of none, or when nobody has tried to pay it. Raises GatewayUnavailable,
        GatewayRefused.
        """
        named = {"orderId": number, "txnTime": at}
        answer = self.call(QUERY, QUESTION | named)
        if {name: answer.get(name) for name in named} != named:
            raise GatewayUnavailable(NAME, "unreadable_answer")
        if answer.get("respCode") == ABSENT:
            return None
        must_succeed(answer)
        return answer

    def notified(self, body: bytes) -> dict[str, str]:
        """The fields of a message, proven and not too old. Raises NotificationRefused."""
        fields = posted_fields(NAME, body, "encoding")
        if not self.is_signed(fields):
            raise NotificationRefused(NAME, "bad_signature")
        try:
            age = clock.now() - instant(fields["txnTime"])
        except (KeyError, ValueError) as error:
            raise NotificationRefused(NAME, "malformed") from error
        if not -AHEAD_WINDOW <= age <= REPEAT_WINDOW:
            raise NotificationRefused(NAME, "stale")
        return fields

    def is_signed(self, fields: Mapping[str, str]) -> bool:
        """Whether UnionPay has signed these fields, with the certificate among them."""
        if fields.get("version") != "5.1.0" or fields.get("signMethod") != "01":
            return False
        try:
            signature = base64.b64decode(fields.get("signature", ""), validate=True)
            key = self._chain.key_of(fields.get("signPubKeyCert", ""), clock.now())
            key.verify(signature, digest(fields), PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, Distrusted, InvalidSignature):
            return False
        return True

    def close(self) -> None:
        self._http.close()


def digest(fields: Mapping[str, str]) -> bytes:
    """What is signed of a message: 64 hexadecimal characters. Empty fields do not count."""
    covered = sorted(name for name in fields if name != "signature" and fields[name])
    text = "&".join(f"{name}={fields[name]}" for name in covered)
    return hashlib.sha256(text.encode()).hexdigest().encode()


def must_succeed(answer: Mapping[str, str]) -> None:
    """Raises GatewayUnavailable("busy") or GatewayRefused with a reason of `Gateway.refund`."""
    code = answer.get("respCode", "")
    if code in UNCERTAIN | BUSY:
        raise GatewayUnavailable(NAME, "busy")
    if code not in DONE:
        raise GatewayRefused(NAME, REASONS.get(code, "refused"))


def fen_of(text: str) -> int:
    """Fen of an amount on the wire. Raises ValueError for anything but a whole number."""
    if not _FEN.fullmatch(text):
        raise ValueError("an amount on the wire is a whole number of fen")
    return int(text)


def stamp(at: datetime) -> str:
    """The wall clock of Beijing, as UnionPay writes it."""
    return at.astimezone(clock.BEIJING).strftime(_STAMP)


def instant(text: str) -> datetime:
    """The instant of a wall clock in Beijing. Raises ValueError."""
    if not _DIGITS.fullmatch(text):
        raise ValueError("an instant on the wire has fourteen digits")
    return datetime.fromisoformat(f"{text[:8]}T{text[8:]}").replace(tzinfo=clock.BEIJING)


def second(order_no: str) -> str:
    """The second in which an order was made, as its number begins with it."""
    return order_no[:14]


def moment(said: Mapping[str, str]) -> datetime:
    """When UnionPay did what it speaks of. Raises KeyError, ValueError."""
    return instant_after(said["traceTime"], instant(said["txnTime"]))


def instant_after(text: str, earlier: datetime) -> datetime:
    """The instant of a wall clock without a year, `MMDDhhmmss`, that follows `earlier`.

    It may be a day before it, because clocks differ. Raises ValueError.
    """
    near = earlier.astimezone(clock.BEIJING) - timedelta(days=1)
    same_year = instant(f"{near.year}{text}")
    return same_year if same_year >= near else instant(f"{near.year + 1}{text}")


def _answered(text: str) -> dict[str, str]:
    """`name=value` joined by `&`, without escapes; values in braces may hold `&`.

    Raises ValueError for what has no such form, or a field twice.
    """
    pairs = [each.partition("=") for each in _BETWEEN_FIELDS.split(text)]
    fields = {name: value for name, sign, value in pairs if sign}
    if len(fields) != len(pairs):
        raise ValueError("the answer is no set of fields")
    return fields


def _rsa_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the gateway uses RSA")
    return key
