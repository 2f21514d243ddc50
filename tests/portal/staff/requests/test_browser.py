"""The queue and a case in a real Chromium: by keyboard, live, small, in the dark, in English."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from runtime.database import Database
from service.desk import notes, seats
from service.requests import moving, talking
from service.requests.models import Request
from tests.e2e.conftest import violations
from tests.portal.conftest import come_to_work, sign_in_of
from tests.portal.staff.requests.conftest import DESK, LEAD, OTHER, at_work, who
from tests.service.requests.conftest import ask, move_in

pytestmark = pytest.mark.browser

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


@pytest.fixture
def clock() -> None:
    """A browser goes by the clock of its machine, and so does its desk here."""


@pytest.fixture
def made(app: Flask, database: Database) -> list[Request]:
    """Three that wait; one of them is urgent, noted and talked about, one stands still."""
    at_work(app, database, OTHER, "agent", "周宁")
    at_work(app, database, LEAD, "lead", "沈知秋")
    customer = move_in(database)
    repair = ask(database, customer, "outage_repair", "k1", note="家里有吸氧机")
    complaint = ask(database, customer, "complaint", "k2")
    connection = ask(database, customer, "new_connection", "k3")
    colleague = who(database, OTHER).id
    with database.unit_of_work() as session:
        moving.urge(session, repair.request_no, True, by=colleague)
        moving.assign(session, [complaint.request_no], colleague, by=colleague)
        moving.pause(session, connection.request_no, "还少一张房产证", by=colleague)
        talking.say(session, customer.asker, repair.request_no, "还要多久？", "c1")
        notes.note(session, [repair.request_no], "先打电话", "n1", by=colleague)
        seats.sit(session, who(database, LEAD).id, "repair")
    return [repair, complaint, connection]


@pytest.fixture
def page(app: Flask, database: Database, browser: Browser, made: list[Request]) -> Iterator[Page]:
    """The lead of the desk, signed in."""
    client = app.test_client()
    come_to_work(client, LEAD)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=url, locale="zh-CN", viewport=SIZES[1])
    context.add_cookies([sign_in_of(client, url)])
    yield context.new_page()
    context.close()
    server.shutdown()
    server.server_close()


def test_by_keyboard_alone(page: Page, made: list[Request], database: Database) -> None:
    page.goto(f"{DESK}?queue=all")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("input[name=no]").nth(0)).to_be_checked()
    page.keyboard.press("a")
    expect(page.locator("h1")).to_contain_text("停电、故障报修")
    expect(page.locator(".case")).to_contain_text("您在办")
    page.keyboard.press("n")
    expect(page.locator("#own-text")).to_be_focused()
    page.keyboard.type("ja?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#notes ~ .rows")).to_contain_text("ja?")
    page.keyboard.press("r")
    page.keyboard.type("二十分钟到")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread .mine")).to_have_text("二十分钟到")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("投诉")
    page.keyboard.press("/")
    page.goto(f"{DESK}?queue=all")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(made[2].request_no)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("居民新装")


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.goto(f"{DESK}?queue=all")
    page.keyboard.press("?")
    page.locator("[data-keys-off]").check()
    page.locator("#keys .button").click()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(0)).not_to_be_focused()
    page.get_by_role("button", name="键盘操作").click()
    page.locator("[data-keys-off]").uncheck()
    page.locator("#keys .button").click()
    page.keyboard.press("j")
    expect(page.locator("[data-turn]").nth(0)).to_be_focused()


def test_without_a_script_it_works_too(
    page: Page, browser: Browser, database: Database, made: list[Request]
) -> None:
    page.goto(DESK)
    cookies = page.context.cookies()
    base = page.url.removesuffix(DESK)
    plain = browser.new_context(base_url=base, locale="zh-CN", java_script_enabled=False)
    plain.add_cookies(cookies)  # type: ignore[arg-type]
    bare = plain.new_page()
    bare.goto(f"{DESK}?queue=all")
    bare.locator("input[name=no]").nth(0).check()
    bare.locator("#text").fill("同一台变压器")
    bare.locator("#text").press("Enter")
    expect(bare.locator(".said .notice")).to_have_text("给 1 件写了备注。")
    bare.locator("[data-turn]").nth(0).click()
    bare.get_by_role("button", name="我来接").click()
    bare.get_by_role("button", name="办到这一步").click()
    expect(bare.locator(".case .figure")).to_contain_text("人到现场")
    plain.close()


def test_small_and_in_the_dark_nobody_stumbles(page: Page, made: list[Request]) -> None:
    cases = [f"{DESK}/{each.request_no}" for each in made]
    for path in (DESK, f"{DESK}?queue=all", *cases, f"{DESK}/export", "/desk/load"):
        for tongue in ("zh", "en"):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={tongue}")
            for size in SIZES:
                page.set_viewport_size(size)  # type: ignore[arg-type]
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= size["width"], f"{path} is {wide} wide"
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                    assert violations(page) == [], path
