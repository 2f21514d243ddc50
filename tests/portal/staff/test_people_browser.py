"""The second step, the colleagues and the trail in a real Chromium: small, in the dark."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import update
from werkzeug.serving import make_server

from runtime.database import Database
from service import audit
from service.models import User
from tests.e2e.conftest import violations
from tests.portal.conftest import (
    PASSWORD,
    codes_of_now,
    create_user,
    sign_in_of,
    staff,
)

pytestmark = pytest.mark.browser

ADMIN, AGENT = "13900000001", "13900000002"
SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


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


@pytest.fixture
def agent(database: Database) -> int:
    """Somebody at the desk, who has looked at one customer."""
    user = create_user(database, AGENT)
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == user.id).values(staff_role="agent"))
        session.get_one(User, user.id).name = "林小满"
        audit.record(
            session,
            by=user.id,
            deed="seen",
            subject="420011875603",
            reason="来电问十二月的账单为什么多",
            about="BX2612150001",
        )
    return user.id


@pytest.fixture
def page(app: Flask, database: Database, context: BrowserContext, address: str, agent: int) -> Page:
    """The administrator, signed in."""
    context.add_cookies([sign_in_of(staff(app, database, ADMIN, "admin"), address)])
    return context.new_page()


def nobody_stumbles(page: Page, path: str) -> None:
    """Neither small nor wide, light nor dark, in Chinese nor in English."""
    for language in ("zh", "en"):
        page.goto(f"{path}?lang={language}")
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], f"{path} is {wide} wide"
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert violations(page) == [], f"{path} {language} {size} {scheme}"


def first_step(page: Page) -> None:
    page.goto("/desk/refunds")
    page.fill("input[name=phone]", AGENT)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/sign-in/second**")


def test_two_steps_lead_to_the_page_that_was_asked_for(context: BrowserContext, agent: int) -> None:
    page = context.new_page()
    first_step(page)
    with codes_of_now() as sent:
        page.click("button[name=action][value=send]")
        page.get_by_text("验证码发出去了").wait_for()
    page.fill("input[name=code]", sent[-1].code)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/refunds")


def test_on_the_second_step_nobody_stumbles(context: BrowserContext, agent: int) -> None:
    page = context.new_page()
    first_step(page)
    nobody_stumbles(page, "/sign-in/second")


def test_on_the_other_second_step_nobody_stumbles(context: BrowserContext, agent: int) -> None:
    page = context.new_page()
    page.goto("/sign-in/code")
    page.fill("input[name=phone]", AGENT)
    with codes_of_now() as sent:
        page.click("button[name=action][value=send]")
        page.get_by_text("验证码发出去了").wait_for()
    page.fill("input[name=code]", sent[-1].code)
    page.click("main button.primary")
    page.wait_for_url("**/sign-in/second**")
    nobody_stumbles(page, "/sign-in/second")


@pytest.mark.parametrize("path", ["/desk/people", "/desk/people/new", "/desk/audit"])
def test_in_the_rooms_nobody_stumbles(page: Page, path: str) -> None:
    nobody_stumbles(page, path)


def test_on_a_colleagues_page_nobody_stumbles(page: Page, agent: int) -> None:
    nobody_stumbles(page, f"/desk/people/{agent}")


def test_somebody_new_is_added_by_hand(page: Page) -> None:
    page.goto("/desk/people")
    page.get_by_role("link", name="添一位同事").click()
    page.get_by_label("手机号").fill("13900000009")
    page.get_by_label("姓名").fill("苏一帆")
    page.get_by_label("外勤").check()
    page.get_by_label("为什么", exact=True).fill("新来的")
    page.get_by_role("button", name="给岗位").click()
    page.get_by_text("只在这里出现一次").wait_for()
    assert violations(page) == []
    page.get_by_role("link", name="所有人员").click()
    row = page.get_by_role("row").filter(has_text="苏一帆")
    assert "外勤" in row.inner_text()
