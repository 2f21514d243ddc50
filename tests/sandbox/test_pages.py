"""The pages a tester looks at."""

import httpx
import pytest
from wechatpayv3 import WeChatPay

from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer

NO = "DH20260301000001"


@pytest.fixture
def cashier(sandbox: SandboxServer, wechat: WeChatPay) -> str:
    wechat.pay("12 月电费 <b>", NO, {"total": 14951})
    path: str = sandbox.order(NO)["cashier"]
    return path


@pytest.fixture
def browser(sandbox: SandboxServer) -> httpx.Client:
    return httpx.Client(base_url=sandbox.base_url, trust_env=False)


def test_every_page_says_that_it_is_a_sandbox_and_escapes(
    browser: httpx.Client, cashier: str
) -> None:
    for path in ("/", "/sms", "/mail", cashier):
        page = browser.get(path)
        assert (page.status_code, "没有真钱 no real money" in page.text) == (200, True)
        assert "电费 <b>" not in page.text
    assert "12 月电费 &lt;b&gt;" in browser.get("/").text
    browser.close()


def test_each_button_is_there_while_the_order_is_open(
    browser: httpx.Client, cashier: str, merchant: Merchant
) -> None:
    modes = ("pay", "cancel", "delay", "duplicate", "lose", "wrong_amount", "forged")
    page = browser.get(cashier).text
    assert [mode for mode in modes if f'value="{mode}"' in page] == list(modes)
    after = browser.post(cashier, data={"mode": "pay", "delay": "10"}, follow_redirects=True)
    assert ("付好了" in after.text, 'value="pay"' in after.text) == (True, False)
    merchant.wait(1)
    again = browser.post(cashier, data={"mode": "pay", "delay": "10"}, follow_redirects=True)
    assert (again.status_code, "付好了" in again.text) == (200, True)
    browser.close()


def test_a_callback_is_sent_again_by_a_button(
    sandbox: SandboxServer, browser: httpx.Client, cashier: str, merchant: Merchant
) -> None:
    browser.post(cashier, data={"mode": "lose", "delay": "10"})
    [notice] = sandbox.notifications(NO)
    assert notice["state"] == "lost"
    assert "已丢失 Lost" in browser.get(cashier).text
    assert browser.post(f"/notices/{notice['id']}/resend").status_code == 303
    merchant.wait(1)
    browser.close()


@pytest.mark.parametrize(
    "form",
    [{"mode": "steal"}, {}, {"mode": "delay", "delay": "-1"}, {"mode": "delay", "delay": "nan"}],
)
def test_a_form_that_no_button_sends_is_refused(
    sandbox: SandboxServer, browser: httpx.Client, cashier: str, form: dict[str, str]
) -> None:
    assert browser.post(cashier, data=form).status_code == 400
    assert sandbox.order(NO)["state"] == "open"
    browser.close()


def test_the_way_back_is_a_web_address_or_none(browser: httpx.Client, cashier: str) -> None:
    url = f"{cashier}?redirect_url=javascript%3Aalert(1)"
    back = browser.post(url, data={"mode": "cancel", "delay": "10"})
    assert (back.status_code, back.headers["Location"].split("?")[0]) == (
        303,
        str(browser.base_url).rstrip("/") + cashier,
    )
    browser.close()


def test_what_is_not_there_is_a_plain_page(browser: httpx.Client) -> None:
    paths = ("/cashier/wechat/none", "/cashier/wechat/scan?code=x", "/cashier/bank/x", "/nothing")
    for path in paths:
        page = browser.get(path)
        assert (page.status_code, "no such page" in page.text) == (404, True)
    browser.close()


def test_it_says_that_it_is_well(browser: httpx.Client) -> None:
    assert browser.get("/healthz").json() == {"status": "ok"}
    browser.close()


def test_the_day_is_closed_by_a_button(browser: httpx.Client, cashier: str) -> None:
    assert 'action="/close-day"' in browser.get("/").text
    after = browser.post("/close-day", follow_redirects=True)
    assert (after.status_code, "Today's statements can be fetched" in after.text) == (200, True)
    assert 'action="/close-day"' not in after.text
    browser.close()
