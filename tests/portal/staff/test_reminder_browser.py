"""The ladder's picture in a real Chromium: small and wide, light and dark, in both languages."""

from collections.abc import Iterator
from itertools import pairwise
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from notifications.arrears.ladder import BANDS, ladder
from runtime.database import Database
from tests.e2e.conftest import violations
from tests.portal.conftest import sign_in_of, staff

pytestmark = pytest.mark.browser

PAGE = "/desk/reminders"
SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


@pytest.fixture
def page(app: Flask, database: Database, browser: Browser) -> Iterator[Page]:
    """A lead."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=address, locale="zh-CN")
    context.add_cookies([sign_in_of(staff(app, database, "13900000001", "lead"), address)])
    yield context.new_page()
    context.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nobody_stumbles(page: Page, language: str) -> None:
    page.goto(f"{PAGE}?lang={language}")
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], f"{language} {size} {scheme}"


def test_each_rung_is_a_dot_within_the_picture_and_no_days_cover_each_other(page: Page) -> None:
    page.goto(PAGE)
    for size in SIZES:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for name, of_class in ladder().classes.items():
            figure = page.locator(f"section[aria-labelledby=class-{name}] figure svg")
            assert figure.locator("circle[r='5']").count() == sum(
                len(of_class.rungs_of(band)) for band in BANDS
            )
            whole, boxes = figure.bounding_box(), []
            for each in figure.locator("text[text-anchor=middle]").all():
                boxes.append(each.bounding_box())
            assert whole is not None
            edges = [(box["x"], box["x"] + box["width"]) for box in boxes if box]
            assert edges == sorted(edges)
            assert all(right <= left for (_, right), (left, _) in pairwise(edges))
            assert edges[0][0] >= whole["x"] - 6
            assert edges[-1][1] <= whole["x"] + whole["width"] + 6
