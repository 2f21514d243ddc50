"""Reminders in a real Chromium: what the push service brings is shown, and leads to its page."""

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from runtime.database import Database
from tests.e2e.conftest import violations
from tests.notifications.channels.browsers import browser as subscribed
from tests.portal.conftest import create_user, sign_in, sign_in_of
from tests.sandbox.server import SandboxServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser
TOLD = {"title": "电费还有 3 天到期", "text": "一共 149.51 元", "link": "/help", "tag": "r1"}
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready;
  const shown = await worker.getNotifications();
  return shown.map(({ title, body, tag, data }) => ({ title, text: body, tag, link: data }));
}"""
SIZE = {"width": 360, "height": 740}


@pytest.fixture
def context(reminding: Flask, database: Database, browser: Browser) -> Iterator[BrowserContext]:
    """A phone whose owner is signed in."""
    create_user(database)
    client = reminding.test_client()
    sign_in(client)
    server = make_server("127.0.0.1", 0, reminding, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=address, locale="zh-CN", viewport=SIZE)
    context.add_cookies([sign_in_of(client, address)])
    yield context
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    context.grant_permissions(["notifications"])
    page = context.new_page()
    page.goto("/part")
    return page


def deliver(page: Page, told: dict[str, Any]) -> None:
    """What the browser does when its push service brings a message."""
    session = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"])
    )
    session.send("ServiceWorker.enable")
    eventually(lambda: bool(page.wait_for_timeout(20)) or bool(found))
    origin = page.url.removesuffix("/part")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": origin,
            "registrationId": found[0]["registrationId"],
            "data": json.dumps(told, ensure_ascii=False),
        },
    )


def test_a_reminder_is_shown_and_another_of_its_tag_takes_its_place(page: Page) -> None:
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    deliver(page, TOLD)
    eventually(lambda: page.evaluate(SHOWN) == [TOLD])
    later = TOLD | {"text": "一共 0.00 元"}
    deliver(page, later)
    eventually(lambda: page.evaluate(SHOWN) == [later])


@pytest.mark.parametrize(
    ("link", "opened"),
    [("/bills/8", "/bills/8"), ("https://thief.example/", ""), ("", "/")],
)
def test_a_tap_opens_its_page_and_no_other_site(page: Page, link: str, opened: str) -> None:
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    deliver(page, TOLD | {"link": link})
    eventually(lambda: len(page.evaluate(SHOWN)) == 1)
    [worker] = page.context.service_workers
    asked = worker.evaluate("""async () => {
      const asked = new Promise((done) => { self.clients.openWindow = done; });
      const [notification] = await self.registration.getNotifications();
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
      return asked;
    }""")
    assert asked == page.url.removesuffix("/part") + opened
    assert page.evaluate(SHOWN) == []


def test_without_a_push_service_it_says_so_and_can_be_tried_again(page: Page) -> None:
    button = page.locator("[data-push-form] button")
    button.click()
    expect(page.locator("[data-push-said]")).to_have_text("没有开成。检查一下网络，再试一次。")
    expect(button).to_be_enabled()


def test_a_browser_that_was_told_no_says_where_to_allow_it(context: BrowserContext) -> None:
    page = context.new_page()
    page.add_init_script("Object.defineProperty(Notification, 'permission', {value: 'denied'})")
    page.goto("/part")
    expect(page.locator("[data-push-said]")).to_contain_text("在它的网站设置里允许")
    expect(page.locator("[data-push-form]")).to_be_hidden()


def test_this_browser_is_named_in_the_list_and_the_page_is_whole(
    page: Page, sandbox: SandboxServer
) -> None:
    given = subscribed(sandbox)
    page.evaluate(
        """(given) => {
          const form = document.querySelector('[data-push-form]');
          for (const name of Object.keys(given)) form.elements[name].value = given[name];
          form.submit();
        }""",
        {"endpoint": given.endpoint, "p256dh": given.keys.p256dh, "auth": given.keys.auth},
    )
    page.wait_for_url("**/profile/notices")
    page.goto("/part")
    expect(page.locator("[data-digest]")).to_have_count(1)
    assert violations(page) == []
    page.add_init_script(f"""PushManager.prototype.getSubscription = async () => ({{
      endpoint: {json.dumps(given.endpoint)}, unsubscribe: () => {{ sessionStorage.ended = 'yes'; }}
    }})""")
    page.goto("/part")
    expect(page.locator("[data-push-mine]")).to_be_visible()
    expect(page.locator("[data-push-form]")).to_be_hidden()
    page.click("[data-digest] button")
    page.wait_for_url("**/profile/notices")
    page.goto("/part")
    expect(page.locator("[data-digest]")).to_have_count(0)
    assert page.evaluate("sessionStorage.ended") == "yes"


def test_without_a_script_the_page_says_what_else_there_is(
    page: Page, browser: Browser, context: BrowserContext
) -> None:
    still = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport=SIZE)
    still.add_cookies(context.cookies())  # type: ignore[arg-type]
    plain = still.new_page()
    plain.goto(page.url)
    expect(plain.locator("[data-push-said]")).to_contain_text("其他方式照常")
    expect(plain.locator("[data-push-form]")).to_be_hidden()
    still.close()
