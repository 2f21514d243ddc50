"""An outage in the whole house: reported before it is known, waited for, and over."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from runtime import clock
from runtime.secrets import secrets_folder
from tests.e2e.conftest import PHONE, Visit, sign_in, violations
from tests.e2e.test_requests import report
from tests.house import House
from tests.waiting import eventually

pytestmark = pytest.mark.browser

AREA = "江城北-01"
"""The demo itself has no outages there, at whatever hour the tests run."""

NOTICE = {
    "kind": "unplanned",
    "areas": [AREA],
    "places": ["枣园路 7–9 栋"],
    "reason_code": "fault",
    "reason": "电缆接头烧坏",
    "starts_at": (clock.now() - timedelta(minutes=20)).isoformat(),
}


@pytest.fixture
def core(house: House) -> Iterator[httpx.Client]:
    """The utility's control room."""
    token = (secrets_folder(house.place.var) / "denghuo_core_token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=house.place.core, headers=headers, timeout=30) as client:
        yield client


def says(page: Page, words: str) -> bool:
    """Whether the page says that by now."""
    page.reload()
    return page.locator(f"main :text('{words}')").count() > 0


def test_from_the_first_report_to_the_last_word(
    house: House, visit: Visit, core: httpx.Client
) -> None:
    neighbour = visit(viewport=PHONE).new_page()
    sign_in(house, neighbour, "王春华")
    neighbour.goto(f"/outages/areas/{AREA}")
    neighbour.click("text=这一片要停电，告诉我")
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "陈安然")
    page.goto("/requests/new/outage_repair")
    page.fill("#in-address", "枣园路 8 栋 101")
    number = report(page)
    expect(page.locator("main")).not_to_contain_text("和这次停电是同一件事")

    made = core.post("/v1/outages", json=NOTICE, headers={"Idempotency-Key": f"e2e-{number}"})
    assert made.status_code == 201, made.text
    house.command("sync", "run")
    eventually(lambda: says(page, "和这次停电是同一件事"), seconds=90, pause=0.5)
    neighbour.goto("/inbox")
    eventually(lambda: says(neighbour, "停电了：枣园路 7–9 栋"), seconds=90, pause=0.5)

    over = core.patch(f"/v1/outages/{made.json()['outage_no']}", json={"state": "restored"})
    assert over.status_code == 200, over.text
    house.command("sync", "run")
    eventually(lambda: says(page, "来电了吗？"), seconds=90, pause=0.5)
    eventually(lambda: says(neighbour, "来电了：枣园路 7–9 栋"), seconds=90, pause=0.5)
    page.click("text=消息")
    assert violations(page) == []
    page.click("button:has-text('来电了吗？')")
    page.wait_for_url(f"**/requests/{number}")
    assert violations(page) == []
    page.click("button:has-text('来电了')")
    expect(page.locator(".badge").first).to_have_text("办好了")
