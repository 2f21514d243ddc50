"""Reminders on devices, sealed for a browser and opened by it, by a push service in a box."""

from dataclasses import replace

import msgspec
import pytest

from notifications.channels.base import Busy, Parcel, Refused
from notifications.channels.subscribing import Keys, Subscription
from notifications.channels.web_push import WebPush
from notifications.settings import WebPushSettings
from tests.notifications.channels.browsers import browser, forgotten, settings, told
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer

PARCEL = Parcel(
    reference="6f1d2c3b4a5968778695a4b3c2d1e0ff",
    recipient="",
    template="arrears_formal_zh",
    language="zh",
    params={},
    words={"title": "电费还有 3 天到期", "text": "一共 149.51 元"},
    link="https://denghuo.example/bills/8",
)
NOWHERE = "http://127.0.0.1:1"


class Noted(list[tuple[str, bool]]):
    """What was noted of browsers."""

    def __call__(self, endpoint: str, *, is_there: bool) -> None:
        self.append((endpoint, is_there))


@pytest.fixture
def known(sandbox: SandboxServer, settings_env: pytest.MonkeyPatch) -> WebPushSettings:
    return settings(sandbox, push_timeout=1.0)


@pytest.fixture
def noted() -> Noted:
    return Noted()


@pytest.fixture
def push(known: WebPushSettings, noted: Noted) -> WebPush:
    return WebPush(known, noted)


def to(subscription: Subscription, **change: str) -> Parcel:
    return replace(PARCEL, recipient=msgspec.json.encode(subscription).decode(), **change)


class Unreached(WebPush):
    """The same, for browsers whose push service is not there."""

    def _send(self, parcel: Parcel) -> str:
        known = msgspec.json.decode(parcel.recipient, type=Subscription)
        away = Subscription(f"{NOWHERE}/push/x", known.keys)
        return super()._send(to(away, reference=parcel.reference))


class TestWebPush(ProviderContract):
    """What holds for all providers holds for this one."""

    @pytest.fixture
    def sides(self, push: WebPush, sandbox: SandboxServer) -> Sides:
        reader, gone = browser(sandbox), browser(sandbox)
        forgotten(sandbox, gone)
        return Sides(
            provider=push,
            unreached=Unreached(settings(sandbox, push_sandbox=NOWHERE), Noted()),
            patience=1.0,
            parcel=lambda reference: to(reader, reference=reference),
            refused=to(gone, reference="no"),
            taken=lambda reference: sum(each["topic"] == reference for each in told(sandbox)),
            break_down=lambda kind: sandbox.outage("push", kind, 60),
            heal=sandbox.heal,
        )


def test_a_browser_reads_what_it_was_told(
    push: WebPush, noted: Noted, sandbox: SandboxServer
) -> None:
    reader = browser(sandbox)
    push.send(to(reader))
    [found] = told(sandbox)
    assert found["told"] == {
        "title": "电费还有 3 天到期",
        "text": "一共 149.51 元",
        "link": "https://denghuo.example/bills/8",
        "tag": PARCEL.reference,
    }
    assert (found["urgency"], found["topic"]) == ("high", PARCEL.reference)
    assert found["ttl"] == 120 * 3600
    assert found["sender"] == "mailto:no-reply@denghuo.example"
    assert noted == [(reader.endpoint, True)]


@pytest.mark.parametrize(
    ("template", "urgency"),
    [("bill_issued_zh", "normal"), ("balance_spent_en", "high"), ("of_no_kind_zh", "normal")],
)
def test_what_cannot_wait_wakes_the_device(
    push: WebPush, sandbox: SandboxServer, template: str, urgency: str
) -> None:
    push.send(to(browser(sandbox), template=template))
    assert told(sandbox)[0]["urgency"] == urgency


def test_a_browser_that_took_it_back_is_not_told_again(
    push: WebPush, noted: Noted, sandbox: SandboxServer
) -> None:
    gone = browser(sandbox)
    forgotten(sandbox, gone)
    with pytest.raises(Refused, match="http_410"):
        push.send(to(gone))
    never = Subscription(f"{sandbox.base_url}/push/never-there", gone.keys)
    with pytest.raises(Refused, match="http_404"):
        push.send(to(never))
    assert noted == [(gone.endpoint, False), (never.endpoint, False)]
    assert told(sandbox) == []


def test_an_address_that_is_no_push_service_is_not_called(push: WebPush, noted: Noted) -> None:
    with Merchant() as inside, pytest.raises(Refused, match="unknown_service"):
        push.send(to(Subscription(inside.url, Keys("", ""))))
    assert (inside.heard, noted) == ([], [])


def test_an_answer_that_leads_elsewhere_is_not_followed(
    sandbox: SandboxServer, noted: Noted
) -> None:
    with Merchant(answer=(302, b"")) as service:
        origin = service.url.removesuffix("/notify")
        push = WebPush(settings(sandbox, push_sandbox=origin), noted)
        with pytest.raises(Refused, match="http_302"):
            push.send(to(Subscription(service.url, browser(sandbox).keys)))
    assert len(service.heard) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_with_too_much_to_do_is_asked_later(
    sandbox: SandboxServer, noted: Noted, status: int
) -> None:
    with Merchant(answer=(status, b"")) as service:
        origin = service.url.removesuffix("/notify")
        push = WebPush(settings(sandbox, push_sandbox=origin), noted)
        with pytest.raises(Busy, match=f"http_{status}"):
            push.send(to(Subscription(service.url, browser(sandbox).keys)))
    assert noted == []
