"""A request in the whole house: from a phone to the core and back, even while the core is down."""

import json
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from denghuo.house import await_answer
from runtime.secrets import secrets_folder
from tests.e2e.conftest import PHONE, Visit, sign_in, violations
from tests.house import House
from tests.sms import code_sent_to, messages_to
from tests.waiting import eventually

pytestmark = pytest.mark.browser


class Work:
    """The utility's own people at the core, who see its orders come."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.orders: dict[str, str] = {}
        self.after = int(self._changes(0, 1).headers["X-Latest"])

    def await_order(self, request_no: str) -> str:
        """The number of the core's order of a request."""
        eventually(lambda: self._has_come(request_no), seconds=90)
        return self.orders[request_no]

    def move(self, order_no: str, status: str) -> None:
        moved = self.client.patch(f"/v1/service-orders/{order_no}", json={"status": status})
        assert moved.status_code == 200, moved.text

    def is_at(self, order_no: str, status: str) -> bool:
        order = self.client.get(f"/v1/service-orders/{order_no}").json()
        return bool(order["status"] == status)

    def _has_come(self, request_no: str) -> bool:
        page = self._changes(self.after, 5000)
        self.after = int(page.headers["X-Next-After"])
        for change in map(json.loads, page.text.splitlines()):
            if change["kind"] == "service_order":
                order = change["data"]
                self.orders[order["details"]["request_no"]] = order["service_order_no"]
        return request_no in self.orders

    def _changes(self, after: int, limit: int) -> httpx.Response:
        return self.client.get("/v1/changes", params={"after": after, "limit": limit})


@pytest.fixture
def work(house: House) -> Iterator[Work]:
    token = (secrets_folder(house.place.var) / "denghuo_core_token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=house.place.core, headers=headers, timeout=30) as client:
        yield Work(client)


def report(page: Page) -> str:
    """Fill the form in, look it over, send it; the number."""
    page.check("input[name=trouble][value=no_power]")
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("看一遍再交")
    assert violations(page) == []
    page.locator("main button.primary").dblclick()
    expect(page.locator(".notice").first).to_contain_text("收到了。受理号")
    return page.url.rsplit("/", 1)[1].partition("?")[0]


def test_from_a_phone_to_the_core_and_back(house: House, visit: Visit, work: Work) -> None:
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "王春华")
    page.goto("/requests")
    page.click("main .button.primary")
    photo = BytesIO()
    Image.new("RGB", (1200, 900), "#8d98b0").save(photo, "JPEG")
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    page.set_input_files("#in-photos", files=[file])
    number = report(page)
    expect(page.locator(".photos img")).to_have_count(1)
    assert page.locator(".photos img").evaluate("image => image.naturalWidth") == 1200
    order_no = work.await_order(number)
    for status in ("accepted", "in_progress"):
        work.move(order_no, status)
    house.command("sync", "run")
    page.reload()
    expect(page.locator(".steps [data-state=done]")).to_have_count(3)
    expect(page.locator(".steps [aria-current=step]")).to_contain_text("修好送电")
    assert violations(page) == []


def test_taken_back_in_the_core_too(house: House, visit: Visit, work: Work) -> None:
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "王春华")
    page.goto("/requests/new/outage_repair")
    number = report(page)
    order_no = work.await_order(number)
    page.click("text=撤回这一件")
    page.click("main form button")
    expect(page.locator(".badge").first).to_have_text("撤回了")
    eventually(lambda: work.is_at(order_no, "cancelled"), seconds=90)


def test_a_stranger_without_a_script_reports_while_the_core_is_down(
    house: House, visit: Visit, work: Work
) -> None:
    page = visit(viewport=PHONE, javascript=False).new_page()
    house.kill("core")
    try:
        page.goto("/report")
        page.click("main .button.primary")
        page.check("input[name=trouble][value=line]")
        page.fill("#in-address", "柳荫路 8 号门口")
        page.fill("#in-phone", "13800009999")
        page.click("main button.primary")
        page.click("main button.primary")
        expect(page.locator(".notice").first).to_contain_text("收到了。受理号")
        number = page.url.rsplit("/", 1)[1].partition("?")[0]
    finally:
        house.start("core")
        await_answer(f"{house.place.core}/healthz")
    assert work.await_order(number).startswith("S")


def test_a_code_to_the_phone_opens_a_request_on_another_device(house: House, visit: Visit) -> None:
    phone = "13800009998"
    page = visit(viewport=PHONE).new_page()
    page.goto("/report/new/outage_repair")
    page.fill("#in-address", "柳荫路 10 号门口")
    page.fill("#in-phone", phone)
    number = report(page)
    other = visit(viewport=PHONE, javascript=False).new_page()
    other.goto("/report")
    other.fill("#number", number)
    other.fill("#tail", phone[-4:])
    other.click("text=查一下")
    expect(other.locator("h1")).to_have_text("停电、故障报修")
    expect(other.locator("main")).not_to_contain_text("柳荫路")
    other.click("text=收验证码")
    had = len(messages_to(house, phone))
    other.click("button[name=action][value=send]")
    other.fill("input[name=code]", code_sent_to(house, phone, had))
    other.click("main button.primary")
    expect(other.locator("main")).to_contain_text("柳荫路 10 号门口")
    other.get_by_label("给我们留言").fill("楼道里有烧焦的味道")
    other.click("text=发过去")
    page.reload()
    expect(page.locator(".bubble.mine")).to_contain_text("楼道里有烧焦的味道")
