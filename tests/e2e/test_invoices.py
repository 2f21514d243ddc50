"""An invoice in a real browser: a title, the wish, the papers on the page and in the mail box."""

import httpx
import pytest

from tests.e2e.conftest import PHONE, Visit, sign_in, violations
from tests.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

MAIL = "books@example.com"


def test_a_home_gets_its_invoice_on_the_page_and_by_mail(house: House, visit: Visit) -> None:
    page = visit(viewport=PHONE).new_page()
    sign_in(house, page, "王春华")
    page.goto("/invoices")
    page.click("text=开发票")
    page.fill("input[name=name]", "王春华")
    page.click("main button.primary")
    page.wait_for_selector("input[name=bill]")
    assert violations(page) == []
    page.fill("input[name=email]", MAIL)
    page.click("main button.primary")
    page.wait_for_selector("#invoice[data-stage=issued]")
    assert violations(page) == []
    number = page.inner_text("dd:has-text('2642')").replace(" ", "")
    with page.expect_download() as pdf:
        page.click("text=存 PDF")
    assert pdf.value.path().read_bytes().startswith(b"%PDF-")
    with page.expect_download() as xml:
        page.click("text=存 XML")
    assert number in xml.value.path().read_text(encoding="utf-8")
    eventually(lambda: bool(_mail(house)))
    (letter,) = _mail(house)
    assert number in letter["subject"]
    assert [each["name"] for each in letter["attachments"]] == [f"{number}.pdf", f"{number}.xml"]


def _mail(house: House) -> list[dict[str, object]]:
    asked = {"to": MAIL}
    answer = httpx.get(f"{house.place.sandbox}/test/mail", params=asked, trust_env=False)
    messages: list[dict[str, object]] = answer.json()["messages"]
    return messages
