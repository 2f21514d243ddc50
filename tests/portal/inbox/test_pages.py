"""The inbox as it is read: one's own, in one's language, the newest first."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from notifications import inbox
from portal.inbox import outages, requests
from runtime.database import Database
from service.models import User
from service.requests import asking, talking
from service.requests.askers import Asker
from tests.portal.conftest import create_user, post, sign_in, staff
from tests.portal.places import queries, says
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
REQUEST = {"request_no": "BX2612110001", "request_kind": "outage_repair"}
NOON = "2026-12-11T04:00:00+00:00"


def tell(database: Database, user_id: int, *told: tuple[str, dict[str, object]]) -> None:
    with database.unit_of_work() as session:
        for kind, params in told:
            inbox.put(session, user_id, f"{kind}:{uuid4()}", kind, params, NOW)


def rows(client: FlaskClient, path: str = "/inbox") -> list[str]:
    """Each message as it stands there, without its buttons."""
    page = client.get(path).get_data(as_text=True)
    parts = page.split('<button class="row">')[1:]
    return [" ".join(_bare(each.split("</button>")[0]).split()) for each in parts]


def _bare(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


def test_an_empty_inbox_says_what_would_be_there(client: FlaskClient, user: User) -> None:
    page = says(client, "/inbox")
    assert "还没有消息办的事走到哪一步、您那一片停不停电，都在这里告诉您。" in page
    assert "都看过了有新消息就在这里。" in says(client, "/inbox?show=unread")


SAID = {
    ("request.opened", ("promised_at", NOON)): (
        "收到了：停电、故障报修",
        "受理号 BX2612110001。今天 12:00 前有人到现场。",
    ),
    ("request.moved", ("step", "crew_sent")): (
        "停电、故障报修：派出抢修队",
        "抢修队出发了。",
    ),
    ("request.paused", ("note", "请补房产证")): (
        "停电、故障报修：等您回话",
        "“请补房产证”。您回了话接着办，等您的时间不算在我们的时限里。",
    ),
    ("request.paused", ("note", "房产证看不清，请重拍。")): (
        "停电、故障报修：等您回话",
        "“房产证看不清，请重拍”。您回了话接着办，等您的时间不算在我们的时限里。",
    ),
    ("request.resumed", ("step", "crew_sent")): ("停电、故障报修：接着办了", ""),
    ("request.rejected", ("note", "地址不在我们这里。")): (
        "停电、故障报修：没有受理",
        "地址不在我们这里。",
    ),
    ("request.rejected", ("step", "")): (
        "停电、故障报修：没有受理",
        "原因打 96000 问，报受理号就行。",
    ),
    ("request.late", ("due_at", NOON)): (
        "停电、故障报修：我们晚了",
        "说好 今天 12:00 前，没有做到，已经在催。着急就打 96000，报受理号。",
    ),
    ("request.joined", ("outage_no", "")): (
        "您报的停电我们已经知道",
        "受理号 BX2612110001。已经在修，不用再报。来电以后我们问您一声；不是这回事，打开告诉我们。",
    ),
    ("request.back", ("step", "received")): (
        "来电了吗？",
        "您报的那次停电，消息说已经来电。您家来了没有，打开说一声。",
    ),
    ("request.replied", ("", "")): (
        "停电、故障报修：有人回您了",
        "打开就能看到，也能接着说。",
    ),
    ("request.visit", ("starts_at", NOON)): (
        "停电、故障报修：约好上门",
        "今天 12:00–14:00 有人来。不方便，打开就能改。",
    ),
    ("request.visit", ("was", NOON)): ("停电、故障报修：上门取消了", "打开就能另约时间。"),
    ("talk.replied", ("", "")): ("客服回您了", "在“问灯火”里看。"),
}
ENDS = {"starts_at": {"ends_at": "2026-12-11T06:00:00+00:00"}}


@pytest.mark.parametrize("case", SAID, ids=lambda each: f"{each[0]}-{each[1][0]}")
def test_each_thing_is_said_in_words(
    client: FlaskClient, database: Database, user: User, case: tuple[str, tuple[str, str]]
) -> None:
    kind, (name, value) = case
    params = REQUEST | ({name: value} if name and value else {}) | ENDS.get(name, {})
    tell(database, user.id, (kind, params))
    title, text = SAID[case]
    assert rows(client) == [" ".join(f"{title} {text} 今天 10:00 新".split())]
    assert rows(client, "/inbox?lang=en")[0].endswith(" today 10:00 New")


def test_no_kind_of_message_is_without_words() -> None:
    said = {kind for kind, _ in SAID}
    assert {f"request.{what}" for what in requests.SAID} <= said
    assert set(requests.AT_DESK) == {"rated", "due", "late"}
    assert set(outages.SAID) == {"announced", "begun", "moved", "over", "called_off", "spared"}


def test_outages_are_said_as_they_stood_then(
    client: FlaskClient, database: Database, user: User
) -> None:
    """What is known of the outage now does not change what was told of its times."""
    with database.unit_of_work() as session:
        number = builders.create_outage(
            session, NOW + 48 * HOUR, state="restored", ended_at=NOW + 49 * HOUR
        ).outage_no
    plan = {
        "state": "announced",
        "starts_at": "2026-12-12T01:00:00Z",
        "expected_end_at": "2026-12-12T03:00:00Z",
        "ended_at": None,
    }
    later = plan | {"expected_end_at": "2026-12-12T05:30:00Z"}
    moved = plan | {
        "starts_at": "2026-12-13T01:00:00Z",
        "expected_end_at": "2026-12-13T03:00:00Z",
    }
    fault = later | {"state": "ongoing", "starts_at": "2026-12-11T01:00:00Z"}
    over = fault | {"state": "restored", "ended_at": "2026-12-11T01:40:00Z"}
    off = plan | {"state": "cancelled", "ended_at": "2026-12-11T01:40:00Z"}
    told = [
        ("announced", plan, None),
        ("announced", fault, None),
        ("begun", fault, None),
        ("moved", later, plan),
        ("moved", moved, plan),
        ("over", over, None),
        ("called_off", off, None),
        ("spared", plan, None),
    ]
    tell(
        database,
        user.id,
        *(
            (
                f"outage.{what}",
                {"outage_no": number, "now": now} | ({"before": before} if before else {}),
            )
            for what, now, before in told
        ),
    )
    where = "梧桐里 9–12 栋"
    assert [each.removesuffix(" 今天 10:00 新") for each in rows(client)][::-1] == [
        f"要停电：{where} 12 月 12 日 09:00–11:00 停电。计划检修。",
        f"停电了：{where} 今天 09:00 停电，预计 12 月 12 日 13:30 来电。计划检修。",
        f"开始停电了：{where} 今天 09:00 停电，预计 12 月 12 日 13:30 来电。",
        f"来电的时间改了：{where} 12 月 12 日 09:00–13:30 停电。",
        f"停电改了时间：{where} 12 月 13 日 09:00–11:00 停电。原来是 12 月 12 日 09:00–11:00。",
        f"来电了：{where} 今天 09:00 停电，09:40 来电了。您家还没有来电，就报修。",
        f"不停电了：{where} 原定 12 月 12 日 09:00–11:00 停电，不停了。",
        f"您那一片不停了：{where} 这次停电的范围改了，您那一片不在里面了。",
    ]


def test_opening_reads_it_and_goes_where_there_is_more(
    client: FlaskClient, database: Database, user: User
) -> None:
    tell(database, user.id, ("request.moved", REQUEST | {"step": "crew_sent"}))
    (message,) = messages(database, user.id)
    answer = post(client, f"/inbox/{message.id}")
    assert (answer.status_code, answer.location) == (303, "/requests/BX2612110001")
    assert messages(database, user.id)[0].is_read
    assert rows(client, "/inbox?show=unread") == []
    post(client, f"/inbox/{message.id}/mark", **{"as": "unread"})
    assert len(rows(client, "/inbox?show=unread")) == 1
    answer = post(client, f"/inbox/{message.id}/mark", show="unread", **{"as": "read"})
    assert answer.location == "/inbox?show=unread"
    assert rows(client, "/inbox?show=unread") == []


def messages(database: Database, user_id: int) -> list[inbox.Told]:
    with database.unit_of_work() as session:
        return inbox.page(session, user_id)


def test_all_that_was_shown_is_read_at_once(
    client: FlaskClient, database: Database, user: User
) -> None:
    tell(database, user.id, ("talk.replied", {}), ("talk.replied", {}))
    newest = messages(database, user.id)[0].id
    tell(database, user.id, ("request.replied", REQUEST))
    post(client, "/inbox/read", up_to=str(newest))
    assert [each.is_read for each in messages(database, user.id)] == [False, True, True]


def test_an_answer_that_was_read_on_the_page_of_its_request_is_read_here(
    client: FlaskClient, database: Database, user: User
) -> None:
    told = {"phone": "13800138000", "about": "峰谷电价"}
    with database.unit_of_work() as session:
        mine = Asker.of_user(user.id)
        numbers = [
            asking.apply(session, mine, "call_back", None, told, key).request_no for key in "ab"
        ]
        agent = builders.create_user(session, staff_role="agent")
        for number in numbers:
            talking.answer(session, number, "明天上午打给您。", agent.id, "k")
            inbox.put(session, user.id, f"request:{number}:replied:1", "request.replied", REQUEST)
    client.get(f"/requests/{numbers[0]}")
    assert [each.is_read for each in messages(database, user.id)] == [False, True]


def test_a_neighbour_reads_and_marks_nothing_of_mine(
    app: Flask, client: FlaskClient, database: Database, user: User
) -> None:
    tell(database, user.id, ("request.moved", REQUEST | {"step": "crew_sent"}))
    (message,) = messages(database, user.id)
    create_user(database, "13900000001")
    neighbour = app.test_client()
    sign_in(neighbour, "13900000001")
    assert rows(neighbour) == []
    assert post(neighbour, f"/inbox/{message.id}").status_code == 404
    assert post(neighbour, f"/inbox/{message.id}/mark", **{"as": "read"}).status_code == 404
    post(neighbour, "/inbox/read", up_to="999999")
    assert not messages(database, user.id)[0].is_read
    stranger = app.test_client()
    assert stranger.get("/inbox").location == "/sign-in?next=/inbox"


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "１", "999999999999999999"])
def test_what_is_no_number_is_none(client: FlaskClient, user: User, number: str) -> None:
    assert client.get(f"/inbox?before={number}").status_code == 200
    assert post(client, f"/inbox/{number}").status_code == 404
    assert post(client, "/inbox/read", up_to=number).status_code == 303


def test_a_long_inbox_is_read_page_by_page(
    client: FlaskClient, database: Database, user: User
) -> None:
    told = [("request.replied", REQUEST)] * (inbox.PAGE + 3)
    tell(database, user.id, *told)
    first = client.get("/inbox").get_data(as_text=True)
    assert len(rows(client)) == inbox.PAGE
    older = first.split("更早的")[0].rsplit('href="', 1)[1].split('"')[0]
    assert len(rows(client, older)) == 3
    assert "更早的" not in client.get(older).get_data(as_text=True)
    assert "最新的" in client.get(older).get_data(as_text=True)


def test_the_bar_says_that_something_is_unread_with_no_question_more(
    client: FlaskClient, database: Database, user: User
) -> None:
    client.get("/profile")
    with queries() as before:
        page = client.get("/profile").get_data(as_text=True)
    assert "有没看过的" not in page
    tell(database, user.id, ("talk.replied", {}))
    with queries() as after:
        page = client.get("/profile").get_data(as_text=True)
    assert "有没看过的" in page
    assert len(after) == len(before)


def test_many_outages_are_read_by_one_question(
    client: FlaskClient, database: Database, user: User
) -> None:
    times = {
        "state": "announced",
        "starts_at": "2026-12-12T01:00:00Z",
        "expected_end_at": None,
        "ended_at": None,
    }

    def asked() -> int:
        with database.unit_of_work() as session:
            number = builders.create_outage(session, NOW + HOUR).outage_no
        tell(database, user.id, ("outage.announced", {"outage_no": number, "now": times}))
        with queries() as seen:
            client.get("/inbox")
        return len(seen)

    asked()
    few = asked()
    assert asked() == few <= 6


def test_the_desk_reads_what_is_late_in_its_own_inbox(app: Flask, database: Database) -> None:
    desk = staff(app, database, "13900000002", "lead")
    with database.unit_of_work() as session:
        person = session.scalars(select(User).where(User.staff_role == "lead")).one()
    due = REQUEST | {"due_at": NOON}
    tell(
        database,
        person.id,
        ("desk.late", due),
        ("desk.due", due),
        ("desk.rated", REQUEST | {"score": 2}),
    )
    assert rows(desk)[::-1] == [
        "超时了：停电、故障报修 BX2612110001，时限 今天 12:00。 今天 10:00 新",
        "快到时限：停电、故障报修 BX2612110001，时限 今天 12:00。 今天 10:00 新",
        "2 分：停电、故障报修 BX2612110001，客户不满意。 今天 10:00 新",
    ]


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("lead", "/desk/requests/BX2612110001"),
        ("field", "/field/jobs/BX2612110001"),
        ("finance", "/inbox"),
    ],
)
def test_what_is_late_leads_to_where_its_reader_works(
    app: Flask, database: Database, role: str, address: str
) -> None:
    desk = staff(app, database, "13900000002", role)
    with database.unit_of_work() as session:
        person = session.scalars(select(User).where(User.staff_role == role)).one()
    tell(database, person.id, ("desk.late", REQUEST | {"due_at": NOON}))
    (message,) = messages(database, person.id)
    token = desk.get("/inbox").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = desk.post(f"/inbox/{message.id}", data={"csrf_token": token})
    assert answer.location == address
