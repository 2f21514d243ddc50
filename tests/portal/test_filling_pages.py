"""The form of a request: kept as it was left, with papers and a place, proof against bad input."""

# ruff: noqa: F811 - the fixtures of the pages beside it are taken by their names

import io
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from portal.requests import receiving
from runtime.database import Database
from service.models import Account
from service.requests import configured, drafts
from service.requests.kinds import kind
from service.requests.models import Request, RequestDraft, RequestFile
from tests.portal.conftest import PHONE, create_user, form_token, post, sign_in
from tests.portal.places import words
from tests.portal.test_request_pages import (  # noqa: F401 - fixtures
    NUMBER,
    REPAIR,
    TOLD,
    app,
    count,
    home,
    look_over,
    move_in,
    neighbour,
    send,
)
from tests.service import builders
from tests.service.requests.papers import paper, picture
from tests.service.requests.test_guard import EVIL, on_a_port, standing
from tests.service.requests.test_pictures import bomb

pytestmark = pytest.mark.usefixtures("december")

CONNECTION = "/requests/new/new_connection"
CHARGER = "/requests/new/ev_charger"


def upload(
    client: FlaskClient, path: str, files: dict[str, list[bytes]], **fields: str
) -> TestResponse:
    """Submit a form with files, whatever their names say they are; what is shown then."""
    sent = {
        name: [
            FileStorage(io.BytesIO(each), f"{number}.jpg", name) for number, each in enumerate(of)
        ]
        for name, of in files.items()
    }
    boundary, body = encode_multipart({"csrf_token": form_token(client), **fields, **sent})
    media = f"multipart/form-data; boundary={boundary}"
    return client.post(path, data=body, content_type=media, follow_redirects=True)


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def stored(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


# ---- drafts


def test_what_the_script_kept_is_there_on_coming_back(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    key = key_of(client.get(REPAIR).text)
    kept = post(client, f"{REPAIR}/draft", key=key, account=home, trouble="part", note="楼道里")
    assert (kept.status_code, kept.data) == (204, b"")
    page = client.get(REPAIR).text
    assert key_of(page) == key
    assert 'value="part" checked' in page
    assert "楼道里" in page
    assert "接着您 今天 10:00 填的往下填。" in words(page)
    assert 'value="梧桐里 12 栋 502"' not in page, "what was emptied stays empty"
    listed = words(client.get("/requests").text)
    assert "填了一半的 停电、故障报修今天 10:00 填到一半，接着填" in listed
    send(client, account=home, key=key)
    assert stored(database, RequestDraft) == 0
    assert "填了一半的" not in words(client.get("/requests").text)
    assert "接着您" not in words(client.get(REPAIR).text)


def test_each_step_keeps_it_without_a_script(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {**TOLD, "note": "电梯停了", "key": "k" * 24, "account": home}
    wrong = upload(client, REPAIR, {"photos": [picture()]}, **told | {"address": "家"})
    assert wrong.status_code == 422
    page = client.get(REPAIR).text
    assert ("电梯停了" in page, 'value="家"' in page) == (True, True)
    assert len(re.findall(r'name="remove" value="\w+"', page)) == 1
    assert look_over(client, **told).status_code == 200
    assert 'value="梧桐里 12 栋 502"' in client.get(REPAIR).text


def test_begun_anew_nothing_of_it_is_left(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {**TOLD, "note": "电梯停了", "key": "k" * 24, "account": home}
    upload(client, REPAIR, {"photos": [picture()]}, **told)
    assert post(client, REPAIR, action="anew").status_code == 303
    page = client.get(REPAIR).text
    assert "电梯停了" not in page
    assert key_of(page) != "k" * 24
    assert (stored(database, RequestDraft), stored(database, RequestFile)) == (0, 0)


def test_another_account_brings_its_own_address(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    with database.unit_of_work() as session:
        other = builders.create_account(session, address="柳荫路 8 号")
        owner = session.get_one(Account, home)
        link = session.scalars(select(builders.Link).where(builders.Link.account_no == home)).one()
        builders.create_link(session, session.get_one(builders.User, link.user_id), other)
        assert owner.address == "梧桐里 12 栋 502"
    told = {**TOLD, "note": "电梯停了", "key": "k" * 24, "account": home}
    post(client, f"{REPAIR}/draft", **told)
    page = client.get(f"{REPAIR}?account={other.account_no}").text
    assert 'value="柳荫路 8 号"' in page
    assert "电梯停了" in page
    assert 'value="梧桐里 12 栋 502"' in client.get(REPAIR).text


def test_a_neighbour_goes_on_with_nothing_of_mine(
    client: FlaskClient,
    database: Database,
    home: str,
    neighbour: FlaskClient,
) -> None:
    post(client, f"{REPAIR}/draft", **TOLD, note="电梯停了", key="k" * 24, account=home)
    assert "电梯停了" not in neighbour.get(REPAIR).text
    assert "填了一半的" not in words(neighbour.get("/requests").text)
    refused = post(neighbour, f"{REPAIR}/draft", **TOLD, key="k" * 24, account=home)
    assert refused.status_code == 404
    post(neighbour, REPAIR, action="anew")
    assert "电梯停了" in client.get(REPAIR).text


def test_a_stranger_goes_on_in_the_same_browser_alone(
    app: Flask,
    client: FlaskClient,
    database: Database,
) -> None:
    path = "/report/new/outage_repair"
    key = key_of(client.get(path).text)
    assert post(client, f"{path}/draft", **TOLD, note="电杆歪了", key=key).status_code == 204
    assert "电杆歪了" in client.get(path).text
    assert "电杆歪了" not in app.test_client().get(path).text
    assert post(client, "/report/new/transfer/draft", key=key).status_code == 404
    assert stored(database, RequestDraft) == 1


@pytest.mark.parametrize("path", [f"{REPAIR}/draft", "/requests/new/nothing/draft"])
def test_who_is_not_signed_in_keeps_nothing_there(
    client: FlaskClient, database: Database, path: str
) -> None:
    assert post(client, path, **TOLD, key="k" * 24).status_code in (302, 404)
    assert stored(database, RequestDraft) == 0


def test_nothing_to_look_over_leads_to_the_form(
    client: FlaskClient, database: Database, home: str
) -> None:
    assert client.get(f"{REPAIR}/check").headers["Location"] == REPAIR
    told = {**TOLD, "key": "k" * 24, "account": home}
    look_over(client, **told)
    send(client, account=home)
    assert client.get(f"{REPAIR}/check").headers["Location"] == REPAIR


def test_what_became_wrong_meanwhile_is_said(
    client: FlaskClient, database: Database, home: str
) -> None:
    post(client, f"{REPAIR}/draft", **TOLD | {"address": "家"}, key="k" * 24, account=home)
    page = client.get(f"{REPAIR}/check")
    assert page.status_code == 422
    assert "太短了" in words(page.text)
    assert f'action="{REPAIR}"' in page.text


def test_who_cannot_be_kept_goes_on_all_the_same(
    app: Flask, client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many strangers of one network in a blackout: the form works as it would without drafts."""
    monkeypatch.setattr(drafts, "BEGIN_NETWORK", replace(drafts.BEGIN_NETWORK, most=1))
    path = "/report/new/outage_repair"
    post(app.test_client(), path, **TOLD, key="x" * 24)
    key = key_of(client.get(path).text)
    page = post(client, path, **TOLD, key=key)
    assert (page.status_code, "看一遍再交" in words(page.text)) == (200, True)
    again = post(client, path, **TOLD, key=key, action="edit")
    assert (again.status_code, 'value="no_power" checked' in again.text) == (200, True)
    assert post(client, path, **TOLD, key=key, action="send").status_code == 303
    assert (stored(database, RequestDraft), stored(database, Request)) == (1, 1)


# ---- papers


def test_papers_come_by_name_and_go_with_the_request(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {"address": "柳荫路 8 号", "holder": "王建华", "phone": PHONE, "key": "k" * 24}
    files = {"document-title": [paper(pages=3)], "document-identity": [picture()]}
    looked_over = upload(client, CONNECTION, files, **told)
    assert looked_over.status_code == 200
    assert "房产证，或购房合同、租房合同加房主同意书PDF 3 页" in words(looked_over.text)
    upload(client, CONNECTION, files, **told)
    sent = post(client, CONNECTION, **told, action="send")
    assert sent.status_code == 303
    with database.unit_of_work() as session:
        made = session.scalars(select(Request)).one()
        kept = [(each.document, each.media) for each in made.files]
    assert sorted(kept) == [("identity", "image/jpeg"), ("title", "application/pdf")]
    address = re.search(r"/files/\w+\.pdf", client.get(sent.headers["Location"]).text)
    assert address
    served = client.get(address[0])
    assert (served.status_code, served.mimetype) == (200, "application/pdf")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.get(address[0].replace(".pdf", ".exe")).status_code == 404


def test_a_paper_that_is_not_there_yet_is_said_so(client: FlaskClient, home: str) -> None:
    told = {"address": "地下车库 B2-117", "capacity": "7", "phone": PHONE, "key": "k" * 24}
    page = words(look_over(client, CHARGER, **told, space="owned", account=home).text)
    assert "车位的产权证明还没传，交了以后再补" in page
    assert "车位的租赁合同" not in page


def test_a_paper_for_the_other_answer_is_put_away(client: FlaskClient, home: str) -> None:
    asked = re.compile(r'<div class="field" data-when="[^"]*space[^"]*"( hidden)?>')
    assert asked.findall(client.get(CHARGER).text) == ["", ""]
    post(client, f"{CHARGER}/draft", space="rented", key="k" * 24, account=home)
    assert asked.findall(client.get(CHARGER).text) == [" hidden", ""]


def test_what_is_no_document_of_the_kind_is_passed_over(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {**TOLD, "key": "k" * 24, "account": home}
    assert upload(client, REPAIR, {"document-title": [paper()]}, **told).status_code == 200
    assert stored(database, RequestFile) == 0


def test_a_reading_needs_its_photo(client: FlaskClient, database: Database, home: str) -> None:
    path, told = "/requests/new/reading", {"reading": "12045", "phone": PHONE, "key": "k" * 24}
    refused = post(client, path, **told, account=home)
    assert refused.status_code == 422
    assert "请加一张“电表的照片”，没有照片核对不了。" in words(refused.text)
    refused = post(client, path, **told, account=home, action="send")
    assert (refused.status_code, count(database, Request)) == (422, 0)
    assert upload(client, path, {"photos": [picture()]}, **told, account=home).status_code == 200
    assert post(client, path, **told, account=home, action="send").status_code == 303


def test_a_kind_says_how_many_photos_are_enough(
    client: FlaskClient, database: Database, home: str
) -> None:
    told = {"reading": "12045", "phone": PHONE, "key": "k" * 24, "account": home}
    photos = [picture(size=(40, 30 + number)) for number in range(4)]
    refused = upload(client, "/requests/new/reading", {"photos": photos}, **told)
    assert (refused.status_code, "同一样最多 3 张" in words(refused.text)) == (422, True)
    assert stored(database, RequestFile) == 3


# ---- a place


def test_a_place_is_taken_and_shown_as_a_link_into_the_maps(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {**TOLD, "point": "113.0826，31.0912", "key": "k" * 24, "account": home}
    link = 'href="geo:31.091200,113.082600">31.091200, 113.082600</a>'
    assert link in look_over(client, **told).text
    assert link in client.get(send(client, **told).headers["Location"]).text
    with database.unit_of_work() as session:
        assert session.scalars(select(Request.point)).one() == "31.091200,113.082600"


@pytest.fixture(autouse=True)
def settings_read_anew() -> Iterator[None]:
    """Tests that set some leave none behind."""
    yield
    configured.request_settings.cache_clear()


@pytest.fixture
def one_town(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENGHUO_SERVICE_AREA", "30.9,112.8,31.3,113.4")
    configured.request_settings.cache_clear()


@pytest.mark.parametrize(
    ("point", "sentence"),
    [
        ("0, 0", "“地图上的位置”写成 31.0912, 113.0826 这样的两个数"),
        ("在家", "“地图上的位置”写成 31.0912, 113.0826 这样的两个数"),
        ("48.85, 2.35", "“地图上的位置”写成 31.0912, 113.0826 这样的两个数"),
        ("39.9042, 116.4074", "“地图上的位置”不在我们供电的地方。"),
        ("<b>1</b>, 2", "“地图上的位置”写成 31.0912, 113.0826 这样的两个数"),
    ],
)
def test_a_wrong_place_is_said(
    client: FlaskClient,
    database: Database,
    home: str,
    one_town: None,
    point: str,
    sentence: str,
) -> None:
    page = send(client, account=home, point=point)
    assert page.status_code == 422
    assert sentence in words(page.text)
    assert count(database, Request) == 0


def test_only_these_pages_may_ask_where_one_is(client: FlaskClient, home: str) -> None:
    allowed = client.get(REPAIR).headers["Permissions-Policy"]
    assert "geolocation=(self)" in allowed
    assert "camera=()" in allowed
    assert "geolocation=()" in client.get("/").headers["Permissions-Policy"]


# ---- bad input


def zipped() -> bytes:
    """A ZIP of a few KB that would be 50 MB."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.jpg", b"\0" * 50 * 1024 * 1024)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "这个文件不是照片"),
        (b"<!doctype html><script>alert(1)</script>", "这个文件不是照片"),
        (b"MZ\x90\0" + b"\0" * 200, "这个文件不是照片"),
        (zipped(), "这个文件不是照片"),
        (bomb(), "这张照片太大了，换一张小一点的"),
        (b"%PDF-1.7\nnot really", "这份 PDF 坏了，打不开。"),
        (paper(pages=31), "这份 PDF 页数太多，最多 30 页。"),
        (picture() + b"\0" * 30 * 1024 * 1024, "这个文件太大了，一个最多 10 MB。"),
        (b"", None),
    ],
    ids=["svg", "html", "exe", "zip bomb", "pixel bomb", "pdf", "pages", "30 MB", "empty"],
)
@pytest.mark.parametrize("name", ["document-title", "photos"])
def test_a_bad_file_is_refused_in_words_and_nothing_is_lost(
    client: FlaskClient,
    database: Database,
    home: str,
    tmp_path: Path,
    name: str,
    content: bytes,
    sentence: str | None,
) -> None:
    told = {"address": "柳荫路 8 号", "holder": "王建华", "phone": PHONE, "key": "k" * 24}
    page = upload(client, CONNECTION, {name: [content]}, **told)
    assert page.status_code == (422 if sentence else 200)
    if name == "photos" and content.startswith(b"%PDF"):
        sentence = "这里要照片，不要 PDF。"
    assert (sentence or "看一遍再交") in words(page.text)
    assert "柳荫路 8 号" in page.text
    assert stored(database, RequestFile) == 0
    assert list(tmp_path.glob("photos/??/*")) == []
    assert "柳荫路 8 号" in client.get(CONNECTION).text


def test_one_bad_file_is_named_and_the_good_ones_stay(
    client: FlaskClient, database: Database, home: str
) -> None:
    told = {"address": "柳荫路 8 号", "holder": "", "phone": "1", "key": "k" * 24}
    files = {
        "photos": [picture(), paper()],
        "document-title": [b"<svg/>", paper()],
        "document-identity": [picture(size=(50, 50))],
    }
    page = upload(client, CONNECTION, files, **told)
    shown = words(page.text)
    assert page.status_code == 422
    assert "“证件和现场的照片 · 1.jpg”没有收：这里要照片，不要 PDF。" in shown
    title = "房产证，或购房合同、租房合同加房主同意书"
    assert f"“{title} · 0.jpg”没有收：这个文件不是照片，也不是 PDF" in shown
    assert "另外 3 个文件收下了。" in shown
    assert "有 2 处要改一下。" in shown
    assert len(re.findall(r'name="remove" value="\w+"', page.text)) == 3
    with database.unit_of_work() as session:
        kept = session.scalars(select(RequestFile.document).order_by(RequestFile.id)).all()
    assert kept == [None, "identity", "title"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", ""),
        ("证件.pdf", "证件.pdf"),
        (r"C:\Users\me\scan.pdf", "scan.pdf"),
        ("../a\u202efdp.exe", "afdp.exe"),
        ("x" * 40 + "-001.jpeg", "x" * 23 + "…001.jpeg"),
    ],
)
def test_the_name_of_a_file_is_said_in_short(name: str, said: str) -> None:
    assert receiving.short(name) == said


def test_a_paper_that_is_not_asked_for_any_more_is_not_sent(
    client: FlaskClient, database: Database, home: str
) -> None:
    told = {"address": "地下车库 B2-117", "capacity": "7", "phone": PHONE, "key": "k" * 24}
    told |= {"account": home}
    rented = [each.name for each in kind("ev_charger").papers({"space": "rented"})]
    owned = [each.name for each in kind("ev_charger").papers({"space": "owned"})]
    (other,) = set(rented) - set(owned)
    files = {f"document-{other}": [paper()]}
    assert upload(client, CHARGER, files, **told, space="rented").status_code == 200
    page = words(look_over(client, CHARGER, **told, space="owned").text)
    assert "车位的租赁合同照您选的用不上，不会交上来" in page
    assert post(client, CHARGER, **told, space="owned", action="send").status_code == 303
    assert (stored(database, Request), stored(database, RequestFile)) == (1, 0)


def test_an_upload_that_comes_again_is_one(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    told = {**TOLD, "key": "k" * 24, "account": home}
    for _ in range(3):
        upload(client, REPAIR, {"photos": [picture(), picture()]}, **told)
    send(client, account=home)
    assert upload(client, f"/requests/{NUMBER}/photos", {"photos": [picture()]}).status_code == 200
    assert stored(database, RequestFile) == 1


def test_names_of_other_scripts_and_signs_stay_whole(
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    odd = "مريم \u202eحسن\u202c 👩\u200d🔧 <i>梅</i>"
    told = {"address": "柳荫路 8 号", "holder": odd, "phone": PHONE, "key": "k" * 24}
    page = look_over(client, CONNECTION, **told)
    assert "مريم حسن 👩\u200d🔧 &lt;i&gt;梅&lt;/i&gt;" in page.text
    away = post(client, CONNECTION, **told, action="send").headers["Location"]
    shown = client.get(away).text
    assert "مريم حسن 👩\u200d🔧 &lt;i&gt;梅&lt;/i&gt;" in shown
    assert "\u202e" not in shown


def test_sent_from_two_windows_at_once_it_is_one_request(
    app: Flask,
    client: FlaskClient,
    database: Database,
    home: str,
) -> None:
    other = app.test_client()
    sign_in(other)
    token, fields = form_token(client), TOLD | {"key": "k" * 24, "action": "send", "account": home}
    other_token = form_token(other)
    with ThreadPoolExecutor(2) as both:
        answers = [
            both.submit(each.post, REPAIR, data={"csrf_token": of, **fields})
            for each, of in ((client, token), (other, other_token))
        ]
        places = {each.result().headers.get("Location") for each in answers}
    assert places == {f"/requests/{NUMBER}?new=1"}
    assert count(database, Request) == 1


# ---- the guard


def test_the_guard_keeps_out_what_it_knows(
    client: FlaskClient,
    database: Database,
    home: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listening, address = on_a_port()
    monkeypatch.setenv("DENGHUO_CLAMD", address)
    configured.request_settings.cache_clear()
    told = {**TOLD, "note": "电梯停了", "key": "k" * 24, "account": home}
    with standing(listening) as daemon:
        refused = upload(client, REPAIR, {"photos": [picture() + EVIL]}, **told)
        assert upload(client, REPAIR, {"photos": [picture()]}, **told).status_code == 200
    assert refused.status_code == 422
    assert "这个文件里有病毒，没有收。" in words(refused.text)
    assert "电梯停了" in refused.text
    assert daemon.heard == [picture() + EVIL, picture()]
    silent = upload(client, REPAIR, {"photos": [picture("PNG")]}, **told)
    assert silent.status_code == 422
    assert "现在没法检查文件是不是安全，先没有收。" in words(silent.text)
    assert stored(database, RequestFile) == 1
    assert len(list(tmp_path.glob("photos/??/*"))) == 1


def test_no_connection_waits_for_the_guard(
    client: FlaskClient,
    database: Database,
    home: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a file is looked at, none of the page's transactions is open."""
    listening, address = on_a_port()
    monkeypatch.setenv("DENGHUO_CLAMD", address)
    configured.request_settings.cache_clear()
    told = {**TOLD, "key": "k" * 24, "account": home}
    used: list[int] = []
    with standing(listening) as daemon:
        daemon.on_hearing = lambda: used.append(database.engine.pool.checkedout())
        upload(client, REPAIR, {"photos": [picture()]}, **told)
    assert used == [0]


def test_who_is_new_has_nothing_to_go_on_with(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert "填了一半的" not in words(client.get("/requests").text)
