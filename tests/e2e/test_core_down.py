"""The core is down: old figures stay with their hour, paying goes on, nothing is lost."""

import pytest
from playwright.sync_api import expect

from denghuo.house import await_answer
from tests.e2e.conftest import Visit, sign_in
from tests.e2e.test_paying import POSTED_MS, order_no, pay_at_gateway
from tests.house import House

pytestmark = pytest.mark.browser


def test_paying_goes_on_while_the_core_is_down(house: House, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(house, page, "陈安然")
    house.kill("core")
    try:
        page.goto("/bills")
        expect(page.locator("main .rows a.row").first).to_be_visible()
        page.goto("/pay/confirm?account=420015268840&amount=30.00")
        page.check("input[name=way][value=wechat]")
        page.locator("main button.primary").click()
        expect(page.locator(".qr svg")).to_be_visible()
        pay_at_gateway(house, order_no(page))
        payment = page.locator("#payment")
        expect(payment).to_have_attribute("data-stage", "crediting", timeout=POSTED_MS)
        expect(page.locator("h1")).to_have_text("收到了，正在记账")
    finally:
        house.start("core")
        await_answer(f"{house.place.core}/healthz")
    expect(payment).to_have_attribute("data-stage", "posted", timeout=2 * POSTED_MS)
