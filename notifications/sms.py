"""Short messages: written down with the change that asks for them, handed over by a job.

The provider knows a message by our reference, so a job that runs twice sends once.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Protocol

import msgspec
from sqlalchemy.orm import Session

from notifications import outbox
from notifications.models import FAILED, SENT
from notifications.settings import NotificationSettings
from notifications.templates import TEMPLATES, code_template, parameters
from runtime import clock
from runtime.errors import NotFound
from runtime.http import Outbound, OutboundError
from runtime.jobs import BACKOFF, database, defer, jobs
from runtime.logs import get_logger
from runtime.settings import load
from service.people.events import CodeIssued
from service.people.users import get_user

_log = get_logger(__name__)


class SmsRefused(Exception):  # noqa: N818 - the provider's answer, not a fault of ours
    """The provider will not send this message, now or later; `reason` is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Params = dict[str, str]


class SmsProvider(Protocol):
    """What hands a short message over to the network."""

    def send(self, phone: str, template: str, params: Params, *, reference: str) -> str:
        """The provider's number for the message; the same `reference` is sent once.

        Raises SmsRefused, and OutboundError when it may succeed later.
        """


class _Accepted(msgspec.Struct):
    message_id: str


class HttpSms:
    """A provider that takes messages as JSON over HTTP."""

    def __init__(self, settings: NotificationSettings) -> None:
        self._signature = settings.sms_signature
        token = settings.sms_token.get_secret_value()
        self._http = Outbound(
            settings.sms_url,
            timeout=settings.sms_timeout,
            headers={"Authorization": f"Bearer {token}"},
            name="sms",
        )

    def send(self, phone: str, template: str, params: Params, *, reference: str) -> str:
        body = {
            "phone": phone,
            "signature": self._signature,
            "template": template,
            "params": params,
            "client_id": reference,
        }
        try:
            response = self._http.post("/sms/v1/messages", idempotent=True, json=body)
        except OutboundError as error:
            if not error.refused:
                raise
            raise SmsRefused(f"http_{error.status}") from error
        return msgspec.json.decode(response.content, type=_Accepted).message_id


def queue_code(session: Session, event: CodeIssued) -> None:
    """Write the message with a one-time code down and ask for it to be sent."""
    minutes = round((event.expires_at - clock.now()).total_seconds() / 60)
    params: Params = {"code": event.code, "minutes": str(minutes), **event.details}
    template = code_template(event.purpose, event.language)
    queue(session, event.phone, template, params, expires_at=event.expires_at)


def queue_to_user(
    session: Session, user_id: int, name: str, known: Callable[[str], Params]
) -> None:
    """Write a message to a user down in their language; nobody is there: no message.

    Of what is `known` in a language the template gets what it needs and no more. Raises KeyError
    for an unknown template, or a parameter that is not known.
    """
    try:
        user = get_user(session, user_id)
    except NotFound:
        return
    language = user.language or "zh"
    template = f"{name}_{language}"
    needed = parameters(template)
    params = {each: said for each, said in known(language).items() if each in needed}
    queue(session, user.phone, template, params)


def queue(
    session: Session,
    phone: str,
    template: str,
    params: Params,
    *,
    expires_at: datetime | None = None,
) -> None:
    """Write a message down and ask for it to be sent. Raises KeyError for an unknown template."""
    TEMPLATES[template].format(**params)  # what cannot be written is found here
    number = outbox.put(session, "sms", phone, template, params, expires_at=expires_at)
    defer(session, send, message_id=number)


def queue_once(session: Session, phone: str, template: str, params: Params, *, key: str) -> None:
    """As `queue`; the same key again writes nothing. Raises KeyError for an unknown template."""
    TEMPLATES[template].format(**params)
    number = outbox.put_once(session, "sms", phone, template, params, key=key)
    if number is not None:
        defer(session, send, message_id=number)


@jobs.task(name="notifications.send", queue="notifications", retry=BACKOFF)
def send(message_id: int) -> None:
    """Hand a waiting message over. No connection is held while the provider answers."""
    with database().unit_of_work() as session:
        message = outbox.take(session, message_id)
    if message is None or message.params is None or message.recipient is None:
        return
    params: Params = json.loads(message.params)
    try:
        number = _provider().send(
            message.recipient, message.template, params, reference=message.reference
        )
    except SmsRefused as refused:
        _log.error("message_refused", message=message_id, reason=refused.reason)
        outbox.finish(message_id, FAILED, failure=refused.reason)
        return
    outbox.finish(message_id, SENT, provider_no=number)


@cache
def _of_settings() -> SmsProvider:
    return HttpSms(load(NotificationSettings))


_provider: Callable[[], SmsProvider] = _of_settings


def use_provider(provider: SmsProvider | None) -> None:
    """Name what this process sends by; None for what the settings say."""
    global _provider
    _provider = _of_settings if provider is None else lambda: provider
