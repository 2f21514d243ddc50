"""Messages between WeChat and us: whether they are WeChat's, what is in them, and our answer.

WeChat's "safe mode": the XML is encrypted (AES-256-CBC) and signed over token, timestamp and
nonce. `wechatpy` decrypts and reads; what it does not look at is checked here: the signature in
constant time, and that the message is fresh.
"""

import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha1
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.replies import TextReply

from notifications.settings import WeChatSettings
from runtime import clock

FRESH_SECONDS = 300
LONGEST = 64 * 1024
MOST_BYTES = 2000
"""A text that WeChat shows: 2,048 bytes, with some to spare."""


class NotWeChat(Exception):  # noqa: N818 - somebody else's doing, not a fault of ours
    """The message is not WeChat's, not fresh, or cannot be read."""


@dataclass(frozen=True)
class Letter:
    """What somebody did in WeChat: an `event`, or else something said, in `text` if we read it.

    `key` is one for a message however often it is brought.
    """

    openid: str
    event: str
    text: str
    key: str
    raw: Any


class Desk:
    """Opens and seals letters of one service account."""

    def __init__(self, settings: WeChatSettings) -> None:
        self._token = settings.wechat_token.get_secret_value()
        key = settings.wechat_aes_key.get_secret_value()
        self._crypto = WeChatCrypto(self._token, key, settings.wechat_appid)

    def greeted(self, given: Mapping[str, str]) -> str:
        """What WeChat wants to hear back when the address is registered. Raises NotWeChat."""
        self._require(given.get("signature", ""), given)
        return given.get("echostr", "")

    def open(self, given: Mapping[str, str], body: bytes) -> Letter:
        """A letter out of the query and the body of a request. Raises NotWeChat."""
        try:
            sealed = xmltodict.parse(body)["xml"]
            self._require(given.get("msg_signature", ""), given, sealed["Encrypt"])
            signature, stamp, nonce = (given[name] for name in ("msg_signature", *STAMP))
            xml = self._crypto.decrypt_message(sealed, signature, stamp, nonce)
            return _letter(parse_message(xml))
        except UNREADABLE as error:
            raise NotWeChat(type(error).__name__) from error

    def seal(self, letter: Letter, text: str, nonce: str) -> str:
        """Our answer to a letter, as the body of the response."""
        safe = cut(text).replace("]]>", "]]]]><![CDATA[>")
        reply = TextReply(message=letter.raw, content=safe)
        sealed: str = self._crypto.encrypt_message(reply.render(), nonce)
        return sealed

    def _require(self, signature: str, given: Mapping[str, str], *more: str) -> None:
        stamp, nonce = (given.get(name, "") for name in STAMP)
        parts = "".join(sorted([self._token, stamp, nonce, *more]))
        known = sha1(parts.encode()).hexdigest()  # noqa: S324 - WeChat's own
        if not hmac.compare_digest(known.encode(), signature.encode()):
            raise NotWeChat("signature")
        if not stamp.isascii() or not stamp.isdigit() or not _fresh(int(stamp[:12])):
            raise NotWeChat("stale")


STAMP = ("timestamp", "nonce")
SAID = {"text": "Content", "voice": "Recognition"}
"""Where the words stand in the kinds of message that are read."""
UNREADABLE = (
    AttributeError,
    ExpatError,
    IndexError,
    InvalidAppIdException,
    InvalidSignatureException,
    KeyError,
    TypeError,
    ValueError,
    struct.error,
)
"""What the library lets out when a message is malformed, besides giving nothing."""


def cut(text: str) -> str:
    """As much of a text as WeChat shows, by whole characters."""
    whole = text.encode()
    return whole[:MOST_BYTES].decode(errors="ignore") + ("…" if len(whole) > MOST_BYTES else "")


def _fresh(stamp: int) -> bool:
    return abs(clock.now().timestamp() - stamp) <= FRESH_SECONDS


def _letter(message: Any) -> Letter:
    """Raises AttributeError for what is no message."""
    raw = message._data
    words = raw.get(SAID.get(message.type, "")) or ""
    number = message.id or f"{message.source}-{raw['CreateTime']}"
    event = str(raw.get("Event") or "").lower()
    return Letter(message.source, event, str(words), f"wechat-{number}", message)
