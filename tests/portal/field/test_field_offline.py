"""The field pages in a real Chromium: without a signal, back again, and when others were faster."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from io import BytesIO
from threading import Thread

import pytest
from barcode.codex import Code128
from barcode.writer import ImageWriter
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select
from werkzeug.serving import BaseWSGIServer, make_server

from runtime.database import Database
from service.desk import notes
from service.field.models import FieldVisit
from service.requests import moving
from service.requests.models import Request, RequestEvent
from tests.e2e.conftest import violations
from tests.portal.conftest import sign_in_of
from tests.portal.field.conftest import Field
from tests.service.field.conftest import METER

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


class Signal:
    """The way between the phone and the utility. Chromium's own switch does not reach workers."""

    def __init__(self, app: Flask, context: BrowserContext) -> None:
        self.app, self.context = app, context
        self.server: BaseWSGIServer | None = None
        self.port = 0
        self.back()

    def lose(self) -> None:
        self.context.set_offline(True)
        self.stop()

    def back(self) -> None:
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.port = self.server.server_port
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.context.set_offline(False)

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        viewport=PHONE,
        geolocation={"latitude": 30.5928, "longitude": 114.3055, "accuracy": 12},
        permissions=["geolocation"],
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def signal(app: Flask, phone: BrowserContext) -> Iterator[Signal]:
    found = Signal(app, phone)
    yield found
    found.stop()


@pytest.fixture
def page(phone: BrowserContext, signal: Signal, field: Field) -> Page:
    """The day's jobs, kept on the phone."""
    phone.add_cookies([sign_in_of(field.client, signal.url)])
    page = phone.new_page()
    page.goto(f"{signal.url}/field")
    expect(page.locator("html[data-taken-along=yes]")).to_be_attached()
    return page


