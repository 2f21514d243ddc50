"""A repair in the whole house: reported, sent out, done in the field, read by its customer."""

import pytest
from playwright.sync_api import Page, expect

from denghuo.demo.people import STAFF
from tests.e2e.conftest import PHONE, Visit, come_to_work, sign_in, violations
from tests.e2e.test_pages import scrolls_sideways
from tests.e2e.test_requests import report
from tests.house import House

pytestmark = pytest.mark.browser
AGENT, WORKER = (
    next(name for phone, name, role, _note in STAFF if role == wanted)
    for wanted in ("agent", "field")
)
HERE = {"latitude": 31.0724, "longitude": 113.0714, "accuracy": 9}


def send_out(house: House, page: Page, number: str) -> None:
    """The desk sends a crew."""
    come_to_work(house, page, AGENT)
    page.goto(f"/desk/requests/{number}")
    page.click("text=办到这一步")
    expect(page.locator(".steps [aria-current=step]")).to_contain_text("人到现场，在修")
    form = page.locator("form[action*='/hand']")
    page.locator("details", has=form).locator("summary").click()
    form.locator("select").select_option(label=WORKER)
    form.locator("button").click()
    expect(page.locator("main")).to_contain_text(f"{WORKER} 在办")


def test_from_the_report_to_the_slip(house: House, visit: Visit) -> None:
    customer = visit(viewport=PHONE).new_page()
    sign_in(house, customer, "王春华")
    customer.goto("/requests/new/outage_repair")
    number = report(customer)
    send_out(house, visit().new_page(), number)
    worker = visit(viewport=PHONE, geolocation=HERE, permissions=["geolocation"]).new_page()
    come_to_work(house, worker, WORKER)
    expect(worker.locator("h1")).to_have_text("今天的活")
    expect(worker.locator("html[data-taken-along=yes]")).to_be_attached()
    worker.click("[data-from-here]")
    worker.wait_for_url("**/field?at=31.072,113.071")
    for path in (None, f"/field/jobs/{number}"):
        if path:
            worker.goto(path)
        assert violations(worker) == []
        assert not scrolls_sideways(worker)
    worker.fill("#note", "电表前的开关坏了，换好了。")
    worker.click("button[value=complete]")
    expect(worker.locator("main")).to_contain_text("现场服务单")
    worker.click("text=发给客户")
    expect(worker.locator(".notice")).to_have_text("发给客户了。")
    with worker.expect_download() as saved:
        worker.click("text=存成 PDF")
    assert saved.value.suggested_filename.startswith(number)
    worker.goto("/field")
    expect(worker.locator("ol a[data-stamp]").first).to_contain_text("修好送电")
    customer.goto(f"/requests/{number}")
    expect(customer.locator(".steps [data-state=done]")).to_have_count(3)
    customer.click("a[href^='/slips/']")
    expect(customer.locator("main")).to_contain_text("电表前的开关坏了，换好了。")
    assert violations(customer) == []
