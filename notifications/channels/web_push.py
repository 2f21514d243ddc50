"""Reminders on devices, by the push services of browsers (RFC 8030, 8291, 8292).

Answers of a push service and what they become:

| answer | error |
|---|---|
| 201, 202 | taken |
| 404, 410 | Refused, and the subscription is ended: the browser has taken it back |
| 429, 503 | Busy |
| 401, 403 | Refused: the subscription was made under another key of ours |
| other 4xx, 3xx | Refused |
| other 5xx, none | Unclear |
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import msgspec
import requests
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from py_vapid.utils import b64urlencode
from pywebpush import WebPushException, webpush

from notifications.channels import subscribing
from notifications.channels.base import (
    Busy,
    Channel,
    Parcel,
    Provider,
    ProviderError,
    Refused,
    Unclear,
)
from notifications.channels.subscribing import Subscription, is_accepted
from notifications.channels.wire import never_left
from notifications.kinds import Kind, Level, kinds
from notifications.settings import WebPushSettings

GONE = frozenset({404, 410})
THROTTLED = frozenset({429, 503})
DAY = 86_400
URGENCY = {
    Level.LEGAL: "high",
    Level.URGENT: "high",
    Level.SERVICE: "normal",
    Level.NEWS: "low",
}
Note = Callable[..., None]


class WebPush(Provider):
    """Messages to browsers.

    A message has our reference for its topic and for its tag: while the push service still holds
    it, a second one takes its place, and on a device that has shown it already the second one
    stands in the place of the first, without a sound. So sending again is right, and at worst
    brings a message back that was wiped away.
    """

    name = "push"
    channel = Channel.PUSH
    is_idempotent: ClassVar[bool] = True

    def __init__(self, settings: WebPushSettings, note: Note = subscribing.note) -> None:
        self._settings = settings
        self._note = note
        self._key = Vapid02.from_raw(settings.vapid_key.get_secret_value().encode())
        self._http = _Straight()

    def _send(self, parcel: Parcel) -> str:
        browser = msgspec.json.decode(parcel.recipient, type=Subscription)
        if not is_accepted(browser.endpoint, self._settings):
            raise Refused("unknown_service")
        try:
            self._post(browser, parcel)
        except WebPushException as error:
            raise self._judged(error, browser.endpoint) from error
        except requests.RequestException as error:
            raise (Busy if never_left(error) else Unclear)(type(error).__name__) from error
        self._note(browser.endpoint, is_there=True)
        return parcel.reference

    def _post(self, browser: Subscription, parcel: Parcel) -> None:
        kind = _kinds().get(parcel.template.rpartition("_")[0])
        webpush(
            msgspec.to_builtins(browser),
            json.dumps(_payload(parcel), ensure_ascii=False),
            vapid_private_key=self._key,
            vapid_claims={"sub": self._settings.push_contact},
            headers={
                "Topic": parcel.reference,
                "Urgency": URGENCY[kind.level] if kind else "normal",
            },
            ttl=kind.expires_hours * 3600 if kind else DAY,
            timeout=self._settings.push_timeout,
            requests_session=self._http,
        )

    def _judged(self, error: WebPushException, endpoint: str) -> ProviderError:
        status = error.status_code
        if status is None:
            return Refused("keys")
        if status in GONE:
            self._note(endpoint, is_there=False)
        if status in THROTTLED:
            return Busy(f"http_{status}")
        return (Unclear if status >= 500 else Refused)(f"http_{status}")


class _Straight(requests.Session):
    """Goes where it was told and nowhere else: an answer that leads elsewhere is not followed."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def post(self, url: str | bytes, data: Any = None, json: Any = None, **options: Any) -> Any:
        """As `requests` does, without following."""
        return super().post(url, data, json, **{**options, "allow_redirects": False})


def public_key(settings: WebPushSettings) -> str:
    """What a browser must be told to subscribe (applicationServerKey), base64url."""
    key = Vapid02.from_raw(settings.vapid_key.get_secret_value().encode()).public_key
    text: str = b64urlencode(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return text


def _payload(parcel: Parcel) -> dict[str, str]:
    """Small: a push service takes 4 KB, sealed."""
    return {
        "title": parcel.words["title"][:80],
        "text": parcel.words["text"][:400],
        "link": parcel.link[:500],
        "tag": parcel.reference,
    }


@cache
def _kinds() -> dict[str, Kind]:
    """By the name that stands in templates."""
    return {name.replace(".", "_"): each for name, each in kinds().items()}
