"""The page of notices in a real Chromium: small, wide, in the dark, in English, simplified."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update
from werkzeug.serving import make_server

from notifications.preferences import links, mailing, wishes
from runtime.database import Database
from service.models import User
from service.people import wechat
from tests.e2e.conftest import violations
from tests.portal.conftest import PHONE, create_user, sign_in, sign_in_of

pytestmark = pytest.mark.browser

SMALL, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LOOKS = [
    pytest.param(SMALL, "light", "zh", id="small"),
    pytest.param(WIDE, "dark", "zh", id="dark"),
    pytest.param(SMALL, "dark", "en", id="English"),
]
Open = Callable[..., Page]


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def me(database: Database) -> User:
    """Somebody whom WeChat reaches, and who has given an address."""
    found = create_user(database, PHONE)
    with database.unit_of_work() as session:
        wechat.bind(session, "openid-1", found.id)
        mailing.ask(session, found.id, "li@example.org", language="zh", utility="江城供电")
    return found


@pytest.fixture
def open_page(app: Flask, url: str, me: User, browser: Browser) -> Iterator[Open]:
    """Signed in; the page fits its width and axe finds nothing."""
    cookie = sign_in_of(_signed_in(app), url)
    contexts = []

    def opened(path: str = "/profile/notices", **options: object) -> Page:
        contexts.append(browser.new_context(base_url=url, locale="zh-CN", **options))
        contexts[-1].add_cookies([cookie])
        page = contexts[-1].new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def _signed_in(app: Flask):  # type: ignore[no-untyped-def]
    client = app.test_client()
    sign_in(client)
    return client


def look(page: Page) -> None:
    """Nothing sticks out, and nothing is in anybody's way."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert violations(page) == []


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_the_page_on_every_screen(
    open_page: Open, size: dict[str, int], scheme: str, language: str
) -> None:
    page = open_page(f"/profile/notices?lang={language}", viewport=size, color_scheme=scheme)
    look(page)


def test_without_a_script_a_topic_is_switched_off(
    open_page: Open, me: User, database: Database
) -> None:
    page = open_page(viewport=SMALL, java_script_enabled=False)
    page.locator("[value='bill:wechat'][type=checkbox]").uncheck()
    page.get_by_role("button", name="保存").first.click()
    expect(page.locator("[value='bill:wechat'][type=checkbox]")).not_to_be_checked()
    with database.unit_of_work() as session:
        assert wishes(session, [me.id], "bill")[me.id].channels == ("sms", "voice")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_simplified_page(open_page: Open, me: User, database: Database, scheme: str) -> None:
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == me.id).values(elder_mode=True))
    page = open_page(viewport=SMALL, color_scheme=scheme)
    look(page)
    page.get_by_text("打电话给我").click()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("radio", name="打电话给我")).to_be_checked()
    page.get_by_role("link", name="一样一样自己挑").click()
    look(page)


def test_the_way_out_of_a_letter(open_page: Open, me: User) -> None:
    page = open_page(f"/unsubscribe/{links.signed(me.id, 'bill')}", viewport=SMALL)
    look(page)
    page.get_by_role("button", name="不要发了").click()
    look(page)
    page.get_by_role("button", name="按错了，还是要收").click()
    expect(page.locator("main")).to_contain_text("这类邮件照常发：账单")
