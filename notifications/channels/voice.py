"""Voice calls by a provider that reads a text aloud: JSON over HTTP, see docs/channels.md."""

from typing import Annotated, ClassVar, Literal

import msgspec

from notifications.channels.base import Busy, Channel, Found, Parcel, Provider
from notifications.channels.http import judged
from notifications.settings import VoiceSettings
from runtime.http import Outbound, OutboundError

CALLS = "/voice/v1/calls"
Number = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]*$")]
"""Kept as it is: the database knows no character zero."""
Status = Literal["calling", "answered", "no_answer", "busy"]


class Call(msgspec.Struct, frozen=True):
    """A call as its provider tells of it."""

    call_id: Number
    status: Status = "calling"

    @property
    def is_answered(self) -> bool | None:
        """Whether somebody took it; None while it is under way."""
        return None if self.status == "calling" else self.status == "answered"

    @property
    def reason(self) -> str:
        """Why nobody took it."""
        return self.status if self.is_answered is False else ""


class HttpVoice(Provider):
    """Calls; the provider makes one for each of our references, and can be asked about it."""

    name = "voice"
    channel = Channel.VOICE
    is_idempotent: ClassVar[bool] = True
    reports: ClassVar[bool] = True

    def __init__(self, settings: VoiceSettings) -> None:
        token = settings.voice_token.get_secret_value()
        self._http = Outbound(
            settings.voice_url,
            timeout=settings.voice_timeout,
            headers={"Authorization": f"Bearer {token}"},
            name="voice",
        )

    def _send(self, parcel: Parcel) -> str:
        body = {
            "to": parcel.recipient,
            "language": parcel.language,
            "text": parcel.words["text"],
            "audio_url": None,
            "client_id": parcel.reference,
        }
        try:
            response = self._http.post(CALLS, json=body)
        except OutboundError as error:
            raise judged(error) from error
        return msgspec.json.decode(response.content, type=Call).call_id

    def _find(self, parcel: Parcel) -> Found | None:
        try:
            response = self._http.get_once(CALLS, params={"client_id": parcel.reference})
        except OutboundError as error:
            if error.status == 404:
                return None
            raise Busy("not_said") from error
        call = msgspec.json.decode(response.content, type=Call)
        return Found(call.call_id, call.is_answered, call.reason)
