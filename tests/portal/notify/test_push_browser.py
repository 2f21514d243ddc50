"""Reminders in a real Chromium: what the push service brings is shown, and leads to its page."""

import json
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Worker, expect
from werkzeug.serving import make_server

from runtime.database import Database
from tests.e2e.conftest import violations
from tests.notifications.channels.browsers import browser as subscribed
from tests.portal.conftest import create_user, sign_in, sign_in_of
from tests.sandbox.server import SandboxServer
from tests.waiting import eventually

pytestmark = pytest.mark.browser
TOLD = {"title": "电费还有 3 天到期", "text": "一共 149.51 元", "link": "/help", "tag": "r1"}
WATCH = """() => {
  self.shown = [];
  const show = self.registration.showNotification.bind(self.registration);
  self.registration.showNotification = async (title, options) => {
    await show(title, options);
    self.shown.push(await self.registration.getNotifications());
  };
}"""
"""Has the worker keep what the browser shows, right after each time that it was asked to."""
SHOWN = """() => self.shown.map((all) => all.map(
  ({ title, body, tag, data }) => ({ title, text: body, tag, link: data })
))"""
READY = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  while (active.state !== 'activated') {
    await new Promise((done) => active.addEventListener('statechange', done, { once: true }));
  }
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


@pytest.fixture
def worker(page: Page) -> Worker:
    """The service worker, as soon as it may be given something to show."""
    page.evaluate(READY)
    eventually(lambda: bool(page.wait_for_timeout(20)) or bool(page.context.service_workers))
    [worker] = page.context.service_workers
    worker.evaluate(WATCH)
    return worker


def deliver(page: Page, told: dict[str, Any]) -> None:
    """What the browser does when its push service brings a message."""
    session = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"])
    )
    session.send("ServiceWorker.enable")
    eventually(lambda: bool(page.wait_for_timeout(20)) or bool(found))
    session.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": page.url.removesuffix("/part"),
            "registrationId": found[0]["registrationId"],
            "data": json.dumps(told, ensure_ascii=False),
        },
    )
    session.detach()


def test_a_reminder_is_shown_and_another_of_its_tag_takes_its_place(
    page: Page, worker: Worker
) -> None:
    deliver(page, TOLD)
    eventually(lambda: worker.evaluate(SHOWN) == [[TOLD]], pause=0.2)
    later = TOLD | {"text": "一共 0.00 元"}
    deliver(page, later)
    eventually(lambda: worker.evaluate(SHOWN) == [[TOLD], [later]], pause=0.2)


@pytest.mark.parametrize(
    ("link", "opened"),
    [("/bills/8", "/bills/8"), ("https://thief.example/", ""), ("", "/")],
)
def test_a_tap_opens_its_page_and_no_other_site(
    page: Page, worker: Worker, link: str, opened: str
) -> None:
    deliver(page, TOLD | {"link": link})
    eventually(lambda: len(worker.evaluate(SHOWN)) == 1, pause=0.2)
    asked = worker.evaluate("""async () => {
      const asked = new Promise((done) => { self.clients.openWindow = done; });
      const [[notification]] = self.shown;
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
      return asked;
    }""")
    assert asked == page.url.removesuffix("/part") + opened


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


def test_what_is_nobodys_here_is_ended_in_the_browser_too(page: Page) -> None:
    page.add_init_script("""PushManager.prototype.getSubscription = async () => ({
      endpoint: 'https://push.example/1', unsubscribe: async () => { sessionStorage.ended = 'yes'; }
    })""")
    page.goto("/part")
    expect(page.locator("[data-push-form]")).to_be_visible()
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
