"""Passkeys in a real browser, with the authenticator that its developer tools make."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from denghuo.demo import people
from tests.e2e.conftest import (
    PHONE,
    Visit,
    come_to_work,
    pass_the_door,
    resident,
    sign_in,
    violations,
)
from tests.e2e.test_paying import POSTED_MS, confirm_by_code, order_no, pay_at_gateway
from tests.house import House
from tests.sms import messages_to

pytestmark = pytest.mark.browser

WHO, ACCOUNT = "何晓岚", "420013347102"
SIX_THOUSAND = f"/pay/confirm?account={ACCOUNT}&amount=6000"
NO_AUTOFILL = "delete PublicKeyCredential.isConditionalMediationAvailable"
"""The virtual authenticator answers at once what a person would first have to choose."""


@dataclass
class Authenticator:
    """A security key in the browser, steered by its developer tools."""

    tools: CDPSession
    number: str

    def verifies(self, yes: bool) -> None:
        """Whether it knows its user again."""
        self._do("setUserVerified", isUserVerified=yes)

    def is_cloned(self) -> None:
        """Become a copy that was made before the last uses."""
        for credential in self._do("getCredentials")["credentials"]:
            self._do("removeCredential", credentialId=credential["credentialId"])
            self._do("addCredential", credential=credential | {"signCount": 1})

    def count(self) -> int:
        return int(self._do("getCredentials")["credentials"][0]["signCount"])

    def _do(self, command: str, **params: Any) -> dict[str, Any]:
        told = {"authenticatorId": self.number, **params}
        return dict(self.tools.send(f"WebAuthn.{command}", told))


def plugged_into(page: Page) -> Authenticator:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Authenticator(tools, made["authenticatorId"])


def add_passkey(house: House, page: Page, name: str = "书房的电脑") -> None:
    """From the profile, by password, to the list with the passkey in it."""
    page.goto("/profile")
    page.get_by_role("link", name="通行密钥").click()
    page.get_by_role("link", name=re.compile("添加一把")).click()
    if page.locator("input[name=password]").count():
        page.fill("input[name=password]", people.password(house.place.var))
        page.click("main button.primary")
    page.fill("input[name=name]", name)
    page.get_by_role("button", name="在这台设备上添加").click()
    expect(page.locator("main .rows")).to_contain_text(name)


def sign_out(page: Page) -> None:
    page.goto("/profile")
    page.locator("form[action*='sign-out'] button").first.click()
    page.wait_for_url("**/sign-in")


def remove_passkeys(page: Page) -> None:
    """Leave the customer as they were: tests share the house."""
    page.goto("/profile/passkeys")
    while page.locator("main .rows a.row").count():
        page.locator("main .rows a.row").first.click()
        page.get_by_role("button", name="删掉这把通行密钥").click()
        page.wait_for_url("**/profile/passkeys")


def choose_six_thousand(page: Page) -> None:
    page.goto(SIX_THOUSAND)
    page.check("input[name=way][value=wechat]")
    page.locator("main button.primary").click()
    expect(page.locator("h1")).to_have_text("确认这笔大额付款")


def test_a_passkey_signs_in_and_confirms_a_large_payment(house: House, visit: Visit) -> None:
    page = visit().new_page()
    page.add_init_script(NO_AUTOFILL)
    key = plugged_into(page)
    sign_in(house, page, WHO)
    add_passkey(house, page)
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url(f"{house.place.portal}/")
    page.goto("/profile/passkeys")
    expect(page.locator("main .rows")).to_contain_text("用过")
    choose_six_thousand(page)
    expect(page.locator(".figure").first).to_contain_text("6,000.00")
    page.get_by_role("button", name="用通行密钥确认").click()
    expect(page.locator(".qr svg")).to_be_visible()
    pay_at_gateway(house, order_no(page))
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)
    assert key.count() == 3
    remove_passkeys(page)


def test_staff_come_in_by_a_passkey_alone_or_as_their_second_step(
    house: House, visit: Visit
) -> None:
    page = visit().new_page()
    page.add_init_script(NO_AUTOFILL)
    plugged_into(page)
    come_to_work(house, page, "陆远山")
    add_passkey(house, page)
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/desk/**")
    sign_out(page)
    pass_the_door(house, page, "陆远山")
    page.wait_for_url("**/sign-in/second**")
    page.get_by_role("button", name="用通行密钥登录").click()
    page.wait_for_url("**/desk/**")
    remove_passkeys(page)


def test_the_browser_offers_passkeys_below_the_field(house: House, visit: Visit) -> None:
    page = visit().new_page()
    plugged_into(page)
    sign_in(house, page, WHO)
    add_passkey(house, page)
    page.goto("/profile")
    page.locator("form[action*='sign-out'] button").first.click()
    page.wait_for_url(f"{house.place.portal}/")
    expect(page.locator("h1")).not_to_have_text("登录")
    remove_passkeys(page)


def test_who_is_not_known_again_pays_by_code(house: House, visit: Visit) -> None:
    """The device does not verify its user, so the message does, which says what for."""
    page = visit(viewport=PHONE).new_page()
    page.add_init_script(NO_AUTOFILL)
    key = plugged_into(page)
    sign_in(house, page, WHO)
    add_passkey(house, page)
    key.verifies(False)
    choose_six_thousand(page)
    page.get_by_role("button", name="用通行密钥确认").click()
    expect(page.locator("[data-passkey-said]")).to_contain_text("没有完成")
    assert page.url.endswith("/pay")
    confirm_by_code(house, page, WHO)
    expect(page.locator(".qr svg")).to_be_visible()
    message = messages_to(house, resident(house, WHO).phone)[0]
    assert message["template"] == "code_payment_zh"
    assert message["params"]["amount"] == "6,000.00"
    assert message["params"]["payee"] == "江城供电（户号尾号 7102）"
    page.get_by_role("button", name="换一种方式").click()
    remove_passkeys(page)


def test_a_cloned_key_is_refused_and_stopped(house: House, visit: Visit) -> None:
    page = visit().new_page()
    page.add_init_script(NO_AUTOFILL)
    key = plugged_into(page)
    sign_in(house, page, WHO)
    add_passkey(house, page)
    for _ in range(3):
        sign_out(page)
        page.get_by_role("button", name="用通行密钥登录").click()
        page.wait_for_url(f"{house.place.portal}/")
    key.is_cloned()
    choose_six_thousand(page)
    page.get_by_role("button", name="用通行密钥确认").click()
    expect(page.locator("main [role=alert]:visible")).to_contain_text("可能被人复制过")
    assert "/pay/2" not in page.url
    page.goto("/profile/passkeys")
    expect(page.locator("main .rows")).to_contain_text("停用")
    sign_out(page)
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("main [data-state=bad]:visible")).to_contain_text("可能被人复制过")
    sign_in(house, page, WHO)
    remove_passkeys(page)


def test_a_large_payment_needs_no_script(house: House, visit: Visit) -> None:
    page = visit(javascript=False).new_page()
    sign_in(house, page, WHO)
    choose_six_thousand(page)
    expect(page.get_by_role("button", name="用通行密钥确认")).to_have_count(0)
    confirm_by_code(house, page, WHO)
    expect(page.locator(".qr svg")).to_be_visible()
    page.get_by_role("button", name="换一种方式").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_passkeys_are_accessible(house: House, visit: Visit, theme: str) -> None:
    page = visit(viewport=PHONE, color_scheme=theme).new_page()
    page.add_init_script(NO_AUTOFILL)
    plugged_into(page)
    sign_in(house, page, WHO)
    found = []
    page.goto("/profile/prove")
    found += violations(page)
    add_passkey(house, page)
    for address in ("", "/add"):
        page.goto(f"/profile/passkeys{address}")
        found += violations(page)
    page.goto("/profile/passkeys")
    page.locator("main .rows a.row").first.click()
    found += violations(page)
    choose_six_thousand(page)
    found += violations(page)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    remove_passkeys(page)
    assert found == []
