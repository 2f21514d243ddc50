"""The page of a request in a real Chromium: small, wide, in the dark, in English, by anybody."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from service.models import User
from service.requests import appointments, asking, files, moving, talking
from service.requests.askers import Asker
from service.requests.files import Owner, Upload
from tests.e2e.conftest import violations
from tests.portal.conftest import PHONE, CoreThatKnows, create_user, sign_in, sign_in_of
from tests.portal.places import move_in
from tests.portal.test_request_pages import picture
from tests.service import builders

pytestmark = pytest.mark.browser

SMALL, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
LOOKS = [
    pytest.param(SMALL, "light", "zh", id="small"),
    pytest.param(WIDE, "dark", "zh", id="dark"),
    pytest.param(SMALL, "dark", "en", id="English"),
]


@dataclass
class Told:
    """The numbers of the customer's requests, each standing somewhere else."""

    needs: str
    visit: str
    done: str
    own: str


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows, tmp_path: Path) -> Flask:
    return create_app(settings.model_copy(update={"var": tmp_path}), database, core)


@pytest.fixture
def told(database: Database, tmp_path: Path) -> Told:
    user = create_user(database, PHONE)
    with database.unit_of_work() as session:
        account_no = move_in(session, user).account_no
        session.get_one(User, user.id).name = "王建华"
        worker = builders.create_user(session, name="陈志远", staff_role="field").id
    mine = Asker.of_user(user.id)
    address = {"address": "柳荫路 8 号", "phone": PHONE}

    def ask(kind: str, account: str | None = None, **more: str) -> str:
        with database.unit_of_work() as session:
            return asking.apply(session, mine, kind, account, address | more, kind).request_no

    connection = ask("new_connection", holder="王建华")
    reason = {"reason": "fast", "address": "梧桐里 12 栋 502"}
    needs = ask("meter_check", account_no, **reason)
    own = ask("pv_connection", account_no, capacity="5.5", mode="own_use")
    with database.unit_of_work() as session:
        done = asking.apply(
            session, mine, "suggestion", None, {"phone": PHONE, "story": "写清楚每一档。"}, "s"
        ).request_no
    with database.unit_of_work() as session:
        moving.pause(session, needs, "请拍一张电表的照片，\n看得清表号。", by=worker)
        moving.follow_core(session, moving.locked(session, done), "done", clock.now())
        slot = appointments.offered(session, moving.locked(session, connection))[0]
        appointments.book(session, mine, connection, slot.starts_at)
        plan = {"plan": "从东墙走线，42 米。", "capacity": "8"}
        owner = Owner.of(moving.locked(session, connection))
        upload = Upload(picture(size=(400, 300)))
        folder = files.folder(tmp_path)
        files.keep(session, folder, owner, upload, files.read(upload), worker)
        moving.assign(session, [connection], worker, by=worker)
    with database.unit_of_work() as session:
        note = "表箱有空位，从东墙走线。"
        moving.complete(session, connection, "agreed", by=worker, note=note, values=plan)
        talking.say(session, mine, connection, "几点来？家里要留人吗？", "k1")
        talking.answer(session, connection, "九点到，不用留人。", worker, "a1", "/outages")
        request = moving.locked(session, own)
        while (step := moving.next_step(request)) and step.who != "customer":
            values = {each.name: "5" for each in step.form}
            moving.complete(session, own, step.name, by=worker, values=values)
    return Told(needs, connection, done, own)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(app: Flask, address: str, browser: Browser, told: Told) -> Iterator[Open]:
    """A page of the customer, or of somebody who is not signed in."""
    contexts = []

    def open_one(signed_in: bool = True, **options: object) -> Page:
        context = browser.new_context(base_url=address, locale="zh-CN", **options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        if signed_in:
            client = app.test_client()
            sign_in(client)
            context.add_cookies([sign_in_of(client, address)])
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


def look(page: Page) -> None:
    """Nothing on the page keeps anybody out, and nothing runs out of it sideways."""
    assert violations(page) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_everybody_can_use_it(
    open_page: Open, told: Told, size: dict[str, int], scheme: str, language: str
) -> None:
    page = open_page(viewport=size, color_scheme=scheme)
    for path in (
        f"/requests/{told.needs}",
        f"/requests/{told.visit}",
        f"/requests/{told.visit}/visit",
        f"/requests/{told.own}",
        f"/requests/{told.done}",
        f"/requests/{told.done}/reopen",
    ):
        page.goto(f"{path}?lang={language}")
        look(page)


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_without_a_sign_in_too(
    open_page: Open, told: Told, size: dict[str, int], scheme: str, language: str
) -> None:
    page = open_page(signed_in=False, viewport=size, color_scheme=scheme)
    page.goto(f"/report?lang={language}")
    page.fill("#number", told.visit)
    page.fill("#tail", PHONE[-4:])
    page.locator("form button", has_text="查一下" if language == "zh" else "Look").click()
    page.wait_for_url(f"**/report/{told.visit}")
    look(page)
    page.goto(f"/report/{told.visit}/prove")
    look(page)


def test_in_large_letters(open_page: Open, told: Told) -> None:
    page = open_page(viewport=SMALL)
    page.goto(f"/requests/{told.needs}")
    page.click("button[name=view][value=elder]")
    expect(page.locator("html")).to_have_attribute("data-mode", "elder")
    for path in (told.needs, told.visit, f"{told.visit}/visit", told.done):
        page.goto(f"/requests/{path}")
        look(page)


def test_a_whole_visit_by_keyboard_and_without_a_script(open_page: Open, told: Told) -> None:
    page = open_page(viewport=SMALL, java_script_enabled=False)
    page.goto(f"/requests/{told.visit}")
    page.get_by_role("link", name="挑时间").click()
    first = page.locator("input[name=starts_at]").first
    first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator(".notice").first).to_contain_text("约好了")
    page.get_by_label("给我们留言").fill("楼下按 502")
    page.get_by_role("button", name="发过去").click()
    expect(page.locator(".bubble.mine").last).to_contain_text("楼下按 502")
