"""Short messages to a provider that takes JSON over HTTP and knows our reference."""

from typing import Any, ClassVar

import httpx
import msgspec

from notifications.channels.base import (
    Busy,
    Channel,
    Parcel,
    Provider,
    ProviderError,
    Refused,
    Unclear,
)
from notifications.settings import NotificationSettings
from runtime.http import Outbound, OutboundError

THROTTLED = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class _Accepted(msgspec.Struct):
    message_id: str


class HttpSms(Provider):
    """Short messages; the same reference is sent once."""

    name = "http"
    channel = Channel.SMS
    is_idempotent: ClassVar[bool] = True

    def __init__(self, settings: NotificationSettings) -> None:
        self._signature = settings.sms_signature
        token = settings.sms_token.get_secret_value()
        self._http = Outbound(
            settings.sms_url,
            timeout=settings.sms_timeout,
            headers={"Authorization": f"Bearer {token}"},
            name="sms",
        )

    def _send(self, parcel: Parcel) -> str:
        body = {
            "phone": parcel.recipient,
            "signature": self._signature,
            "template": parcel.template,
            "params": dict(parcel.params),
            "client_id": parcel.reference,
        }
        return _handed_over(self._http, "/sms/v1/messages", body)


def _handed_over(http: Outbound, path: str, body: dict[str, Any]) -> str:
    try:
        response = http.post(path, json=body)
    except OutboundError as error:
        raise judged(error) from error
    return msgspec.json.decode(response.content, type=_Accepted).message_id


def judged(error: OutboundError) -> ProviderError:
    """How a call that failed ended."""
    if error.refused:
        return Refused(f"http_{error.status}")
    if error.status in THROTTLED:
        return Busy(f"http_{error.status}")
    if isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
        return Busy("not_reached")
    return Unclear("no_answer" if error.status is None else f"http_{error.status}")
