"""A wording is changed in a real Chromium: counted while it is typed, and nobody stumbles."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.portal.conftest import sign_in_of
from tests.portal.staff.test_people_browser import nobody_stumbles
from tests.portal.staff.wordings.conftest import PAGE

pytestmark = pytest.mark.browser


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def context(address: str, browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=address, locale="zh-CN")
    yield context
    context.close()


def of(client: FlaskClient, context: BrowserContext, address: str) -> Page:
    context.add_cookies([sign_in_of(client, address)])
    return context.new_page()


def test_words_are_counted_changed_and_approved(
    lead: FlaskClient,
    other: FlaskClient,
    context: BrowserContext,
    browser: Browser,
    address: str,
) -> None:
    page = of(lead, context, address)
    page.goto(PAGE)
    page.fill("textarea[name=text]", "{month}电费 {amount} 元，{day}前缴：{link}")
    count = page.locator("#count-text")
    assert count.text_content() == "填上样例 55 个字，最多 264 个 · 1 条短信"
    page.fill("textarea[name=text]", "{month}" + "字" * 70)
    assert count.text_content() == "填上样例 74 个字，最多 264 个 · 2 条短信"
    page.fill("textarea[name=text]", "{month}电费 {amount} 元，{day}前缴：{link}")
    page.get_by_role("button", name="存成草稿").click()
    page.get_by_text("草稿存好了").wait_for()
    page.fill("#why-ask", "更短")
    page.get_by_role("button", name="申请用第 1 版").click()
    page.get_by_text("等另一个人批。要再改").wait_for()
    with browser.new_context(base_url=address, locale="zh-CN") as theirs:
        second = of(other, theirs, address)
        second.goto("/desk/approvals")
        second.get_by_role("button", name="批准").click()
        second.get_by_text("批了。").wait_for()
    page.goto(PAGE)
    page.get_by_text("在用的是第 1 版。").wait_for()


@pytest.mark.parametrize("path", ["/desk/wordings", "/desk/wordings/arrears.formal", PAGE])
def test_nobody_stumbles(
    lead: FlaskClient, context: BrowserContext, address: str, path: str
) -> None:
    nobody_stumbles(of(lead, context, address), path)
