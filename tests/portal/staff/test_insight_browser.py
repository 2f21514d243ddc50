"""Early signs in a real Chromium: small and wide, in the dark, in both languages."""

from collections.abc import Iterator
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from runtime import clock
from runtime.database import Database
from service.insight.models import LateModel, LateScore, UsageWarning
from service.insight.scoring import Model
from tests.e2e.conftest import violations
from tests.portal.conftest import sign_in_of, staff
from tests.portal.staff.test_insight_pages import HISTORY, HOME, measured
from tests.service import builders

pytestmark = pytest.mark.browser

SIZES = ({"width": 360, "height": 740}, {"width": 1280, "height": 900})


@pytest.fixture
def page(app: Flask, database: Database, browser: Browser) -> Iterator[Page]:
    """Somebody of finance, with one of everything to see."""
    _furnish(database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = browser.new_context(base_url=address, locale="zh-CN")
    context.add_cookies([sign_in_of(staff(app, database, "13900000001", "finance"), address)])
    yield context.new_page()
    context.close()
    server.shutdown()
    server.server_close()


def _furnish(database: Database) -> None:
    now = clock.now()
    model = LateModel(
        method="logistic",
        trained_at=now,
        bills=900,
        late=90,
        numbers=Model(method="counted", base=0.1).as_json(),
        metrics=measured().as_json(),
    )
    why = [HISTORY | {"weight": 0.8}, {"code": "margin", "days": 9, "weight": -0.1}]
    score = LateScore(account_no=HOME, score=0.62, band="high", reasons=why, model_no=1, at=now)
    with database.unit_of_work() as session:
        builders.create_account(session, HOME, holder_name="江城纺织有限公司")
        fall = UsageWarning(
            account_no=HOME,
            day=clock.today(),
            days=7,
            usual_wh=1_000_000,
            recent_wh=400_000,
            found_at=now,
        )
        session.add_all([model, score, fall])


@pytest.mark.parametrize("path", ["/desk/insight", f"/desk/insight/{HOME}"])
def test_nobody_stumbles(page: Page, path: str) -> None:
    for language in ("zh", "en"):
        page.goto(f"{path}?lang={language}")
        for size in SIZES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], f"{path} is {wide} wide"
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert violations(page) == [], f"{path} {language} {size} {scheme}"


def test_from_the_list_to_a_customer_who_objects(page: Page) -> None:
    page.goto("/desk/insight")
    page.get_by_role("link", name="4200 1187 5603", exact=True).click()
    page.get_by_text("最近 6 张账单里有 2 张晚缴").wait_for()
    page.get_by_text("客户不愿意被估").click()
    page.get_by_label("客户怎么说的").fill("来电说不愿意")
    page.get_by_role("button", name="不再估").click()
    page.get_by_text("记下了，这一户不再估。").wait_for()
