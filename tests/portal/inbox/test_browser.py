"""The inbox and the outages in a real Chromium: small, wide, in the dark, in English, elder."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from notifications import inbox
from runtime import clock
from runtime.database import Database
from tests.e2e.conftest import violations
from tests.portal.conftest import PASSWORD, PHONE, create_user
from tests.portal.places import move_in
from tests.service.builders import create_account, create_outage, create_service_point

pytestmark = pytest.mark.browser

SMALL, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LOOKS = [
    pytest.param(SMALL, "light", "zh", "plain", id="small"),
    pytest.param(WIDE, "dark", "zh", "plain", id="dark"),
    pytest.param(SMALL, "dark", "en", "plain", id="English"),
    pytest.param(SMALL, "light", "zh", "elder", id="elder"),
]
HOUR = timedelta(hours=1)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def outage_no(database: Database) -> str:
    """A customer who is in the dark, was told of it and of a request."""
    user = create_user(database, PHONE)
    with database.unit_of_work() as session:
        create_service_point(session, move_in(session, user), area="东-03")
        for area in ("东-04", "西-01"):
            create_service_point(session, create_account(session), area=area)
        began = clock.now() - HOUR
        number = create_outage(session, began, areas=["东-03"], state="ongoing").outage_no
        times = {
            "state": "ongoing",
            "starts_at": began.isoformat(),
            "expected_end_at": (began + 2 * HOUR).isoformat(),
            "ended_at": None,
        }
        told = {"outage_no": number, "now": times}
        inbox.put(session, user.id, "one", "outage.announced", told)
        request = {"request_no": "BX2612110001", "request_kind": "outage_repair"}
        inbox.put(session, user.id, "two", "request.replied", request)
    return number


def enter(browser: Browser, address: str, size: dict[str, int], theme: str = "light") -> Page:
    """Somebody who has signed in."""
    context = browser.new_context(
        base_url=address,
        viewport=size,
        color_scheme=theme,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/sign-in")
    page.fill("input[name=phone]", PHONE)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/")
    return page


@pytest.mark.parametrize(("size", "theme", "language", "view"), LOOKS)
def test_every_page_can_be_read_by_everybody(
    browser: Browser,
    address: str,
    outage_no: str,
    size: dict[str, int],
    theme: str,
    language: str,
    view: str,
) -> None:
    page = enter(browser, address, size, theme)
    page.context.add_cookies(
        [
            {"name": "language", "value": language, "url": address},
            {"name": "view", "value": view, "url": address},
        ]
    )
    for path in (
        "/inbox",
        "/outages",
        f"/outages/{outage_no}",
        "/outages/areas",
        "/outages/areas/东-03",
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.context.close()


def test_a_message_is_opened_and_is_no_longer_new(
    browser: Browser, address: str, outage_no: str
) -> None:
    page = enter(browser, address, SMALL)
    expect(page.locator(".top .news")).to_have_count(1)
    page.click("text=消息")
    page.click("button:has-text('停电了：梧桐里')")
    page.wait_for_url(f"**/outages/{outage_no}")
    page.click("text=这一片再停电，告诉我")
    expect(page.get_by_role("status")).to_have_text("记下了。这一片要停电，消息里告诉您。")
    page.click("text=消息")
    expect(page.locator("[data-state=new]")).to_have_count(1)
    page.click("text=全部标为已读")
    expect(page.locator("[data-state=new]")).to_have_count(0)
    expect(page.locator(".top .news")).to_have_count(0)
    page.context.close()
