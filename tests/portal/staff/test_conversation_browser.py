"""The desk's talks in a real Chromium: by keyboard, live, small, in the dark."""

from collections.abc import Iterator
from datetime import time
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from runtime.database import Database
from runtime.settings import load
from service.conversations import (
    Conversation,
    Reply,
    answer,
    ask_for_person,
    canned,
    history,
    hours,
    mark_read,
    open_for_browser,
    open_for_user,
    say,
)
from service.models import User
from service.settings import DeskSettings
from tests.e2e.conftest import violations
from tests.portal.conftest import create_user, sign_in_of, staff
from tests.portal.places import move_in

pytestmark = pytest.mark.browser

LEAD = "13900000003"
DESK = "/desk/conversations"
SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


@pytest.fixture
def talk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """Somebody who waits, at a desk that is open at every hour."""
    always = load(DeskSettings, desk_opens=time(0), desk_closes=time(0))
    monkeypatch.setattr(hours, "desk_settings", lambda: always)
    customer = create_user(database, "13800002046")
    with database.unit_of_work() as session:
        move_in(session, customer, account_no="420011875603", balance_fen=14951)
        session.get_one(User, customer.id).name = "王建华"
        canned.add(session, "问候", "您好，我是人工客服。", "Hello, I am a person.")
        found = open_for_user(session, customer.id)
        card = {"kind": "bill", "bill_no": "B202611001"}
        answer(session, say(session, found, "怎么这么多", "k1"), [Reply("看看账单。", card=card)])
        ask_for_person(session, found, "asked", "觉得十一月的账单多了")
        ask_for_person(session, open_for_browser(session, "b"), "emergency", "电线掉在地上")
        return found


@pytest.fixture
def page(app: Flask, database: Database, browser: Browser, talk: Conversation) -> Iterator[Page]:
    """The lead of the desk, signed in."""
    client = staff(app, database, LEAD, "lead")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.server_port}", locale="zh-CN", viewport=SIZES[1]
    )
    context.add_cookies([sign_in_of(client, f"http://127.0.0.1:{server.server_port}")])
    page = context.new_page()
    yield page
    context.close()
    server.shutdown()
    server.server_close()


def take(page: Page) -> None:
    page.goto(DESK)
    page.get_by_role("button", name="接待 王*华").click()
    expect(page.locator("h1")).to_have_text("王*华")


def test_what_is_typed_stays_while_the_talk_goes_on(
    page: Page, database: Database, talk: Conversation
) -> None:
    take(page)
    page.locator("#text").fill("正在写")
    with database.unit_of_work() as session:
        say(session, talk, "新来的一句", "k2")
    fresh = page.locator("#thread").get_by_text("新来的一句")
    expect(fresh).to_be_visible(timeout=15_000)
    assert page.locator("#text").input_value() == "正在写"
    page.locator("#text").press("Control+Enter")
    expect(page.locator("#thread .mine")).to_have_text("正在写")
    expect(page.locator("#standing")).to_contain_text("最后一条回复：已发出")
    assert page.locator("#text").input_value() == ""
    expect(fresh).to_have_count(1)
    with database.unit_of_work() as session:
        said = {each.text: each.delivery for each in history(session, talk)}
        assert said["新来的一句"] == "read"
        mark_read(session, talk, "customer")
    expect(page.locator("#standing")).to_contain_text("最后一条回复：已读", timeout=15_000)


def test_a_ready_reply_by_keyboard_alone(page: Page) -> None:
    take(page)
    box = page.locator("#text")
    expect(box).to_be_focused()
    page.keyboard.type("王先生：")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("summary", has_text="常用语")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    expect(box).to_have_value("王先生：您好，我是人工客服。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread .mine")).to_have_text("王先生：您好，我是人工客服。")


def test_the_queue_shows_who_comes(page: Page, database: Database) -> None:
    page.goto(DESK)
    expect(page.locator(".waiting b").first).to_have_text("刚刚")
    expect(page.locator(".waiting .quiet").first).to_have_text("有危险：电线掉在地上")
    with database.unit_of_work() as session:
        ask_for_person(session, open_for_browser(session, "c"), "asked", "刚来的人")
    expect(page.get_by_text("刚来的人")).to_be_visible(timeout=15_000)
    expect(page.locator("#waits")).to_have_text("在等的人，3 位")


def test_small_and_in_the_dark_nobody_stumbles(page: Page) -> None:
    take(page)
    talk = page.url
    for path in (DESK, talk, f"{DESK}/calls", f"{DESK}/replies"):
        page.goto(path)
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], f"{path} is {wide} wide"
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert violations(page) == [], path
