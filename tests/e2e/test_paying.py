"""From a bill on the page to money in the core, in a real browser against the real processes."""

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from runtime.settings import load
from service.settings import ServiceSettings
from tests.e2e.conftest import PHONE, Visit, resident, sign_in, violations
from tests.house import House
from tests.sms import code_sent_to, messages_to

pytestmark = pytest.mark.browser

POSTED_MS = 30_000


def owed(house: House, account_no: str) -> int:
    """What the core says an account owes, in fen."""
    settings = load(ServiceSettings, var=house.place.var)
    answer = httpx.get(
        f"{house.place.core}/v1/accounts/{account_no}/balance",
        headers={"Authorization": f"Bearer {settings.core_token.get_secret_value()}"},
        trust_env=False,
    )
    answer.raise_for_status()
    return sum(
        bill["outstanding_fen"] + bill["late_fee_fen"] for bill in answer.json()["outstanding"]
    )


def pay_at_gateway(house: House, order_no: str, mode: str = "pay") -> None:
    """What a customer does on the telephone: pay the order that was scanned."""
    answer = httpx.post(
        f"{house.place.sandbox}/test/pay",
        json={"out_trade_no": order_no, "mode": mode},
        trust_env=False,
    )
    answer.raise_for_status()


def confirm_by_code(house: House, page: Page, name: str) -> None:
    """The step before a large payment: ask for the code, read it on the telephone, type it in."""
    expect(page.locator("h1")).to_have_text("确认这笔大额付款")
    phone = resident(house, name).phone
    had = len(messages_to(house, phone))
    page.click("button[name=action][value=send]")
    page.fill("input[name=code]", code_sent_to(house, phone, had=had))
    page.get_by_role("button", name="确认并付").click()


def order_no(page: Page) -> str:
    """The number of the order that the page shows."""
    return page.url.rpartition("/pay/")[2].partition("?")[0]


def newest_bill(page: Page, account_no: str) -> None:
    """Open the newest bill of an account, as a customer does."""
    page.goto("/accounts")
    page.locator(f"form[action$='/{account_no}/choose'] button").click()
    page.goto("/bills")
    page.locator("main .rows a.row").first.click()
    expect(page.locator("h1")).to_contain_text("电费")


def test_a_home_reads_its_bill_and_pays_by_wechat(house: House, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(house, page, "王春华")
    newest_bill(page, "420011875603")
    debt = owed(house, "420011875603")
    assert debt > 0
    expect(page.locator("#lines ~ table tfoot, table.lines tfoot").first).to_contain_text(
        f"¥{debt / 100:,.2f}"
    )
    expect(page.locator("#why")).to_be_visible()
    page.locator("main a.button.primary").click()
    page.check("input[name=way][value=wechat]")
    page.locator("main button.primary").click()
    expect(page.locator(".qr svg")).to_be_visible()
    pay_at_gateway(house, order_no(page))
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)
    assert owed(house, "420011875603") == 0
    newest_bill(page, "420011875603")
    expect(page.locator(".badge").first).to_have_text("已缴清", timeout=POSTED_MS)


def test_a_payment_is_looked_back_on(house: House, visit: Visit) -> None:
    """From the page of the order to the payment, where its money is, and its receipt."""
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "何晓岚")
    page.goto("/pay/confirm?account=420013347102&amount=15.00")
    page.check("input[name=way][value=wechat]")
    page.locator("main button.primary").click()
    expect(page.locator(".qr svg")).to_be_visible()
    number = order_no(page)
    pay_at_gateway(house, number)
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)
    page.get_by_role("link", name="明细和收据").click()
    page.get_by_role("button", name="这笔钱到哪了").click()
    said = page.locator(".notice")
    expect(said).to_contain_text("微信说")
    expect(said).to_contain_text("记进了户号 …7102 的账上")
    assert violations(page) == []
    receipt = page.request.get(f"/payments/{number}/receipt.pdf")
    assert (receipt.status, receipt.body()[:5]) == (200, b"%PDF-")
    page.goto("/payments?account=all")
    expect(page.locator(f"a[href='/payments/{number}']")).to_contain_text("¥15.00")


def test_a_shop_pays_its_arrears_on_a_phone_by_alipay(house: House, visit: Visit) -> None:
    page = visit(viewport=PHONE, is_mobile=True, has_touch=True).new_page()
    sign_in(house, page, "刘满仓")
    debt = owed(house, "420014520937")
    assert debt > 0
    page.goto("/pay")
    expect(page.locator(".figure").first).to_contain_text(f"{debt / 100:,.2f}")
    page.locator("main button.primary").click()
    page.check("input[name=way][value=alipay]")
    page.locator("main button.primary").click()
    confirm_by_code(house, page, "刘满仓")
    page.wait_for_url(f"{house.place.sandbox}/cashier/**")
    page.click("button[value=pay]")
    page.wait_for_url(f"{house.place.portal}/pay/**")
    assert "?" not in page.url
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)
    assert owed(house, "420014520937") == 0


def test_reading_and_paying_need_no_script(house: House, visit: Visit) -> None:
    page = visit(javascript=False).new_page()
    sign_in(house, page, "王守山")
    newest_bill(page, "420012063318")
    expect(page.locator("#why")).to_be_visible()
    page.locator("main a.button.primary").click()
    page.check("input[name=way][value=alipay]")
    page.locator("main button.primary").click()
    page.wait_for_url(f"{house.place.sandbox}/cashier/**")
    page.click("button[value=pay]")
    page.wait_for_url(f"{house.place.portal}/pay/**")
    await_posted_without_script(page)
    assert owed(house, "420012063318") == 0


def await_posted_without_script(page: Page) -> None:
    """Without a script the page reloads itself until the money is posted."""
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)


def test_a_lost_callback_is_found_by_asking(house: House, visit: Visit) -> None:
    context: BrowserContext = visit()
    page = context.new_page()
    sign_in(house, page, "何晓岚")
    page.goto("/pay/confirm?account=420013347102&amount=20.00")
    page.check("input[name=way][value=wechat]")
    page.locator("main button.primary").click()
    expect(page.locator(".qr svg")).to_be_visible()
    pay_at_gateway(house, order_no(page), "lose")
    page.locator("main button.primary").click()
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)


@pytest.mark.parametrize(("javascript", "on_a_phone"), [(True, False), (False, True)])
def test_a_home_pays_by_unionpay(
    house: House, visit: Visit, javascript: bool, on_a_phone: bool
) -> None:
    """There by a form, and back by a form that another site posts."""
    phone = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if on_a_phone else {}
    page = visit(javascript=javascript, **phone).new_page()
    sign_in(house, page, "何晓岚")
    page.goto("/pay/confirm?account=420013347102&amount=35.00")
    page.check("input[name=way][value=unionpay]")
    page.locator("main button.primary").click()
    page.wait_for_url(f"{house.place.portal}/pay/**")
    page.locator("#payment form button.primary").click()
    page.wait_for_url(f"{house.place.sandbox}/cashier/unionpay/**")
    page.click("button[value=pay]")
    page.wait_for_url(f"{house.place.sandbox}/cashier/unionpay/*/back")
    page.click("#back button")
    page.wait_for_url(f"{house.place.portal}/pay/**")
    assert "?" not in page.url
    expect(page.locator("#payment")).to_have_attribute("data-stage", "posted", timeout=POSTED_MS)
    expect(page.locator(".facts")).to_contain_text("云闪付 / 银联")
