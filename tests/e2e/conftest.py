"""A whole house with a small utility, and a real Chromium to visit it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from denghuo.demo import people
from denghuo.demo.furnish import furnish
from denghuo.demo.people import Resident
from denghuo.house import ROOT
from tests.house import DAY_AND_NIGHT, House, standing_house
from tests.sms import code_sent_to, messages_to

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SETTLED = """Promise.allSettled(document.getAnimations().filter(
    each => each.effect.getComputedTiming().endTime < Infinity).map(each => each.finished))"""
"""Words that fade in are pale for a moment; what goes on for ever is not waited for."""
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """The processes of the demo, with one account of every sort; its desk never closes."""
    with standing_house(DENGHUO_JOB_RESCUE_SECONDS="5", **DAY_AND_NIGHT) as house:
        house.residents = furnish(house.place, lambda _text: None, small=True)
        yield house


Visit = Callable[..., BrowserContext]


@pytest.fixture
def visit(house: House, browser: Browser) -> Iterator[Visit]:
    """Opens a browser of its own: `visit(viewport=PHONE, javascript=False)`."""
    opened: list[BrowserContext] = []

    def open_one(
        viewport: dict[str, int] = DESK, javascript: bool = True, **options: object
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=house.place.portal,
            viewport=viewport,
            java_script_enabled=javascript,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            **options,
        )
        context.set_default_timeout(20_000)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


def resident(house: House, name: str) -> Resident:
    """A named customer of the demo."""
    return next(each for each in house.residents if each.name == name)


def sign_in(house: House, page: Page, name: str) -> None:
    """Sign in as a named customer, by phone and password."""
    page.goto("/sign-in")
    pass_the_door(house, page, name)
    page.wait_for_url("**/")


def come_to_work(house: House, page: Page, name: str) -> None:
    """Sign in as one of the utility's own people: two steps, and then their first room."""
    phone = resident(house, name).phone
    page.goto("/sign-in")
    pass_the_door(house, page, name)
    page.wait_for_url("**/sign-in/second**")
    had = len(messages_to(house, phone))
    page.click("button[name=action][value=send]")
    page.fill("input[name=code]", code_sent_to(house, phone, had))
    page.click("main button.primary")
    page.wait_for_url(re.compile("/(desk/|field)"))


def pass_the_door(house: House, page: Page, name: str) -> None:
    """Fill in the page for signing in, and send it."""
    page.fill("input[name=phone]", resident(house, name).phone)
    page.fill("input[name=password]", people.password(house.place.var))
    page.click("main button.primary")


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page once what comes has come, one line a finding."""
    page.evaluate(SETTLED)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags}).then(r => r.violations.map("
        "v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(' | ')))",
        AXE_RULES,
    )
    return [str(each) for each in found]


def weight(page: Page, path: str) -> int:
    """Bytes that a first visit to a page transfers, as they go over the wire."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle")
    session.detach()
    return int(sum(sizes))


def screenshot_folder() -> Path:
    """Where a failing journey leaves its picture."""
    return ROOT / "var" / "screenshots"
