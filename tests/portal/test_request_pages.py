"""Pages of requests: a form from the kind's fields, sent once, shown to whoever asked alone."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from service.models import Bill, Link
from service.requests import moving
from service.requests.kinds import kinds
from service.requests.models import Request, RequestFile
from tests.portal.conftest import (
    PHONE,
    CoreThatKnows,
    create_user,
    form_token,
    post,
    sign_in,
    staff,
)
from tests.portal.places import queries, words
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")

REPAIR = "/requests/new/outage_repair"
TOLD = {"trouble": "no_power", "address": "梧桐里 12 栋 502", "phone": PHONE}
NUMBER = "BX2612110001"


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows, tmp_path: Path) -> Flask:
    return create_app(settings.model_copy(update={"var": tmp_path}), database, core)


@pytest.fixture
def home(client: FlaskClient, database: Database) -> str:
    """The account of the person who is signed in."""
    account_no = move_in(database, PHONE)
    sign_in(client)
    return account_no


def move_in(database: Database, phone: str) -> str:
    user = create_user(database, phone)
    with database.unit_of_work() as session:
        account = builders.create_account(session)
        builders.create_link(session, user, account)
        builders.create_bill(session, account)
    return account.account_no


@pytest.fixture
def neighbour(app: Flask, database: Database) -> FlaskClient:
    move_in(database, "13900009999")
    client = app.test_client()
    sign_in(client, "13900009999")
    return client


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    written = BytesIO()
    Image.new("RGB", size, "red").save(written, form)
    return written.getvalue()


def send(client: FlaskClient, path: str = REPAIR, **more: str) -> TestResponse:
    """Fill in the form, look it over and send it."""
    told = TOLD | {"key": "k" * 24, "action": "send"} | more
    return post(client, path, **told)  # type: ignore[no-any-return]


def look_over(client: FlaskClient, path: str = REPAIR, **fields: str) -> TestResponse:
    """Fill in the form and come to the page where it is looked over."""
    answer = post(client, path, **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}/check")
    return client.get(answer.headers["Location"])


def with_photos(client: FlaskClient, path: str, *files: bytes, **more: str) -> TestResponse:
    """Submit a form with files; its body is kept in memory, so that nothing is left open."""
    photos = [FileStorage(BytesIO(each), f"{number}.jpg") for number, each in enumerate(files)]
    fields = {"csrf_token": form_token(client), **more, "photos": photos}
    boundary, body = encode_multipart(fields)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def count(database: Database, model: type[Request] | type[RequestFile]) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def bring(database: Database, state: str) -> None:
    """The core has moved the request on."""
    with database.unit_of_work() as session:
        request = session.scalars(select(Request)).one()
        moving.follow_core(session, moving.locked(session, request.request_no), state, clock.now())


@pytest.mark.parametrize("kind", kinds(), ids=[each.name for each in kinds()])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_has_its_form(client: FlaskClient, home: str, kind, language: str) -> None:  # type: ignore[no-untyped-def]
    page = client.get(f"/requests/new/{kind.name}?lang={language}")
    assert page.status_code == 200
    said = words(page.text)
    for each in kind.fields:
        assert each.label.said(language) in said
        name = "photos" if each.type == "photo" else each.name
        assert f'name="{name}"' in page.text
    for document in kind.documents:
        assert document.title.said(language) in said
        assert f'name="document-{document.name}"' in page.text


def test_the_form_begins_with_what_is_known(client: FlaskClient, home: str) -> None:
    page = client.get(REPAIR).text
    assert 'value="梧桐里 12 栋 502"' in page
    assert f'value="{PHONE}"' in page
    assert f'name="account" value="{home}"' in page
    assert "王*华" in words(page)
    bare = client.get(f"{REPAIR}?account=none").text
    assert 'name="account" value="none"' in bare
    assert 'value="梧桐里 12 栋 502"' not in bare


def test_from_the_form_to_the_number(client: FlaskClient, database: Database, home: str) -> None:
    looked_over = look_over(client, **TOLD, key="k1", account=home)
    assert looked_over.status_code == 200
    assert "看一遍再交 今天 10:45 前有人到现场" in words(looked_over.text)
    assert count(database, Request) == 0
    assert client.get(f"{REPAIR}/check").text == looked_over.text
    again = post(client, REPAIR, **TOLD, key="k1", account=home, action="edit")
    assert again.headers["Location"] == f"{REPAIR}?again=1"
    assert 'value="no_power" checked' in client.get(again.headers["Location"]).text
    sent = post(client, REPAIR, **TOLD, key="k1", account=home, action="send")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/requests/{NUMBER}?new=1")
    shown = words(client.get(sent.headers["Location"]).text)
    assert f"收到了。受理号 {NUMBER}" in shown
    assert "今天 10:45 前有人到现场" in shown
    assert "138 **** 2046" in shown
    assert PHONE not in shown
    listed = words(client.get("/requests").text)
    assert "1 件在办，0 件办结" in listed
    assert "停电、故障报修在办，第 2 步" in listed


def test_more_requests_ask_no_more_questions(client: FlaskClient, home: str) -> None:
    for number in range(2):
        send(client, account=home, key=f"key-{number}")
    client.get("/requests")
    with queries() as few:
        client.get("/requests")
    for number in range(2, 8):
        send(client, account=home, key=f"key-{number}")
    with queries() as many:
        assert "8 件在办，0 件办结" in words(client.get("/requests").text)
    assert len(many) == len(few), "\n".join(many)


def test_pressed_twice_it_is_one_request(
    client: FlaskClient, database: Database, home: str
) -> None:
    first, second = send(client, account=home), send(client, account=home, address="别处 8 号")
    assert first.headers["Location"] == second.headers["Location"]
    assert count(database, Request) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": ""}, "请填“在哪里”。"),
        ({"address": "家"}, "“在哪里”太短了，写详细一点，我们好找。"),
        ({"address": "梧" * 201}, "“在哪里”太长了，最多 200 个字。"),
        ({"trouble": "fire"}, "“出了什么事”请从给出的里面选一个。"),
        ({"trouble": ""}, "请填“出了什么事”。"),
        ({"phone": "12345"}, "“联系电话”是 11 位手机号，1 开头。再看一眼？"),
        ({"note": "长" * 301}, "“补充说明”太长了，最多 300 个字。"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    client: FlaskClient, database: Database, home: str, wrong: dict[str, str], sentence: str
) -> None:
    told = TOLD | {"note": "电梯停了", "account": home, "key": "k1"} | wrong
    for action in ("check", "send"):
        page = post(client, REPAIR, **told, action=action)
        assert page.status_code == 422
        assert sentence in words(page.text)
        if "note" not in wrong:
            assert "电梯停了" in page.text
        assert 'name="key" value="k1"' in page.text
    assert count(database, Request) == 0


@pytest.mark.parametrize(
    ("kind", "told", "sentence"),
    [
        (
            "pv_connection",
            {"capacity": "五", "mode": "own_use", "address": "梧桐里 12 栋 502"},
            "“装多大（千瓦）”请写数字。",
        ),
        (
            "pv_connection",
            {"capacity": "9999", "mode": "own_use", "address": "梧桐里 12 栋 502"},
            "“装多大（千瓦）”从 0.5 到 6000。",
        ),
        (
            "meter_check",
            {"reason": "fast", "address": "梧桐里 12 栋 502", "day": "明天"},
            "“哪天上门方便”请写成 2026-12-14 这样的日期。",
        ),
        (
            "meter_check",
            {"reason": "fast", "address": "梧桐里 12 栋 502", "day": "2027-12-14"},
            "“哪天上门方便”请选今天起 1 到 14 天之间的一天。",
        ),
        ("dispute", {"bill": "B0", "reason": "too_high"}, "这个户号没有这张账单。"),
    ],
)
def test_numbers_days_and_bills_have_sentences_of_their_own(
    client: FlaskClient, home: str, kind: str, told: dict[str, str], sentence: str
) -> None:
    page = post(client, f"/requests/new/{kind}", phone=PHONE, account=home, key="k", **told)
    assert page.status_code == 422
    assert sentence in words(page.text)


def test_a_disputed_bill_is_named_by_its_month(
    client: FlaskClient, database: Database, home: str
) -> None:
    """On the sheet that is looked over and on the page of the request; nobody knows its number."""
    with database.reading() as session:
        bill_no = session.scalars(select(Bill.bill_no)).one()
    told = {"account": home, "bill": bill_no, "reason": "too_high"}
    page = look_over(client, "/requests/new/dispute", phone=PHONE, key="k" * 24, **told)
    assert "哪一张账单2026 年 10 月，¥132.20" in words(page.text)
    assert bill_no not in words(page.text)
    away = send(client, "/requests/new/dispute", **told).headers["Location"]
    shown = words(client.get(away).text)
    assert "哪一张账单2026 年 10 月，¥132.20" in shown
    assert bill_no not in shown


def test_strange_names_are_kept_as_text(client: FlaskClient, home: str) -> None:
    odd = "‮梧桐里 <b>12</b> 栋 👨‍👩‍👧\u0000"
    away = send(client, account=home, address=odd).headers["Location"]
    page = client.get(away).text
    assert "梧桐里 &lt;b&gt;12&lt;/b&gt; 栋 👨‍👩‍👧" in page
    assert "‮" not in page


def test_for_a_neighbour_nothing_is_there(
    client: FlaskClient, database: Database, home: str, neighbour: FlaskClient
) -> None:
    with_photos(client, REPAIR, picture(), **TOLD, key="k" * 24, account=home)
    send(client, account=home)
    photo = re.search(r"/files/\w+\.jpg", client.get(f"/requests/{NUMBER}").text)
    assert photo
    assert client.get(photo[0]).status_code == 200
    for path in (
        f"/requests/{NUMBER}",
        f"/requests/{NUMBER}/cancel",
        photo[0],
        f"/report/{NUMBER}",
    ):
        assert neighbour.get(path).status_code == 404, path
    assert post(neighbour, f"/requests/{NUMBER}/cancel").status_code == 404
    assert with_photos(neighbour, f"/requests/{NUMBER}/photos", picture()).status_code == 404
    assert neighbour.get(f"{REPAIR}?account={home}").status_code == 404
    assert send(neighbour, account=home).status_code == 404
    assert (count(database, Request), count(database, RequestFile)) == (1, 1)
    with database.unit_of_work() as session:
        assert session.scalars(select(Request.state)).one() == "received"


def test_a_stranger_and_the_staff_see_nothing_of_it(
    app: Flask, client: FlaskClient, database: Database, home: str
) -> None:
    send(client, account=home)
    stranger = app.test_client()
    assert stranger.get(f"/requests/{NUMBER}").headers["Location"].startswith("/sign-in?next=")
    assert stranger.get(f"/report/{NUMBER}").status_code == 404
    agent = staff(app, database, "13700000001", "agent")
    assert agent.get(f"/requests/{NUMBER}").status_code in (302, 303, 403, 404)
    assert agent.get(f"/report/{NUMBER}").status_code == 404


def test_taken_back_after_being_asked_once_more(
    client: FlaskClient, database: Database, home: str
) -> None:
    send(client, account=home)
    page = client.get(f"/requests/{NUMBER}/cancel")
    assert "撤回以后不再有人来办" in words(page.text)
    assert post(client, f"/requests/{NUMBER}/cancel").status_code == 303
    shown = words(client.get(f"/requests/{NUMBER}").text)
    assert "停电、故障报修撤回了" in shown
    assert "撤回这一件" not in shown
    assert post(client, f"/requests/{NUMBER}/cancel").status_code == 303
    assert "0 件在办，1 件办结" in words(client.get("/requests").text)


def test_too_late_to_take_back_is_said(client: FlaskClient, database: Database, home: str) -> None:
    send(client, account=home)
    bring(database, "in_progress")
    assert client.get(f"/requests/{NUMBER}/cancel").status_code == 302
    refused = post(client, f"/requests/{NUMBER}/cancel")
    assert refused.status_code == 409
    assert "已经办到一半" in words(refused.text)


def test_steps_stand_with_promise_and_time(
    client: FlaskClient, database: Database, home: str
) -> None:
    send(client, account=home)
    for state in ("accepted", "in_progress", "done"):
        bring(database, state)
    shown = words(client.get(f"/requests/{NUMBER}").text)
    assert "人到现场，在修 说好 今天 10:45 前今天 10:00，说到做到" in shown
    assert "停电、故障报修办好了" in shown


def test_a_late_promise_is_admitted(client: FlaskClient, home: str) -> None:
    send(client, account=home)
    with time_machine.travel("2026-12-11T02:46:00Z", tick=False):
        shown = words(client.get(f"/requests/{NUMBER}").text)
    assert "说好 今天 10:45 前，我们晚了。着急就打 96000，报受理号。" in shown
    assert "人到现场，在修 说好 今天 10:45 前还没到，比说好的晚了 修好送电" in shown


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "这个文件不是照片"),
        (b"<!doctype html><script>alert(1)</script>", "这个文件不是照片"),
        (b"\0\0\0\x18ftypheic", "HEIC 照片我们读不了"),
        (picture() + b"\0" * 30 * 1024 * 1024, "这个文件太大了，一个最多 10 MB。"),
    ],
    ids=["svg", "html", "heic", "30 MB"],
)
def test_what_is_no_photo_is_refused_and_the_form_stays(
    client: FlaskClient, database: Database, home: str, content: bytes, sentence: str
) -> None:
    page = with_photos(client, REPAIR, content, **TOLD, note="电梯停了", key="k1", account=home)
    assert page.status_code == 422
    assert sentence in words(page.text)
    assert "电梯停了" in page.text
    assert count(database, RequestFile) == 0


def test_photos_stay_with_the_form_until_it_is_sent(
    client: FlaskClient, database: Database, home: str
) -> None:
    wrong = TOLD | {"address": "", "key": "k" * 24, "account": home}
    page = with_photos(client, REPAIR, picture(), picture("PNG", (50, 50)), **wrong)
    names = re.findall(r'name="remove" value="(\w+)"', page.text)
    assert (page.status_code, len(names)) == (422, 2)
    again = post(client, REPAIR, **wrong, remove=names[0])
    assert re.findall(r'name="remove" value="(\w+)"', again.text) == [names[1]]
    send(client, account=home)
    shown = client.get(f"/requests/{NUMBER}").text
    assert f"/files/{names[1]}.jpg" in shown
    served = client.get(f"/files/{names[1]}.jpg")
    assert (served.mimetype, served.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert served.headers["Cache-Control"].startswith("private")
    assert client.get(f"/files/{names[0]}.jpg").status_code == 404


def test_photos_can_be_added_while_it_is_on_its_way(
    client: FlaskClient, database: Database, home: str
) -> None:
    send(client, account=home)
    path = f"/requests/{NUMBER}/photos"
    assert with_photos(client, path, picture()).status_code == 303
    assert with_photos(client, path, picture()).status_code == 303
    assert count(database, RequestFile) == 1
    refused = with_photos(client, path, b"<svg/>")
    assert (refused.status_code, "这个文件不是照片" in words(refused.text)) == (422, True)
    bring(database, "done")
    closed = with_photos(client, path, picture(size=(9, 9)))
    assert (closed.status_code, "不能再加照片" in words(closed.text)) == (422, True)


def test_a_chat_adds_a_photo_to_what_it_will_send(
    client: FlaskClient, database: Database, home: str
) -> None:
    kept = with_photos(client, "/chat/photo", picture(), draft="k" * 24)
    assert (kept.status_code, "收到 1 张照片。" in words(kept.text)) == (200, True)
    for files, draft in (((), "k" * 24), ((picture(),), "")):
        refused = with_photos(client, "/chat/photo", *files, draft=draft)
        assert (refused.status_code, "这个文件不是照片" in words(refused.text)) == (422, True)
    send(client, account=home)
    photo = re.search(r"/files/\w+\.jpg", client.get(f"/requests/{NUMBER}").text)
    assert photo
    with Image.open(BytesIO(client.get(photo[0]).data)) as image:
        assert image.size == (40, 30)


def test_a_payer_reads_that_the_holder_must_ask(
    client: FlaskClient, database: Database, home: str
) -> None:
    with database.unit_of_work() as session:
        session.scalars(select(Link)).one().role = "payer"
    assert "这件事要户主来办" in words(client.get("/requests/new/increase_capacity").text)
    assert client.get(REPAIR).status_code == 200
    refused = post(
        client,
        "/requests/new/increase_capacity",
        supply="resident",
        address="梧桐里 12 栋 502",
        phone=PHONE,
        key="k",
        account=home,
        action="send",
    )
    assert refused.status_code == 403
    assert count(database, Request) == 0


def test_who_has_no_account_is_led_to_bind_one(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    page = client.get("/requests/new/meter_check")
    assert "先绑定一个户号" in words(page.text)
    assert client.get(REPAIR).status_code == 200
    assert "办完的事会在这里" in words(client.get("/requests").text)


def test_what_nobody_offers_is_not_there(client: FlaskClient, home: str) -> None:
    for path in ("/requests/new/nothing", "/report/new/nothing", "/requests/BX0", "/files/x.jpg"):
        assert client.get(path).status_code == 404


def test_an_outage_that_is_known_is_told_first(
    client: FlaskClient, database: Database, home: str
) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(builders.Account, home)
        builders.create_service_point(session, account, area="T-17")
        began = clock.now() - timedelta(minutes=20)
        outage = builders.create_outage(session, began, areas=["T-17"], state="ongoing")
    page = client.get(REPAIR)
    assert "您家就在这一片，我们已经知道了" in words(page.text)
    assert f"/outages/{outage.outage_no}" in page.text
    for other in (f"{REPAIR}?account=none", "/requests/new/meter_check"):
        assert "我们已经知道了" not in words(client.get(other).text)


def test_every_id_is_there_once_and_every_label_has_its_field(
    client: FlaskClient, home: str
) -> None:
    for kind in kinds():
        page = client.get(f"/requests/new/{kind.name}").text
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), kind.name
        named = re.findall(r'<label for="([^"]+)"', page)
        named += " ".join(re.findall(r'aria-describedby="([^"]+)"', page)).split()
        assert set(named) <= set(ids), kind.name
