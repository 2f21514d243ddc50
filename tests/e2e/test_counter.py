"""Cash in a real browser: a code on a phone, a desk with nothing but a keyboard, a closed shift."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Visit, come_to_work, sign_in, violations
from tests.house import House

pytestmark = pytest.mark.browser

CREDITED_MS = 30_000


def account_no(page: Page) -> str:
    """The number of the first account, as its owner's page shows it."""
    page.goto("/accounts")
    found = re.search(r"\d{4} \d{4} \d{4}", page.locator("main").inner_text())
    assert found is not None
    return found[0].replace(" ", "")


def look(page: Page) -> None:
    """What a reader who cannot see well would stumble over: nothing, by day and by night."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == []
    page.emulate_media(color_scheme="light")


def test_cash_by_keyboard_alone(house: House, visit: Visit) -> None:
    customer = visit(PHONE).new_page()
    sign_in(house, customer, "陈安然")
    customer.goto(f"/pay/confirm?account={account_no(customer)}&amount=88.88")
    customer.get_by_role("button", name="去营业厅付现金").click()
    expect(customer.locator("h1")).to_have_text("到营业厅付现金")
    look(customer)
    number = customer.locator(".slip .number").inner_text()

    desk = visit().new_page()
    come_to_work(house, desk, "林小满")
    keys = desk.keyboard
    desk.goto("/desk/counter")
    look(desk)
    keys.type("7")
    keys.press("Tab")
    keys.type("100")
    keys.press("Enter")
    expect(desk.locator("h1")).to_have_text("收款")
    look(desk)
    keys.type(number)  # as a scanner does
    keys.press("Enter")
    expect(desk.locator("h1")).to_have_text("请收")
    look(desk)
    keys.type("100")
    keys.press("Enter")
    expect(desk.locator("h1")).to_have_text("找给客户")
    expect(desk.locator(".figure")).to_have_text("¥11.10")
    look(desk)
    keys.press("Enter")
    expect(desk.locator("h1")).to_have_text("现金收据")
    look(desk)
    keys.press("Enter")
    expect(desk.locator("h1")).to_have_text("收款")
    expect(desk.get_by_text("¥88.90")).to_be_visible()
    expect(customer.locator("h1")).to_have_text("充好了，已经记到余额上", timeout=CREDITED_MS)

    desk.get_by_role("link", name="清点交班").click()
    expect(desk.locator("h1")).to_have_text("清点交班")
    look(desk)
    for count in ("1", "1", "1", "1", "1", "3", "1", "4"):  # ¥188.90, from ¥100 down to 1 jiao
        keys.type(count)
        keys.press("Tab")
    keys.press("Enter")
    expect(desk.get_by_text("已交班")).to_be_visible()
    look(desk)
