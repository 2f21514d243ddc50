"""The field pages: the day's jobs, a job with its customer and form, for its worker alone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from portal.current import SIGN_IN_COOKIE, lifetime
from portal.field import shell
from runtime.database import Database
from service.audit import AuditEntry
from service.desk import notes
from service.field.models import FieldVisit
from service.models import User
from service.people.sessions import open_session
from service.requests import moving, talking
from service.requests.models import Request, RequestFile
from tests.portal.conftest import create_user, post, sign_in, staff
from tests.portal.field.conftest import KEY, Field, answer
from tests.portal.places import says
from tests.service.field.conftest import METER, sent_out

pytestmark = pytest.mark.usefixtures("december")


def photo(colour: str = "#8d98b0") -> tuple[BytesIO, str, str]:
    content = BytesIO()
    Image.new("RGB", (640, 480), colour).save(content, "JPEG")
    content.seek(0)
    return content, "photo.jpg", "image/jpeg"


def theirs(field: Field, app: Flask, database: Database) -> FlaskClient:
    """The browser of the customer of the job."""
    with database.unit_of_work() as session:
        owner = session.get_one(User, field.customer.user_id)
        life = lifetime(app.extensions["settings"])
        token = open_session(session, owner, device="", address="", lifetime=life)
    client = app.test_client()
    client.set_cookie(SIGN_IN_COOKIE, token)
    return client


def visit_of(database: Database) -> FieldVisit:
    with database.reading() as session:
        return session.scalars(select(FieldVisit)).one()


def test_the_jobs_of_today(field: Field) -> None:
    page = says(field.client, "/field")
    assert "今天的活 1 件，按路程和时间排好了。" in page
    assert "1. 停电、故障报修 人到现场，在修 · 梧桐里 12 栋 502说好 今天 10:45 前" in page
    assert "快到时间了" in page
    assert "现在没有要去的" in says(field.colleague, "/field")


def test_a_job_with_its_customer(field: Field) -> None:
    page = says(field.client, field.page)
    for words in ("王*华", METER, "有过期没缴的", "狗很凶", "人到现场，在修"):
        assert words in page
    assert "王建华" not in page
    raw = field.client.get(field.page).get_data(as_text=True)
    assert 'href="tel:13800138000"' in raw
    assert "138 **** 8000" in page
    assert "geo:0,0?q=%E6%A2%A7%E6%A1%90%E9%87%8C" in raw
    assert "uri.amap.com" not in raw


def test_the_way_by_coordinates(field: Field, database: Database) -> None:
    with database.unit_of_work() as session:
        session.scalars(select(Request)).one().point = "30.592800,114.305500"
    raw = field.client.get(field.page).get_data(as_text=True)
    assert 'href="geo:30.592800,114.305500"' in raw
    assert "marker?position=114.305500,30.592800&amp;name=%E6%A2%A7%E6%A1%90%E9%87%8C" in raw
    assert "1.1 公里" in says(field.client, "/field?at=30.583,114.306")


def test_what_colleagues_noted_and_what_was_said(field: Field, database: Database) -> None:
    before = field.client.get(field.page).headers["X-Stamp"]
    with database.unit_of_work() as session:
        owner, desk = field.customer.asker, field.crew.desk
        notes.note(session, [field.request_no], "门牌掉了，找红门", "n-1", by=desk)
        talking.say(session, owner, field.request_no, "我在家等", "m-1")
        talking.answer(session, field.request_no, "人马上到", desk, "m-2")
    page = says(field.client, field.page)
    assert "备注，客户看不到 门牌掉了，找红门没有留名的同事 · 今天 10:00" in page
    assert "和客户说的话 我在家等客户 · 今天 10:00人马上到没有留名的同事 · 今天 10:00" in page
    assert field.client.get(field.page).headers["X-Stamp"] != before
    with database.reading() as session:
        made = session.scalars(select(Request)).one()
        assert talking.unread(session, [made.id], "staff") == {made.id: 1}


def test_an_arrival_is_no_end(field: Field) -> None:
    page = field.client.get(field.page).get_data(as_text=True)
    assert "到了，开始办" in page
    for words in ("办好了，交上去", "data-sign ", 'name="signer"'):
        assert words not in page
    field.send()
    page = field.client.get(field.page).get_data(as_text=True)
    assert "到了，开始办" not in page
    for words in ("办好了，交上去", "data-sign ", 'name="signer"'):
        assert words in page


def primary(client: FlaskClient, link: str) -> tuple[str, str]:
    """Where the yellow button of a page leads, and its words."""
    page = client.get(link).get_data(as_text=True)
    found = re.search(r'<a class="button primary wide" href="([^"]+)">([^<]+)</a>', page)
    assert found is not None
    return found[1], found[2]


def test_a_slip_leads_on_to_the_same_job_then_to_the_next(field: Field, database: Database) -> None:
    other = sent_out(database, field.customer, field.crew, key="form-2").request_no
    link = str(answer(field.send())["link"])
    assert primary(field.client, link) == (field.page, "接着办：修好送电")
    give_away(field, database)
    assert primary(field.client, link) == (f"/field/jobs/{other}", "下一件")
    with database.unit_of_work() as session:
        moving.assign(session, [other], None, by=field.crew.desk)
    assert primary(field.client, link) == ("/field", "今天的活")


def test_whoever_looks_is_written_down(field: Field, database: Database) -> None:
    field.client.get(field.page)
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.user_id, entry.deed) == (field.crew.worker, "seen")
        assert (entry.subject, entry.about) == (field.customer.account_no, field.request_no)


def test_nobody_else_gets_in(field: Field, app: Flask, database: Database) -> None:
    assert field.colleague.get(field.page).status_code == 404
    assert field.send(client=field.colleague).status_code == 404
    for role in ("agent", "finance", "inspector"):
        other = staff(app, database, f"1880000010{len(role)}", role)
        assert other.get("/field").status_code == 404
        assert other.get(field.page).status_code == 404
        assert field.send(client=other).status_code == 404
    customer = app.test_client()
    create_user(database)
    sign_in(customer)
    assert customer.get("/field").status_code == 404
    assert app.test_client().get("/field").status_code == 302
    with database.reading() as session:
        assert session.scalars(select(FieldVisit)).all() == []


def test_what_was_done_is_taken_once(field: Field, database: Database) -> None:
    first = field.send(place="30.592800,114.305500", accuracy="12", note="到了")
    assert first.status_code == 200
    link = str(answer(first)["link"])
    assert re.fullmatch(rf"/field/jobs/{field.request_no}/visits/\d+", link)
    assert answer(field.send()) == {"link": link}
    visit = visit_of(database)
    assert (visit.place, visit.accuracy, visit.note) == ("30.592800,114.305500", 12, "到了")
    slip = says(field.client, link)
    assert "现场服务单" in slip
    assert "严*（工号 " in slip
    assert "今天交了的" in says(field.client, "/field")


def test_without_a_script(field: Field, database: Database) -> None:
    done = field.send(script=False, photos=[photo()])
    assert done.status_code == 303
    assert "/visits/" in done.headers["Location"]
    assert "照片1 张" in says(field.client, done.headers["Location"])


def test_photos_with_their_time_and_place(field: Field, database: Database) -> None:
    sent = field.send(
        photos=[photo(), photo("#223344")],
        photo_at=["2026-12-11T01:50:00+00:00", "no time"],
        photo_place=["30.5,114.3", ""],
        done_at="2026-12-11T01:55:00+00:00",
        sent_at="2026-12-11T02:00:00+00:00",
    )
    assert sent.status_code == 200
    with database.reading() as session:
        visit = session.scalars(select(FieldVisit)).one()
        first, second = visit.photos
        assert (first.taken_at.isoformat(), first.place) == (
            "2026-12-11T01:50:00+00:00",
            "30.500000,114.300000",
        )
        assert second.place is None
        kept = session.scalars(select(RequestFile).order_by(RequestFile.id)).all()
        assert [each.name for each in kept] == [first.name, second.name]
        assert {each.by_id for each in kept} == {field.crew.worker}
        assert {each.request_id for each in kept} == {visit.request_id}


def test_a_clock_that_is_wrong_still_says_how_long_ago(field: Field, database: Database) -> None:
    with database.unit_of_work() as session:
        session.scalars(select(Request)).one().opened_at = datetime(2026, 12, 11, tzinfo=UTC)
    field.send(done_at="2031-01-01T09:00:00Z", sent_at="2031-01-01T09:40:00Z")
    assert visit_of(database).done_at.isoformat() == "2026-12-11T01:20:00+00:00"


def test_a_signature_by_hand(field: Field, database: Database) -> None:
    drawn = BytesIO()
    Image.new("RGB", (400, 160), "white").save(drawn, "PNG")
    drawn.seek(0)
    sent = field.send(signature=(drawn, "signature.png", "image/png"), signer="王建华")
    link = str(answer(sent)["link"])
    page = field.client.get(link).get_data(as_text=True)
    assert '<img src="data:image/jpeg;base64,/9j/' in page
    assert "王建华" in page
    pdf = field.client.get(f"{link}.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    assert f"{field.request_no}-" in pdf.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"photos": (BytesIO(b"<svg/>"), "a.jpg", "image/jpeg")}, "这个文件不是照片"),
        ({"signature": (BytesIO(b"<svg/>"), "a.png", "image/png")}, "这个文件不是照片"),
        ({"key": "short"}, "这一页放得太久了"),
        ({"deed": "pause"}, "写一句"),
        ({"meter_no": "M99"}, "和这一户登记的不一样"),
        ({"deed": "dance"}, "没有收下"),
    ],
)
def test_what_is_wrong_is_said_and_moves_nothing(
    field: Field, database: Database, fields: dict[str, object], sentence: str
) -> None:
    sent = field.send(**fields)
    assert sent.status_code == 422
    assert sentence in str(answer(sent)["sentence"])
    with database.reading() as session:
        assert session.scalars(select(FieldVisit)).all() == []
        assert session.scalars(select(Request)).one().step == "crew_sent"


def test_what_is_missing_in_the_form_is_said_at_its_field(field: Field) -> None:
    field.send()
    sent = field.send(key=KEY + "-2", step="restored", **{"in-cause": "line"})
    assert sent.status_code == 422
    assert answer(sent)["fields"] == {"done": "请填“做了什么”。"}
    plain = field.send(script=False, key=KEY + "-2", step="restored", **{"in-cause": "line"})
    assert plain.status_code == 422
    raw = plain.get_data(as_text=True)
    assert "请填“做了什么”。" in raw
    assert '<option value="line" selected>' in raw


def give_away(field: Field, database: Database) -> None:
    with database.unit_of_work() as session:
        moving.assign(session, [field.request_no], field.crew.colleague, by=field.crew.desk)


def do_before(field: Field, database: Database) -> None:
    with database.unit_of_work() as session:
        moving.complete(session, field.request_no, "arrived", by=field.crew.colleague)


@pytest.mark.parametrize(
    ("meanwhile", "sentence"),
    [
        (give_away, "“停电、故障报修”改派给了周*宁（工号 "),
        (do_before, "“人到现场，在修”今天 10:00 已经由周*宁（工号 "),
    ],
)
def test_what_no_longer_fits_is_explained_and_kept(
    field: Field,
    database: Database,
    meanwhile: Callable[[Field, Database], None],
    sentence: str,
) -> None:
    ticket = field.ticket()
    meanwhile(field, database)
    sent = field.send(ticket=ticket, note="到了")
    assert sent.status_code == 409
    said = str(answer(sent)["sentence"])
    assert sentence in said
    assert said.endswith("您写的和拍的都记在这件事下面了，不用再交。")
    assert answer(field.send(ticket=ticket)) == answer(sent)
    assert visit_of(database).note == "到了"
    shown = field.send(script=False, ticket=ticket)
    assert shown.headers["Location"] == "/field"
    assert sentence in says(field.client, "/field")
    assert "只记下，没有算数" in says(field.client, "/field")


def test_the_desk_reads_what_did_not_count(field: Field, database: Database) -> None:
    field.send()
    ticket = field.ticket()
    with database.unit_of_work() as session:
        moving.assign(session, [field.request_no], None, by=field.crew.desk)
    form = {"in-cause": "line", "in-done": "换线 20 米", "note": "换好了"}
    for _again in range(2):
        sent = field.send(key=KEY + "-2", step="restored", ticket=ticket, **form)
        assert sent.status_code == 409
    with database.reading() as session:
        (noted,) = notes.notes(session, session.scalars(select(Request)).one())
        assert noted.by.id == field.crew.worker
        assert noted.note.text == (
            "现场交来“修好送电”，没有算数。“停电、故障报修”调度收回去了，现在没有派给谁。\n"
            "原因：线路\n做了什么：换线 20 米\n换好了"
        )


def test_the_desk_reads_of_a_meter_that_nobody_knew(field: Field, database: Database) -> None:
    field.send(meter_no="X-7", meter_sure="yes")
    field.send(key=KEY + "-2", deed="pause", step="restored", meter_no=METER, note="等您开门")
    with database.reading() as session:
        (noted,) = notes.notes(session, session.scalars(select(Request)).one())
        assert noted.note.text == "现场装的表是 X7，和登记的不一样。"


def test_a_ticket_is_for_one_worker_and_one_job(field: Field, database: Database) -> None:
    ticket = field.ticket()
    give_away(field, database)
    assert field.send(ticket=ticket + "x").status_code == 404
    assert field.send().status_code == 404
    with database.unit_of_work() as session:
        moving.assign(session, [field.request_no], None, by=field.crew.desk)
    assert field.send(client=field.colleague, ticket=ticket).status_code == 404


def test_the_slip_reaches_the_customer(field: Field, app: Flask, database: Database) -> None:
    link = str(answer(field.send(note="开关坏了，换好了。"))["link"])
    sent = post(field.client, f"{link}/send")
    assert sent.headers["Location"] == link
    post(field.client, f"{link}/send")
    with database.reading() as session:
        made = session.scalars(select(Request)).one()
        (message,) = talking.messages(session, made)
        assert message.by_id == field.crew.worker
        assert message.text.startswith("现场服务单：人到现场，在修，2026 年 12 月 11 日 10:00。")
    assert message.link is not None
    assert "发给客户了。" in says(field.client, link)
    assert "开关坏了，换好了。" in says(theirs(field, app, database), message.link)
    paper = theirs(field, app, database).get(f"{message.link}.pdf")
    assert paper.data.startswith(b"%PDF-")
    neighbour = app.test_client()
    create_user(database)
    sign_in(neighbour)
    for other in (app.test_client(), neighbour, field.client):
        assert other.get(message.link).status_code == 404
        assert other.get(f"{message.link}.pdf").status_code == 404


def test_a_colleagues_slip_is_not_there(field: Field) -> None:
    link = str(answer(field.send())["link"])
    assert field.colleague.get(link).status_code == 404
    assert field.colleague.get(f"{link}.pdf").status_code == 404
    assert post(field.colleague, f"{link}/send").status_code == 404


def test_the_phone_is_told_who_is_there(field: Field) -> None:
    here = answer(field.client.get("/field/here"))
    assert here["worker"] == str(field.crew.worker)
    assert here["token"]


def test_what_a_phone_may_keep_and_ask_for(field: Field) -> None:
    for path in ("/field", field.page):
        headers = field.client.get(path).headers
        assert headers["X-Worker"] == str(field.crew.worker)
        until = datetime.fromtimestamp(int(headers["X-Kept-Until"]) / 1000, UTC)
        assert until == datetime(2026, 12, 11, 18, tzinfo=UTC)
        assert "camera=(self), geolocation=(self)" in headers["Permissions-Policy"]
        assert headers.getlist("Permissions-Policy") == [headers["Permissions-Policy"]]
    page = field.client.get("/field").get_data(as_text=True)
    stamp = re.findall(r'data-stamp="([^"]+)"', page)
    assert [field.client.get(field.page).headers["X-Stamp"]] == stamp


def test_the_worker_knows_all_parts_of_the_pages(field: Field, client: FlaskClient) -> None:
    script = field.client.get("/field/worker.js")
    assert script.mimetype == "text/javascript"
    assert script.headers["Service-Worker-Allowed"] == "/field"
    known = set(re.findall(r'"(/static/[^"]+)"', script.get_data(as_text=True)))
    pages = [
        field.client.get(path).get_data(as_text=True)
        for path in ("/field", field.page, "/field/offline")
    ]
    used = {each for page in pages for each in re.findall(r'"(/static/[^"]+)"', page)}
    assert used == known
    assert len(shell.PARTS) == len(known)