def picture() -> dict[str, object]:
    content = BytesIO()
    Image.new("RGB", (2400, 1200), "#8d98b0").save(content, "JPEG")
    return {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def finish(page: Page, note: str = "到了，在修") -> None:
    """Open the job from the list and do it."""
    page.locator("a[data-stamp]").first.click()
    expect(page.locator("h1")).to_have_text("停电、故障报修")
    page.fill("#note", note)
    page.set_input_files("#photos", files=[picture()])  # type: ignore[list-item]
    expect(page.locator("[data-photos] canvas")).to_have_count(1)
    expect(page.locator("[data-placed]")).to_have_text("记下了您的位置，误差约 12 米。")
    page.click("button[value=complete]")


def sign(page: Page) -> None:
    canvas = page.locator("canvas[data-sign]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 70, steps=5)
    page.mouse.up()
    expect(page.locator("canvas[data-sign][data-signed]")).to_be_attached()


def visits(database: Database) -> list[FieldVisit]:
    with database.reading() as session:
        found = list(session.scalars(select(FieldVisit)))
        for each in found:
            _ = (each.photos, each.signature)
        return found


def test_a_job_done_without_a_signal_arrives_once(
    page: Page, signal: Signal, database: Database, field: Field
) -> None:
    signal.lose()
    finish(page)
    expect(page.locator("h1")).to_have_text("今天的活")
    waiting = page.locator("#outbox .row")
    expect(waiting).to_contain_text("停电、故障报修 · 人到现场，在修")
    expect(page.locator("[data-signal]")).to_contain_text("没有信号")
    expect(page.locator("[data-waits-for]")).to_have_text("做好了，等着交")
    assert violations(page) == []
    page.reload()
    expect(waiting).to_have_count(1)
    page.locator("a[data-stamp]").first.click()
    expect(page.locator("form[data-job]")).to_be_hidden()
    assert visits(database) == []
    page.go_back()
    signal.back()
    expect(page.locator("#outbox")).to_be_hidden()
    expect(page.locator("main")).to_contain_text("今天交了的")
    (visit,) = visits(database)
    assert (visit.note, visit.place, visit.accuracy) == ("到了，在修", "30.592800,114.305500", 12)
    assert visit.refusal is None
    assert visit.signature is None
    (photo,) = visit.photos
    assert photo.place == "30.592800,114.305500"
    with database.reading() as session:
        arrived = select(func.count(RequestEvent.id)).where(RequestEvent.step == "arrived")
        assert session.scalar(arrived) == 1
        assert session.scalars(select(Request)).one().step == "arrived"


def done_by_another(database: Database, field: Field) -> None:
    with database.unit_of_work() as session:
        moving.complete(session, field.request_no, "arrived", by=field.crew.colleague)


def given_away(database: Database, field: Field) -> None:
    with database.unit_of_work() as session:
        moving.assign(session, [field.request_no], field.crew.colleague, by=field.crew.desk)


@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [(done_by_another, "已经由周*宁（工号 "), (given_away, "“停电、故障报修”改派给了周*宁（工号 ")],
)
def test_who_was_slower_reads_why_until_they_have_understood(
    page: Page,
    signal: Signal,
    database: Database,
    field: Field,
    meanwhile: Callable[[Database, Field], None],
    sentence: str,
) -> None:
    signal.lose()
    finish(page)
    expect(page.locator("#outbox .row")).to_have_count(1)
    meanwhile(database, field)
    signal.back()
    expect(page.locator("#outbox")).to_contain_text(sentence)
    page.goto(f"{signal.url}/field")
    expect(page.locator("#outbox")).to_contain_text(sentence)
    expect(page.locator("#outbox")).to_contain_text("您写的和拍的都记在这件事下面了，不用再交。")
    assert violations(page) == []
    page.click("#outbox button[data-drop]")
    expect(page.locator("#outbox")).to_be_hidden()
    page.reload()
    expect(page.locator("#outbox")).to_be_hidden()
    (visit,) = visits(database)
    assert visit.refusal is not None
    assert len(visit.photos) == 1


def test_with_a_signal_the_slip_comes_at_once_and_leads_on(page: Page, database: Database) -> None:
    finish(page)
    expect(page.locator("h1")).to_have_text("停电、故障报修")
    expect(page.locator("main")).to_contain_text("现场服务单")
    expect(page.locator(".button.primary")).to_have_text("接着办：修好送电")
    assert violations(page) == []
    page.click(".button.primary")
    page.select_option("#in-cause", "line")
    page.fill("#in-done", "换线 20 米")
    sign(page)
    page.click("button[value=complete]")
    expect(page.locator(".signature img")).to_be_visible()
    expect(page.locator(".button.primary")).to_have_text("今天的活")
    assert violations(page) == []
    assert len(visits(database)) == 2


def test_what_colleagues_wrote_is_there_without_a_signal(
    page: Page, signal: Signal, database: Database, field: Field
) -> None:
    """The list knows that the page of the job would say something else, and takes it along anew."""
    with database.unit_of_work() as session:
        notes.note(session, [field.request_no], "钥匙在物业", "k", by=field.crew.desk)
    page.reload()
    expect(page.locator("html[data-taken-along=yes]")).to_be_attached()
    signal.lose()
    page.locator("a[data-stamp]").first.click()
    expect(page.locator("main")).to_contain_text("钥匙在物业")


def test_what_is_to_be_put_right_is_still_filled_in(
    page: Page, signal: Signal, database: Database
) -> None:
    page.locator("a[data-stamp]").first.click()
    page.fill("#meter_no", "M99")
    expect(page.locator("[data-meter-says=other]")).to_be_visible()
    expect(page.locator("[data-meter-sure]")).to_be_visible()
    page.fill("#note", "看过了")
    page.set_input_files("#photos", files=[picture()])  # type: ignore[list-item]
    expect(page.locator("[data-photos] canvas")).to_have_count(1)
    page.click("button[value=complete]")
    expect(page.locator("[data-said]")).to_contain_text("表号 M99 和这一户登记的不一样")
    page.reload()
    expect(page.locator("[data-said]")).to_contain_text("表号 M99 和这一户登记的不一样")
    expect(page.locator("#note")).to_have_value("看过了")
    expect(page.locator("[data-photos] canvas")).to_have_count(1)
    page.fill("#meter_no", METER)
    expect(page.locator("[data-meter-says=same]")).to_be_visible()
    page.click("button[value=complete]")
    expect(page.locator("main")).to_contain_text("现场服务单")
    (visit,) = visits(database)
    assert (visit.meter_no, visit.meter_agrees, len(visit.photos)) == (METER, True, 1)


def test_what_cannot_be_done_waits_for_the_customer(
    page: Page, signal: Signal, database: Database
) -> None:
    page.locator("a[data-stamp]").first.click()
    signal.lose()
    page.click("text=今天办不了？")
    page.click("button[value=pause]")
    expect(page.locator("#note-error")).to_have_text("写一句要客户做什么，或为什么办不了。")
    page.fill("#note", "表箱前堆了东西，清开以后告诉我们。")
    page.click("button[value=pause]")
    expect(page.locator("#outbox .row")).to_have_count(1)
    signal.back()
    expect(page.locator("main")).to_contain_text("在等客户的")
    (visit,) = visits(database)
    assert (visit.deed, visit.refusal) == ("pause", None)
    with database.reading() as session:
        made = session.scalars(select(Request)).one()
        assert made.pauses[0].needs == "表箱前堆了东西，清开以后告诉我们。"
        assert made.step == "crew_sent"


def test_a_page_that_was_not_kept_says_so(page: Page, signal: Signal) -> None:
    signal.lose()
    page.goto(f"{signal.url}/field/jobs/BX0000000000")
    expect(page.locator("h1")).to_have_text("没有信号")


def test_who_is_signed_out_keeps_what_was_done(
    page: Page, signal: Signal, database: Database, phone: BrowserContext, field: Field
) -> None:
    signal.lose()
    finish(page)
    expect(page.locator("#outbox .row")).to_have_count(1)
    phone.clear_cookies()
    signal.back()
    expect(page.locator("[data-signal]")).to_contain_text("要登录才能交")
    assert visits(database) == []
    phone.add_cookies([sign_in_of(field.client, signal.url)])
    page.goto(f"{signal.url}/field")
    expect(page.locator("main")).to_contain_text("今天交了的")
    assert len(visits(database)) == 1


def test_a_phone_that_goes_to_a_colleague(
    page: Page, signal: Signal, database: Database, phone: BrowserContext, field: Field
) -> None:
    """What waits is its own worker's, and the colleague finds no customers of theirs."""
    signal.lose()
    finish(page)
    expect(page.locator("#outbox .row")).to_have_count(1)
    phone.clear_cookies()
    phone.add_cookies([sign_in_of(field.colleague, signal.url)])
    signal.back()
    page.goto(f"{signal.url}/field")
    expect(page.locator("main")).to_contain_text("现在没有要去的")
    expect(page.locator("html[data-taken-along=yes]")).to_be_attached()
    expect(page.locator("#outbox")).to_be_hidden()
    assert visits(database) == []
    signal.lose()
    page.goto(f"{signal.url}{field.page}")
    expect(page.locator("h1")).to_have_text("没有信号")
    phone.clear_cookies()
    phone.add_cookies([sign_in_of(field.client, signal.url)])
    signal.back()
    page.goto(f"{signal.url}/field")
    expect(page.locator("main")).to_contain_text("今天交了的")
    (visit,) = visits(database)
    assert visit.worker_id == field.crew.worker


CAMERA = """async picture => {
    const image = Object.assign(new Image(), {src: picture});
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 480});
    const pen = canvas.getContext('2d');
    const draw = () => {
        pen.fillStyle = '#cfc9bb';
        pen.fillRect(0, 0, 640, 480);
        pen.drawImage(image, (640 - image.width) / 2, (480 - image.height) / 2);
        requestAnimationFrame(draw);
    };
    draw();
    navigator.mediaDevices.getUserMedia = async () => window.camera = canvas.captureStream(10);
}"""
"""A camera that looks at a picture."""
BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def barcode_of(number: str) -> str:
    """A Code 128 as meters bear it, as an address of a picture."""
    written = BytesIO()
    Code128(number, writer=ImageWriter()).write(written, {"module_width": 0.3, "dpi": 200})
    return f"data:image/png;base64,{b64encode(written.getvalue()).decode()}"


@pytest.mark.parametrize(("number", "verdict"), [(METER, "same"), ("M0000099", "other")])
def test_the_meter_by_its_barcode_without_a_signal(
    page: Page, signal: Signal, number: str, verdict: str
) -> None:
    signal.lose()
    page.locator("a[data-stamp]").first.click()
    page.evaluate(CAMERA, barcode_of(number))
    page.click("[data-scan]")
    expect(page.locator("#meter_no")).to_have_value(number)
    expect(page.locator(f"[data-meter-says={verdict}]")).to_be_visible()
    expect(page.locator("[data-scan-view]")).to_be_hidden()
    assert page.evaluate("camera.getTracks().map(each => each.readyState)") == ["ended"]


def test_a_camera_that_sees_nothing_is_put_away(page: Page) -> None:
    page.locator("a[data-stamp]").first.click()
    page.evaluate(CAMERA, BLANK)
    page.click("[data-scan]")
    expect(page.locator("[data-scan-view] video")).to_be_in_viewport()
    assert violations(page) == []
    page.click("[data-scan-view] button")
    expect(page.locator("[data-scan-view]")).to_be_hidden()
    assert page.evaluate("camera.getTracks().map(each => each.readyState)") == ["ended"]
    expect(page.locator("[data-scan]")).to_be_focused()


def test_without_a_camera_the_number_is_typed(page: Page) -> None:
    page.locator("a[data-stamp]").first.click()
    page.click("[data-scan]")
    expect(page.locator("[data-scan-failed]")).to_have_text("相机打不开。照着表上的号码填就行。")
    page.fill("#meter_no", METER)
    expect(page.locator("[data-meter-says=same]")).to_be_visible()


def test_who_signs_out_leaves_no_customers_behind(page: Page, signal: Signal) -> None:
    page.goto(f"{signal.url}/profile")
    page.click("main form[action$='/sign-out'] button")
    page.wait_for_url(lambda url: "/profile" not in url)
    assert page.evaluate("caches.has('field-pages')") is False
    signal.lose()
    page.goto(f"{signal.url}/field")
    expect(page.locator("h1")).to_have_text("没有信号")


def test_small_wide_and_in_the_dark(page: Page, field: Field, signal: Signal) -> None:
    for path in ("/field", field.page, "/field/offline"):
        page.goto(f"{signal.url}{path}")
        for size in (PHONE, WIDE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert violations(page) == [], path
