"""Getting in: sign up with a code by SMS, bind an account with proof, and be kept out of others."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, sign_in
from tests.house import House
from tests.sms import code_sent_to

pytestmark = pytest.mark.browser


def sign_up(house: House, page: Page, phone: str) -> None:
    page.goto("/sign-up")
    page.fill("input[name=phone]", phone)
    page.fill("input[name=password]", "a window in the evening")
    page.click("button[name=action][value=send]")
    page.fill("input[name=password]", "a window in the evening")
    page.fill("input[name=code]", code_sent_to(house, phone))
    page.click("main button.primary")
    page.wait_for_url(f"{house.place.portal}/**")


def test_a_new_customer_signs_up_and_binds_a_home(house: House, visit: Visit) -> None:
    page = visit().new_page()
    sign_up(house, page, "13800007001")
    page.goto("/accounts/bind")
    page.fill("input[name=account_no]", "4200 1526 8840")
    page.fill("input[name=holder_name]", "陈安然")
    page.fill("input[name=phone_last4]", "0000")
    page.click("main button.primary")
    expect(page.locator("[data-state=bad], .error").first).to_contain_text("对不上")
    page.fill("input[name=phone_last4]", "2833")
    page.click("main button.primary")
    page.goto("/accounts")
    expect(page.locator("main")).to_contain_text("4200 1526 8840")


def test_the_neighbour_finds_nothing(house: House, visit: Visit) -> None:
    owner = visit().new_page()
    sign_in(house, owner, "何晓岚")
    owner.goto("/bills")
    bill = owner.locator("main .rows a.row").first.get_attribute("href") or ""
    assert bill
    neighbour = visit().new_page()
    sign_in(house, neighbour, "陈安然")
    for address in (bill, f"{bill}.pdf", "/accounts/420013347102/name"):
        answer = neighbour.goto(address)
        assert answer is not None
        assert answer.status == httpx.codes.NOT_FOUND
        assert "何" not in neighbour.content()


def test_signing_out_ends_the_session(house: House, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(house, page, "陈安然")
    page.goto("/profile")
    page.locator("form[action*='sign-out'] button").first.click()
    page.goto("/bills")
    expect(page).to_have_url(re.compile(r"/sign-in"))
