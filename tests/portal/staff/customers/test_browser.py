"""A customer at the desk in a real Chromium: small, dark, in English, without barriers."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from runtime.database import Database
from tests.e2e.conftest import violations
from tests.portal.conftest import sign_in_of
from tests.portal.staff.customers.conftest import ACCOUNT, BASE
from tests.service.builders import create_account

pytestmark = pytest.mark.browser

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


@pytest.fixture
def neighbour(database: Database) -> None:
    """The account next door, for which nobody gave a reason."""
    with database.unit_of_work() as session:
        create_account(session, f"{ACCOUNT[:-1]}4")


@pytest.fixture
def page(app: Flask, browser: Browser, opened: FlaskClient) -> Iterator[Page]:
    """The agent's browser, with the customer open."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=address, locale="zh-CN", viewport=SIZES[1])
    context.add_cookies([sign_in_of(opened, address)])
    page = context.new_page()
    yield page
    context.close()
    server.shutdown()
    server.server_close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("dark", ["light", "dark"])
def test_every_page_is_without_barriers_and_fits(
    page: Page, neighbour: None, lang: str, dark: str
) -> None:
    page.emulate_media(color_scheme=dark)  # type: ignore[arg-type]
    page.goto(f"{BASE}?lang={lang}")
    page.locator("form[action$='/as'] button").first.click()
    seen = page.url.rstrip("/")
    for address in ("/desk/customers", BASE, f"{BASE[:-1]}4", f"{seen}/bills", f"{seen}/pay"):
        for size in SIZES:
            page.set_viewport_size(size)
            page.goto(address)
            assert fits(page), (address, size)
            assert violations(page) == [], (address, size)


def test_found_by_name_and_seen_as_they_see(page: Page) -> None:
    page.goto("/desk/customers")
    page.get_by_label("号码、户名或手机号").fill("王 建华")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="王*华").click()
    expect(page.locator("h1")).to_have_text("王*华")
    page.get_by_role("button", name="以客户的身份看 15 分钟 王*华").click()
    expect(page.get_by_text("您在以客户的身份看")).to_be_visible()
    page.get_by_role("link", name="账单").first.click()
    expect(page.locator("h1")).to_have_text("账单")
    expect(page.get_by_text("您在以客户的身份看")).to_be_visible()
    page.get_by_role("button", name="不看了").click()
    expect(page).to_have_url(f"{page.url.split('/desk')[0]}{BASE}")
