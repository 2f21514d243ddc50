"""A message goes out once, its text is forgotten, and what cannot be sent says why."""

import json
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from notifications import sms
from notifications.models import Message
from notifications.settings import NotificationSettings
from notifications.sms import HttpSms, SmsRefused
from notifications.templates import TEMPLATES, code_template
from runtime import clock
from runtime.database import Database
from runtime.http import Outbound, OutboundError
from runtime.settings import load
from service.people.events import CodeIssued


class Outbox:
    """A provider that keeps what it was given, by reference, as the documented one does."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, str, dict[str, str]]] = {}
        self.fault: Exception | None = None

    def send(self, phone: str, template: str, params: dict[str, str], *, reference: str) -> str:
        if self.fault:
            raise self.fault
        self.sent.setdefault(reference, (phone, template, params))
        return f"no-{reference}"


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    provider = Outbox()
    sms.use_provider(provider)
    yield provider
    sms.use_provider(None)


def queue(database: Database, minutes: int = 5) -> int:
    until = clock.now() + timedelta(minutes=minutes)
    with database.unit_of_work() as session:
        sms.queue_code(session, CodeIssued("13800002046", "482016", "sign_in", "zh", until))
    with database.unit_of_work() as session:
        return session.scalars(select(Message.id)).one()


def kept(database: Database) -> Message:
    with database.unit_of_work() as session:
        return session.scalars(select(Message)).one()


def test_a_code_is_written_down_with_the_job_that_sends_it(database: Database) -> None:
    number = queue(database)
    with database.unit_of_work() as session:
        jobs = session.execute(text("SELECT task_name, args FROM procrastinate_jobs")).all()
        sealed = session.execute(text("SELECT recipient, params FROM message")).one()
    assert jobs == [("notifications.send", {"message_id": number})]
    assert b"13800002046" not in sealed.recipient
    assert b"482016" not in sealed.params


def test_it_is_sent_once_and_its_text_forgotten(database: Database, outbox: Outbox) -> None:
    number = queue(database)
    sms.send(number)
    sms.send(number)
    message = kept(database)
    params = {"code": "482016", "minutes": "5"}
    assert outbox.sent == {message.reference: ("13800002046", "code_sign_in_zh", params)}
    assert (message.state, message.params) == ("sent", None)
    assert message.provider_no == f"no-{message.reference}"


def test_a_late_code_is_not_sent(database: Database, outbox: Outbox) -> None:
    sms.send(queue(database, minutes=0))
    assert outbox.sent == {}
    assert (kept(database).state, kept(database).params) == ("expired", None)


def test_a_provider_that_is_down_is_asked_again(database: Database, outbox: Outbox) -> None:
    number = queue(database)
    outbox.fault = OutboundError("sms", None)
    with pytest.raises(OutboundError):
        sms.send(number)
    assert kept(database).state == "waiting"
    outbox.fault = None
    sms.send(number)
    assert kept(database).state == "sent"


def test_a_refused_message_is_given_up_with_its_reason(database: Database, outbox: Outbox) -> None:
    outbox.fault = SmsRefused("http_422")
    sms.send(queue(database))
    message = kept(database)
    assert (message.state, message.failure, message.params) == ("failed", "http_422", None)


def answering(status: int, body: object) -> tuple[HttpSms, list[httpx.Request]]:
    """The HTTP provider, speaking to a network that answers as told."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body)

    provider = HttpSms(load(NotificationSettings, sms_token=SecretStr("quiet")))
    provider._http = Outbound(
        "http://sms.test",
        headers={"Authorization": "Bearer quiet"},
        name="sms",
        transport=httpx.MockTransport(answer),
    )
    return provider, seen


def test_the_provider_gets_all_it_needs_and_the_token() -> None:
    provider, seen = answering(201, {"message_id": "s-1"})
    assert provider.send("13800002046", "hello", {"code": "1"}, reference="m-7") == "s-1"
    assert seen[0].url.path == "/sms/v1/messages"
    assert seen[0].headers["Authorization"] == "Bearer quiet"
    assert json.loads(seen[0].content) == {
        "phone": "13800002046",
        "signature": "灯火",
        "template": "hello",
        "params": {"code": "1"},
        "client_id": "m-7",
    }


@pytest.mark.parametrize("status", [400, 401, 422])
def test_a_no_of_the_provider_is_final(status: int) -> None:
    provider, _ = answering(status, {})
    with pytest.raises(SmsRefused, match=f"http_{status}"):
        provider.send("13800002046", "hello", {"code": "1"}, reference="m-7")


@pytest.mark.parametrize("purpose", ["sign_in", "sign_up", "bind", "password", "follow"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_code_has_its_words(purpose: str, language: str) -> None:
    words = TEMPLATES[code_template(purpose, language)]
    said = words.format(code="482016", minutes="5")
    assert "482016" in said
    assert len(said) <= 140


def test_a_purpose_without_words_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError, match="code_other_zh"):
        code_template("other", "zh")
