"""Every page as people meet it: small and large, light and dark, Chinese and English."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Visit, sign_in, violations, weight
from tests.house import House

pytestmark = pytest.mark.browser

WIDE = {"width": 1440, "height": 900}
OPEN_PAGES = (
    "/sign-in",
    "/sign-in/code",
    "/sign-up",
    "/report",
    "/report/new/outage_repair",
    "/nowhere",
    "/outages",
    "/outages?at=梧桐里",
    "/halls",
)
OWN_PAGES = (
    "/",
    "/bills",
    "BILL",
    "BILL?against=last_year",
    "/usage",
    "/usage/MONTH",
    "/usage/DAY",
    "/pay",
    "/pay?choose=1",
    "/payments",
    "/payments?account=all",
    "/requests",
    "/requests/new",
    "/requests/new/outage_repair",
    "/requests/new/dispute",
    "/requests/new/new_connection",
    "/invoices",
    "/invoices/titles",
    "/invoices/titles/new",
    "/accounts",
    "/accounts/bind",
    "/accounts/bind/code",
    "/accounts/420011875603/people",
    "/chat",
    "/profile",
    "/profile/edit",
    "/profile/password",
    "/profile/password/code",
    "/profile/devices",
    "/profile/passkeys",
    "/profile/prove",
    "/profile/prove/code",
    "/profile/large-payments",
    "/outages",
    "/halls",
)
PEOPLE = {
    "王春华": OWN_PAGES,
    "江城暖阳纺织有限公司": ("/", "/bills", "BILL", "/usage", "/pay", "/payments"),
    "陈安然": ("/", "/payments/low-balance/420015268840"),
}


def addresses(page: Page, pages: tuple[str, ...]) -> list[str]:
    """The pages with the newest bill, month and day of this customer put in."""
    page.goto("/bills")
    bill = page.locator("main .rows a.row").first.get_attribute("href") or ""
    page.goto("/usage")
    month = page.locator("main a[href*='/usage/20']").first.get_attribute("href") or ""
    page.goto(month)
    day = page.locator("main a[href*='/usage/20'][href*='-'][href$='01']").first
    named = {"BILL": bill, "/usage/MONTH": month, "/usage/DAY": day.get_attribute("href") or ""}
    return [
        address.replace(name, named[name])
        if (name := address.partition("?")[0]) in named
        else address
        for address in pages
    ]


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "wide"])
def test_every_page_is_accessible(house: House, visit: Visit, size: str, theme: str) -> None:
    """axe-core finds nothing at A, AA and best practice, and nothing hangs over the edge."""
    found: list[str] = []
    for name, pages in PEOPLE.items():
        page = visit(viewport=PHONE if size == "phone" else WIDE, color_scheme=theme).new_page()
        for address in OPEN_PAGES:
            page.goto(address)
            found += [f"{address} {each}" for each in violations(page)]
        sign_in(house, page, name)
        for address in addresses(page, pages):
            page.goto(address)
            found += [f"{name} {address} {each}" for each in violations(page)]
            if scrolls_sideways(page):
                found.append(f"{name} {address} scrolls sideways")
    assert found == []


def test_english_pages_have_no_chinese_left(house: House, visit: Visit) -> None:
    """Names and addresses of people apart, which are data."""
    page = visit().new_page()
    sign_in(house, page, "王春华")
    found: list[str] = []
    for address in addresses(page, OWN_PAGES):
        page.goto(address + ("&" if "?" in address else "?") + "lang=en")
        assert page.locator("html").get_attribute("lang") == "en"
        found += [f"{address}: {text}" for text in chinese_words(page)]
    assert found == []


def chinese_words(page: Page) -> list[str]:
    """Texts with Chinese in them that are neither data, nor said in a chat, nor the switch."""
    texts = page.evaluate("""() => {
      const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const node = walk.currentNode, own = node.parentElement;
        const theirs = own.closest('[lang=zh], script, .bubble, .replies');
        if (/[\\u4e00-\\u9fff]/.test(node.data) && !theirs)
          out.push(node.data.trim());
      }
      return out;
    }""")
    data = ("中文", "王", "梧桐里", "临江苑", "柳荫路", "自己家", "出租", "爸妈家")
    return [text for text in texts if not any(word in text for word in data)]


@pytest.mark.parametrize(("address", "kilobytes"), [("/", 90), ("BILL", 90), ("/usage", 90)])
def test_a_page_weighs_what_was_promised(
    house: House, visit: Visit, address: str, kilobytes: int
) -> None:
    page = visit().new_page()
    sign_in(house, page, "王春华")
    (path,) = addresses(page, (address,))
    assert weight(page, path) <= kilobytes * 1024


@pytest.mark.parametrize("address", ["/", "BILL"])
def test_nothing_jumps_while_a_page_loads(house: House, visit: Visit, address: str) -> None:
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "王春华")
    (path,) = addresses(page, (address,))
    page.add_init_script(
        "window.jumps = 0; new PerformanceObserver(list => { for (const e of list.getEntries())"
        " if (!e.hadRecentInput) window.jumps += e.value; })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(path, wait_until="networkidle")
    assert page.evaluate("window.jumps") < 0.01


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_home_in_large_letters(house: House, visit: Visit, theme: str) -> None:
    """Accessible, within its edges, and read aloud by whatever voice the browser has."""
    page = visit(viewport=PHONE, color_scheme=theme).new_page()
    page.add_init_script(
        "window.said = [];"
        "speechSynthesis.speak = said => { window.said.push(said.text + said.lang); };"
    )
    sign_in(house, page, "王守山")
    assert violations(page) == []
    assert not scrolls_sideways(page)
    button = page.locator("[data-read]")
    button.click()
    expect(button).to_have_text("停一下")
    (said,) = page.evaluate("window.said")
    assert re.fullmatch(r".*电费，待缴，.+元.*。.+zh-CN", said)
    button.click()
    expect(button).to_have_text("念给我听")


def test_the_chat_covers_no_link_at_the_end_of_a_page(house: House, visit: Visit) -> None:
    """Its button floats in the corner in which the footer has the language."""
    page = visit().new_page()
    sign_in(house, page, "王春华")
    page.goto("/accounts")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    floating = page.locator(".ask .button").bounding_box()
    last = page.locator(".foot").get_by_role("button").last.bounding_box()
    assert floating is not None
    assert last is not None
    assert last["y"] + last["height"] <= floating["y"]
