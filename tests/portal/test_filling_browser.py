"""The form of a request in a real Chromium: kept as it is typed, with a place from the device."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from service.requests.models import Request, RequestDraft
from tests.e2e.conftest import violations
from tests.portal.conftest import PHONE, CoreThatKnows, sign_in, sign_in_of
from tests.portal.test_request_pages import move_in
from tests.service.requests.papers import paper, picture
from tests.waiting import eventually

pytestmark = pytest.mark.browser

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})
PICTURES = os.environ.get("DENGHUO_SCREENSHOTS")


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows, tmp_path: Path) -> Flask:
    return create_app(settings.model_copy(update={"var": tmp_path}), database, core)


@pytest.fixture
def context(
    app: Flask, client: FlaskClient, database: Database, browser: Browser
) -> Iterator[BrowserContext]:
    """A phone whose owner is signed in and lets the page see where it is."""
    move_in(database, PHONE)
    sign_in(client)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(
        base_url=address,
        locale="zh-CN",
        viewport=SIZES[0],
        has_touch=True,
        is_mobile=True,
        geolocation={"latitude": 31.0912, "longitude": 113.0826, "accuracy": 12},
        permissions=["geolocation"],
    )
    context.add_cookies([sign_in_of(client, address)])
    yield context
    context.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def kept(page: Page) -> None:
    expect(page.locator("[data-kept]")).to_have_text("填的已经存好了，离开再来也在。")


def file(name: str, content: bytes) -> dict[str, object]:
    media = "application/pdf" if name.endswith(".pdf") else "image/jpeg"
    return {"name": name, "mimeType": media, "buffer": content}


def test_nothing_is_lost_by_leaving(page: Page, database: Database) -> None:
    page.goto("/requests/new/outage_repair")
    page.check("input[value=part]")
    page.fill("#in-note", "楼道里也没灯")
    page.locator("#in-note").blur()
    kept(page)
    page.goto("/requests")
    page.click("text=接着填")
    expect(page.locator("#in-note")).to_have_value("楼道里也没灯")
    expect(page.locator("input[value=part]")).to_be_checked()
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("看一遍再交")
    page.go_back()
    expect(page.locator("#in-note")).to_have_value("楼道里也没灯")
    page.click("main button.primary")
    page.locator("main button.primary").dblclick()
    expect(page.locator(".notice").first).to_contain_text("收到了。受理号")
    page.go_back()
    expect(page.locator("h1")).to_have_text("停电、故障报修")
    expect(page.locator("#in-note")).to_have_value("")
    with database.unit_of_work() as session:
        assert len(session.scalars(select(Request)).all()) == 1
        assert session.scalars(select(RequestDraft)).all() == []


def test_what_was_typed_last_is_kept_when_the_page_closes(page: Page, database: Database) -> None:
    page.goto("/requests/new/outage_repair")
    page.fill("#in-note", "没等存就走了")
    page.goto("/requests")
    eventually(lambda: "没等存就走了" in left_open(database), seconds=20)


def left_open(database: Database) -> str:
    with database.unit_of_work() as session:
        return session.scalars(select(RequestDraft.filled)).one_or_none() or ""


def test_the_device_says_where_it_is(page: Page, database: Database) -> None:
    page.goto("/requests/new/outage_repair")
    page.get_by_role("button", name="我在这里").click()
    expect(page.locator("#in-point")).to_have_value("31.091200, 113.082600")
    expect(page.locator("[data-place-said]")).to_have_text("找到了，误差约 12 米。")
    kept(page)
    page.check("input[value=no_power]")
    page.click("main button.primary")
    place = page.get_by_role("link", name="31.091200, 113.082600")
    expect(place).to_have_attribute("href", "geo:31.091200,113.082600")


def test_who_keeps_the_place_to_themselves_goes_on(context: BrowserContext, page: Page) -> None:
    context.clear_permissions()
    page.goto("/requests/new/outage_repair")
    page.get_by_role("button", name="我在这里").click()
    expect(page.locator("[data-place-said]")).to_contain_text("可以不填")
    expect(page.get_by_role("button", name="我在这里")).to_be_enabled()


def test_a_phone_offers_its_camera(page: Page) -> None:
    page.goto("/requests/new/outage_repair")
    camera = page.get_by_label("或者现在拍一张")
    expect(camera).to_be_visible()
    expect(camera).to_have_attribute("capture", "environment")
    camera.set_input_files([file("a.jpg", picture())])
    page.check("input[value=no_power]")
    page.click("main button.primary")
    expect(page.locator("main .photos img")).to_have_count(1)


def test_papers_follow_the_answers(page: Page) -> None:
    page.goto("/requests/new/ev_charger")
    owned, rented = page.locator("#paper-space_owned"), page.locator("#paper-space_rented")
    expect(owned).to_be_visible()
    expect(rented).to_be_visible()
    page.check("input[value=rented]")
    expect(owned).to_be_hidden()
    expect(rented).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_form_can_be_used_by_everyone(
    page: Page, size: dict[str, int], scheme: str, language: str
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"/requests/new/ev_charger?lang={language}")
    check(page, f"form-{size['width']}-{scheme}-{language}")
    page.check("input[value=owned]")
    page.fill("#in-address", "梧桐里地下车库 B2-117")
    page.fill("#in-capacity", "7")
    page.fill("#in-point", "31.0912, 113.0826")
    page.set_input_files("#in-photos", files=[file("a.jpg", picture(size=(1200, 900)))])
    page.set_input_files("#paper-space_owned", files=[file("b.pdf", paper(pages=3))])
    page.click("main button.primary")
    expect(page.locator("main .paper")).to_have_count(1)
    check(page, f"check-{size['width']}-{scheme}-{language}")
    page.click("main button.link")
    expect(page.locator("main .photos .kept")).to_have_count(2)
    check(page, f"edit-{size['width']}-{scheme}-{language}")
    page.goto("/requests")
    check(page, f"list-{size['width']}-{scheme}-{language}")
    page.click("[aria-labelledby=drafts] a")
    expect(page.locator("form.notice")).to_be_visible()
    page.fill("#in-point", "0, 0")
    page.set_input_files("#paper-car", files=[file("c.pdf", b"%PDF-1.7 broken")])
    page.click("main button.primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("#in-point-error")).to_be_visible()
    check(page, f"wrong-{size['width']}-{scheme}-{language}")


def check(page: Page, name: str) -> None:
    """Nothing wrong for axe, nothing wider than the screen."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, name
