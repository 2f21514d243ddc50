"""A request in the whole house, brought on by the desk; the core follows, its customer reads."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Visit, come_to_work, violations
from tests.e2e.test_requests import Work, work  # noqa: F401 - a fixture
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.browser

STRANGER = "13800009997"


def report(page: Page) -> str:
    """A stranger tells of a broken line; the number."""
    page.goto("/report/new/outage_repair")
    page.check("input[name=trouble][value=line]")
    page.fill("#in-address", "柳荫路 12 号门口")
    page.fill("#in-phone", STRANGER)
    page.click("main button.primary")
    expect(page.locator("h1")).to_have_text("看一遍再交")
    page.click("main button.primary")
    expect(page.locator(".notice").first).to_contain_text("收到了。受理号")
    return page.url.rsplit("/", 1)[1].partition("?")[0]


def test_from_the_desk_to_the_core_and_to_the_customer(
    house: House,
    visit: Visit,
    work: Work,  # noqa: F811 - the fixture
) -> None:
    customer = visit(viewport=PHONE).new_page()
    number = report(customer)
    order_no = work.await_order(number)
    desk = visit().new_page()
    come_to_work(house, desk, "林小满")
    desk.goto("/desk/requests?queue=free&team=repair")
    assert violations(desk) == []
    desk.keyboard.press("/")
    desk.keyboard.type(number.lower())
    desk.keyboard.press("Enter")
    expect(desk.locator(".glance")).to_contain_text("柳荫路 12 号门口")
    desk.get_by_role("button", name="我来接").click()
    desk.fill("#note", "抢修三班出发了。")
    desk.get_by_role("button", name="办到这一步").click()
    expect(desk.locator(".figure")).to_contain_text("人到现场")
    eventually(lambda: work.is_at(order_no, "accepted"), seconds=90)
    desk.get_by_role("button", name="办到这一步").click()
    expect(desk.locator(".figure")).to_contain_text("修好送电")
    desk.keyboard.press("r")
    desk.keyboard.type("人到了，正在修。")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#thread .mine")).to_have_text("人到了，正在修。")
    desk.select_option("#in-cause", "line")
    desk.fill("#in-done", "换了断线")
    desk.get_by_role("button", name="办到这一步").click()
    expect(desk.locator(".case .figure")).to_contain_text("办好了")
    assert violations(desk) == []
    eventually(lambda: work.is_at(order_no, "done"), seconds=90)
    customer.reload()
    expect(customer.locator("main")).to_contain_text("抢修三班出发了。")
    expect(customer.locator("main")).to_contain_text("人到了，正在修。")
    expect(customer.locator(".steps [data-state=done]")).to_have_count(4)
