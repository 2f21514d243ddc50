"""The trail, as an inspector reads it and takes it away."""

import csv
from collections.abc import Iterator
from io import StringIO

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from runtime.database import Database
from service import approvals, audit
from service.audit import AuditEntry, reading
from service.models import User
from tests.portal.conftest import create_user, post, sign_in, staff
from tests.portal.places import says, words

INSPECTOR, AGENT = "13900000001", "13900000002"
HOME, SHOP = "420011875603", "420015268840"
ROOM = "/desk/audit"
EVENING, MORNING = "2026-12-15T15:59:00Z", "2026-12-16T02:00:00Z"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def agent(database: Database) -> int:
    user = create_user(database, AGENT)
    with database.unit_of_work() as session:
        kept = session.get_one(User, user.id)
        kept.staff_role, kept.name = "agent", "林小满"
    return user.id


@pytest.fixture
def inspector(
    app: Flask, database: Database, agent: int, clock: time_machine.Traveller
) -> FlaskClient:
    """An inspector on the morning after two looks."""
    write(database, agent, HOME, "来电问账单")
    write(database, agent, SHOP, "", "BX2612150001")
    clock.move_to(MORNING)
    return staff(app, database, INSPECTOR, "inspector")


def write(database: Database, by: int, subject: str, reason: str, about: str = "") -> None:
    with database.unit_of_work() as session:
        session.info[audit.ADDRESS] = "192.0.2.7"
        audit.record(session, by=by, deed="seen", subject=subject, reason=reason, about=about)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text)))


def test_an_entry_says_everything(inspector: FlaskClient) -> None:
    page = says(inspector, ROOM)
    for word in ("林小满", "坐席", "看了", HOME, "来电问账单", "192.0.2.7", "12 月 15 日"):
        assert word in page, word
    assert "BX2612150001" in page


@pytest.mark.parametrize(
    ("asked", "there", "gone"),
    [
        ({"number": HOME}, HOME, SHOP),
        ({"number": "4200 1187 5603"}, HOME, SHOP),
        ({"number": "BX2612150001"}, SHOP, HOME),
        ({"number": " bx 2612 150001"}, SHOP, HOME),
        ({"number": "４２００１１８７５６０３"}, HOME, SHOP),
        ({"first": "2026-12-15", "last": "2026-12-15", "deed": "seen"}, HOME, "这里没有"),
        ({"first": "2026-12-16"}, "这里没有留痕", HOME),
        ({"who": "999999999999999999999999"}, "这里没有留痕", HOME),
        ({"deed": "staff.role"}, "这里没有留痕", HOME),
    ],
)
def test_it_is_narrowed(
    inspector: FlaskClient, asked: dict[str, str], there: str, gone: str
) -> None:
    answer = inspector.get(ROOM, query_string=asked)
    assert answer.status_code == 200
    table = words(answer.text).split("筛选", 1)[1]
    assert there in table
    assert gone not in table


@pytest.mark.parametrize(
    "asked",
    [
        {"who": "x"},
        {"first": "yesterday"},
        {"last": "2026-13-40"},
        {"deed": "nothing"},
        {"before": "²"},
    ],
)
def test_what_cannot_be_read_is_not_asked(inspector: FlaskClient, asked: dict[str, str]) -> None:
    page = inspector.get(ROOM, query_string=asked)
    assert page.status_code == 200
    assert HOME in page.text


def test_by_person(inspector: FlaskClient, agent: int) -> None:
    assert HOME in says(inspector, f"{ROOM}?who={agent}")
    assert HOME not in says(inspector, f"{ROOM}?who={agent + 1}")


def test_page_after_page(
    inspector: FlaskClient, database: Database, agent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 1)
    first = inspector.get(f"{ROOM}?who={agent}").text
    assert SHOP in first
    assert HOME not in first
    older = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert older.startswith(f"{ROOM}?who={agent}&before=")
    second = inspector.get(older).text
    assert HOME in second
    assert SHOP not in second
    assert 'rel="next"' not in second
    assert "回到最新的" in words(second)


def test_a_file_of_what_was_narrowed(inspector: FlaskClient, database: Database) -> None:
    answer = post(inspector, f"{ROOM}/file", number=HOME, first="2026-12-01", reason="年度检查")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    name = answer.headers["Content-Disposition"]
    assert name == 'attachment; filename="audit-2026-12-01.csv"'
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeff序号,时间,谁,")
    assert rows(text)[1:] == [
        ["1", "2026-12-15 23:59:00", "林小满", "坐席", "看了", HOME, "来电问账单", "", "192.0.2.7"]
    ]


def test_taking_it_away_is_in_the_trail(inspector: FlaskClient, database: Database) -> None:
    post(inspector, f"{ROOM}/file", reason="年度检查")
    with database.unit_of_work() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.deed, last.subject, last.reason) == ("trail.exported", "audit", "年度检查")
    assert "取走了这份记录" in says(inspector, ROOM)


def test_without_a_reason_there_is_no_file(inspector: FlaskClient, database: Database) -> None:
    answer = post(inspector, f"{ROOM}/file", number=HOME, reason=" ")
    assert answer.status_code == 400
    page = words(answer.text)
    assert "写一句为什么" in page
    assert SHOP not in page
    with database.unit_of_work() as session:
        assert len(session.scalars(select(AuditEntry)).all()) == 2


@pytest.mark.parametrize("reason", ["=HYPERLINK(1)", "+1", "-1", "@x"])
def test_a_cell_is_no_formula(
    inspector: FlaskClient, database: Database, agent: int, reason: str
) -> None:
    write(database, agent, "T1", reason)
    text = post(inspector, f"{ROOM}/file", number="T1", reason="检查").get_data(as_text=True)
    assert rows(text)[1][6] == f"'{reason}"


def test_what_is_typed_is_no_markup(inspector: FlaskClient, database: Database, agent: int) -> None:
    write(database, agent, "T1", "<script>alert(1)</script>")
    assert "<script>alert" not in inspector.get(ROOM).text


def test_every_deed_has_words(inspector: FlaskClient) -> None:
    page = says(inspector, ROOM)
    for word in ("给了岗位", "收回了岗位", "停用了登录", "给了新密码", "取走了这份记录"):
        assert word in page


@pytest.mark.parametrize(
    ("subject", "about", "said"),
    [
        ("user {agent}", "", "林*满（{agent} 号）"),
        ("queue of {agent}", "approval 9", "林*满（{agent} 号） 看的工单队列"),
        (HOME, "user {agent} /bills", "林*满（{agent} 号），账单"),
        (HOME, "user {agent} /", "林*满（{agent} 号），首页"),
        ("user 99999", "", "没有留名（99999 号）"),
        ("search", "", "搜索"),
        ("difference 7", "approval 9", "对账差异 7 号"),
        (HOME, "approval 9", "审批 9 号"),
        (HOME, "conversation 4", "对话 4 号"),
        (HOME, "finance", "财务"),
    ],
)
def test_numbers_are_told_in_words_and_lead_to_their_entries(
    inspector: FlaskClient, database: Database, agent: int, subject: str, about: str, said: str
) -> None:
    subject, about = subject.format(agent=agent), about.format(agent=agent)
    write(database, agent, subject, "核对", about)
    table = words(inspector.get(ROOM).text).split("网络地址", 1)[1]
    assert said.format(agent=agent) in table
    for number in filter(None, (subject, about)):
        assert "核对" in words(inspector.get(ROOM, query_string={"number": number}).text)
    kept = rows(post(inspector, f"{ROOM}/file", number=subject, reason="检查").text)
    assert kept[1][5] == subject


def test_an_approval_says_what_it_was_about(
    inspector: FlaskClient, database: Database, agent: int
) -> None:
    with database.unit_of_work() as session:
        params = {"user": agent, "role": "lead", "was": "agent"}
        approvals.ask(session, "staff_role", f"user {agent}", params, "升班长", by=agent)
    page = says(inspector, ROOM)
    assert "申请审批" in page
    assert "给岗位" in page.split("升班长")[1]


@pytest.mark.parametrize("role", ["agent", "lead", "finance", "field"])
def test_for_others_the_room_does_not_exist(
    app: Flask, database: Database, agent: int, role: str
) -> None:
    client = staff(app, database, INSPECTOR, role)
    assert client.get(ROOM).status_code == 404
    assert post(client, f"{ROOM}/file", reason="x").status_code == 404
    with database.unit_of_work() as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_a_customer_finds_no_such_room(app: Flask, database: Database) -> None:
    create_user(database, INSPECTOR)
    client = app.test_client()
    sign_in(client, INSPECTOR)
    assert client.get(ROOM).status_code == 404


def test_an_inspector_has_no_other_room(inspector: FlaskClient) -> None:
    assert inspector.get("/desk").headers["Location"] == ROOM
    for path in ("/desk/refunds", "/desk/conversations", "/desk/approvals", "/desk/people"):
        assert inspector.get(path).status_code == 404
