"""A request is followed to its end: steps, people, messages, visits, ratings, by its parties."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from runtime import clock
from runtime.database import Database
from service.field.models import FieldPhoto, FieldVisit
from service.models import User
from service.outages.models import Outage
from service.people.events import CodeIssued
from service.requests import appointments, asking, files, joining, moving, ratings, talking
from service.requests.askers import Asker
from service.requests.files import Owner, Upload
from service.requests.models import Request, RequestFile
from service.requests.talk_models import Appointment, Rating, RequestMessage
from tests.portal.conftest import PHONE, post
from tests.portal.places import part, queries, words
from tests.portal.test_request_pages import (  # noqa: F401 - fixtures
    app,
    home,
    move_in,
    neighbour,
    picture,
    with_photos,
)
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")

NUMBER = "XZ2612110001"
PAGE = f"/requests/{NUMBER}"
CONNECTION = {"address": "柳荫路 8 号", "holder": "王建华", "phone": PHONE}
MONDAY = "2026-12-14T09:00:00+08:00"
WORKER = "0002"
"""The number of the second user, who works for the utility."""


def user_id(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalars(select(User.id).order_by(User.id)).first() or 0


def open_one(
    database: Database, kind: str = "new_connection", account: str | None = None, **told: str
) -> str:
    with database.unit_of_work() as session:
        asker = Asker.of_user(user_id(database))
        told = CONNECTION | told if kind == "new_connection" else {"phone": PHONE} | told
        return asking.apply(session, asker, kind, account, told, f"key-{kind}").request_no


@pytest.fixture
def made(client: FlaskClient, database: Database, home: str) -> str:  # noqa: F811
    """A connection that the person who is signed in has asked for."""
    return open_one(database)


@pytest.fixture
def worker(database: Database, made: str) -> int:
    with database.unit_of_work() as session:
        return builders.create_user(session, name="陈志远", staff_role="field").id


@pytest.fixture
def monday() -> Iterator[None]:
    """It is Monday 14 December, 11:00 in China."""
    with time_machine.travel("2026-12-14T03:00:00Z", tick=False):
        yield


def count(database: Database, model: type) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def agree(database: Database, worker: int) -> None:
    with database.unit_of_work() as session:
        moving.complete(
            session,
            NUMBER,
            "agreed",
            by=worker,
            note="表箱有空位，从东墙走线。",
            values={"plan": "东墙走线，42 米", "capacity": "8"},
        )


def test_a_step_names_who_and_what(client: FlaskClient, database: Database, worker: int) -> None:
    with database.unit_of_work() as session:
        moving.assign(session, [NUMBER], worker, by=worker)
    shown = part(client, PAGE, "steps")
    assert f"看现场、定方案 说好 12 月 16 日 前由陈*远（工号 {WORKER}）在办" in shown
    agree(database, worker)
    shown = part(client, PAGE, "steps")
    assert (
        f"看现场、定方案 说好 12 月 16 日 前今天 10:00，说到做到陈*远（工号 {WORKER}）"
        "表箱有空位，从东墙走线。供电方案东墙走线，42 米核定容量（千瓦）8 千瓦" in shown
    )
    assert "陈志远" not in shown


def test_the_newest_step_is_told_in_the_words_of_its_kind(
    client: FlaskClient, database: Database, worker: int
) -> None:
    plan = {"plan": "东墙走线", "capacity": "8"}
    told = "现场看过了，方案定好了。"
    with database.unit_of_work() as session:
        moving.complete(session, NUMBER, "agreed", by=worker, values=plan)
    assert told in part(client, PAGE, "steps")
    with database.unit_of_work() as session:
        moving.complete(session, NUMBER, "building", by=worker)
    assert told not in part(client, PAGE, "steps")
    assert "施工做好了。" in part(client, PAGE, "steps")


def test_messages_go_both_ways_and_are_new_once(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    sent = post(client, f"{PAGE}/messages", text="几点来？", key="k1")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{PAGE}#talk")
    post(client, f"{PAGE}/messages", text="几点来？", key="k1")
    assert count(database, RequestMessage) == 1
    with database.unit_of_work() as session:
        talking.answer(session, NUMBER, "九点到。", worker, "a1", "/outages")
    first = client.get(PAGE).text
    assert "您 今天 10:00 几点来？" in words(first)
    assert "陈*远 今天 10:00 · 新 九点到。打开看看" in words(first)
    assert '<a href="/outages">' in first
    assert "· 新" not in part(client, PAGE, "talk")


def test_what_cannot_be_sent_is_said_and_stays(
    client: FlaskClient, database: Database, made: str
) -> None:
    refused = post(client, f"{PAGE}/messages", text="长" * 1001, key="k1")
    assert refused.status_code == 422
    assert "一次最多写 1000 个字" in words(refused.text)
    assert "长" * 1001 in refused.text
    assert 'name="key" value="k1"' in refused.text
    assert post(client, f"{PAGE}/messages", text=" ", key="k2").status_code == 422
    assert count(database, RequestMessage) == 0


def test_what_was_said_is_words_and_no_markup(
    client: FlaskClient, database: Database, made: str
) -> None:
    post(client, f"{PAGE}/messages", text="<script>alert(1)</script>\u202e王\U0001f600", key="k1")
    page = client.get(PAGE).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;王\U0001f600" in page
    assert "<script>alert" not in page


def test_an_answer_with_papers_sets_the_clock_going(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    with database.unit_of_work() as session:
        moving.pause(session, NUMBER, "请拍一张房产证", by=worker)
    asked = words(client.get(PAGE).text)
    assert "等您回一句 请拍一张房产证" in asked
    assert "今天 10:00 起等您这边，这段时间不算在期限里" in asked
    with time_machine.travel("2026-12-14T03:00:00Z", tick=False):
        sent = with_photos(client, f"{PAGE}/messages", picture(), text="", key="k1")
        assert sent.status_code == 303
        shown = words(client.get(PAGE).text)
    assert "等您这边 3 天，没算在期限里" in shown
    assert "说好 12 月 17 日 前" in shown
    assert "材料传上去了。" in shown
    assert "等您回一句" not in shown
    assert count(database, RequestFile) == 1


def test_a_bad_paper_answers_nothing(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    with database.unit_of_work() as session:
        moving.pause(session, NUMBER, "请拍一张房产证", by=worker)
    refused = with_photos(client, f"{PAGE}/messages", b"<svg/>", text="在这里", key="k1")
    assert (refused.status_code, "这个文件不是照片" in words(refused.text)) == (422, True)
    assert "在这里" in refused.text
    assert count(database, RequestMessage) == 0


def test_a_visit_is_booked_moved_and_put_into_a_calendar(
    client: FlaskClient, database: Database, made: str
) -> None:
    assert "约个时间上门" in words(client.get(PAGE).text)
    offered = client.get(f"{PAGE}/visit")
    assert len(re.findall(r'name="starts_at" value="', offered.text)) == 20
    assert "12 月 14 日 周一 09:00–12:00" in words(offered.text)
    booked = post(client, f"{PAGE}/visit", starts_at=MONDAY)
    assert (booked.status_code, booked.headers["Location"]) == (303, PAGE)
    shown = words(client.get(PAGE).text)
    assert "约好了，12 月 14 日 周一 09:00–12:00。" in shown
    assert "约了 12 月 14 日 周一 09:00–12:00改时间存到日历" in shown
    assert "约个时间上门" not in shown
    entry = client.get(f"{PAGE}/visit.ics")
    assert entry.mimetype == "text/calendar"
    lines = entry.get_data(as_text=True).split("\r\n")
    for line in (
        f"UID:{NUMBER}-agreed@denghuo",
        "DTSTAMP:20261211T020000Z",
        "DTSTART:20261214T010000Z",
        "DTEND:20261214T040000Z",
        "SUMMARY:江城供电上门：居民新装",
        "DESCRIPTION:受理号 XZ2612110001。有变动打 96000。",
        f"URL:http://localhost{PAGE}",
    ):
        assert line in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    post(client, f"{PAGE}/visit", starts_at="2026-12-15T14:00:00+08:00")
    assert "约了 12 月 15 日 周二 14:00–17:00" in words(client.get(PAGE).text)
    off = post(client, f"{PAGE}/visit", action="call_off")
    assert off.status_code == 303
    assert client.get(f"{PAGE}/visit.ics").status_code == 404
    assert "约个时间上门" in words(client.get(PAGE).text)


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("", "请选一个时间。"),
        ("soon", "请选一个时间。"),
        ("2026-12-14T09:00:00", "请选一个时间。"),
        ("2026-12-12T09:00:00+08:00", "这个时间不能约。"),
    ],
)
def test_no_other_time_can_be_booked(
    client: FlaskClient, database: Database, made: str, when: str, sentence: str
) -> None:
    refused = post(client, f"{PAGE}/visit", starts_at=when)
    assert (refused.status_code, sentence in words(refused.text)) == (422, True)
    assert count(database, Appointment) == 0


def test_a_full_window_leaves_what_was_booked(
    client: FlaskClient, database: Database, made: str
) -> None:
    post(client, f"{PAGE}/visit", starts_at=MONDAY)
    full = "2026-12-15T09:00:00+08:00"
    with database.unit_of_work() as session:
        begins = clock.civil_midnight(clock.today() + timedelta(days=4)) + timedelta(hours=9)
        request = session.scalars(select(Request)).one()
        for seat in range(1, 5):
            session.add(
                Appointment(
                    request_id=request.id,
                    round=9,
                    step=f"step{seat}",
                    team="connection",
                    starts_at=begins,
                    ends_at=begins + timedelta(hours=3),
                    seat=seat,
                    made_by="customer",
                    at=clock.now(),
                )
            )
    refused = post(client, f"{PAGE}/visit", starts_at=full)
    assert (refused.status_code, "这个时间刚被约满了" in words(refused.text)) == (422, True)
    assert "约了 12 月 14 日 周一" in words(client.get(PAGE).text)


def test_shortly_before_the_visit_one_calls(
    client: FlaskClient, database: Database, made: str
) -> None:
    post(client, f"{PAGE}/visit", starts_at=MONDAY)
    with time_machine.travel("2026-12-13T22:00:00Z", tick=False):
        page = words(client.get(f"{PAGE}/visit").text)
        assert "人可能已经在路上。要改就打 96000。" in page
        refused = post(client, f"{PAGE}/visit", starts_at="2026-12-16T09:00:00+08:00")
        assert refused.status_code == 422


def test_the_customers_own_step(client: FlaskClient, database: Database, home: str) -> None:  # noqa: F811
    told = {"capacity": "5.5", "mode": "own_use", "address": "梧桐里 12 栋 502"}
    number = open_one(database, "pv_connection", home, **told)
    with database.unit_of_work() as session:
        staff = builders.create_user(session, name="周敏宁", staff_role="agent").id
        request = moving.locked(session, number)
        while (step := moving.next_step(request)) and step.who != "customer":
            values = {each.name: "5" for each in step.form}
            moving.complete(session, number, step.name, by=staff, values=values)
    page = f"/requests/{number}"
    assert "轮到您了：您安装好" in words(client.get(page).text)
    assert post(client, f"{page}/step", step="building").status_code == 422
    assert post(client, f"{page}/step", step="installed").status_code == 303
    assert post(client, f"{page}/step", step="installed").status_code == 303
    shown = words(client.get(page).text)
    assert "轮到您了" not in shown
    with database.unit_of_work() as session:
        codes = [each.step for each in moving.locked(session, number).events]
        assert codes.count("installed") == 1


@pytest.fixture
def done(client: FlaskClient, database: Database, home: str) -> str:  # noqa: F811
    """The page of a suggestion that was answered."""
    number = open_one(database, "suggestion", story="账单上写清楚每一档还剩多少。")
    with database.unit_of_work() as session:
        moving.follow_core(session, moving.locked(session, number), "done", clock.now())
    return f"/requests/{number}"


def test_in_the_end_it_is_rated_once(client: FlaskClient, database: Database, done: str) -> None:
    assert "这件事办得怎么样？" in words(client.get(done).text)
    refused = post(client, f"{done}/rating", comment="有用")
    assert (refused.status_code, "请选一个" in words(refused.text)) == (422, True)
    assert ">有用</textarea>" in refused.text
    assert post(client, f"{done}/rating", stars="2", comment="等了两天").status_code == 303
    post(client, f"{done}/rating", stars="5")
    assert part(client, done, "rated") == "您的评价不太好等了两天"
    assert "这件事办得怎么样？" not in words(client.get(done).text)
    with database.unit_of_work() as session:
        ((rating, request),) = ratings.low(session)
        assert (rating.score, f"/requests/{request.request_no}") == (2, done)


def test_opened_again_with_a_reason(client: FlaskClient, database: Database, done: str) -> None:
    assert "没办好，重新办" in words(client.get(done).text)
    assert "哪里没办好？" in words(client.get(f"{done}/reopen").text)
    refused = post(client, f"{done}/reopen", why=" ")
    assert (refused.status_code, "写一句为什么。" in words(refused.text)) == (422, True)
    assert post(client, f"{done}/reopen", why="没有人回电").status_code == 303
    shown = words(client.get(done).text)
    assert "又开始办了，期限从现在重新算。" in shown
    assert "没办好，重新办" not in shown
    again = post(client, f"{done}/reopen", why="没有人回电")
    assert again.status_code == 422
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        assert client.get(f"{done}/reopen").status_code == 302


def test_too_late_to_be_opened_again(client: FlaskClient, done: str) -> None:
    with time_machine.travel(clock.now() + timedelta(days=16), tick=False):
        client.get(done)
        refused = post(client, f"{done}/reopen", why="没有人回电")
        assert refused.status_code in (302, 422)


DEEDS = {
    "messages": {"text": "在吗", "key": "k"},
    "step": {"step": "agreed"},
    "visit": {"starts_at": MONDAY},
    "rating": {"stars": "1"},
    "power": {"is": "back"},
    "reopen": {"why": "看看"},
    "photos": {},
    "cancel": {},
}


def test_a_neighbour_finds_nothing(
    made: str,
    neighbour: FlaskClient,  # noqa: F811
    database: Database,
) -> None:
    for path in ("", "/visit", "/visit.ics", "/reopen", "/cancel"):
        assert neighbour.get(f"{PAGE}{path}").status_code == 404
        assert neighbour.get(f"/report/{NUMBER}{path}").status_code == 404
    for path, fields in DEEDS.items():
        assert post(neighbour, f"{PAGE}/{path}", **fields).status_code == 404, path
        assert post(neighbour, f"/report/{NUMBER}/{path}", **fields).status_code == 404, path
    assert neighbour.get(f"/report/{NUMBER}/prove").status_code == 404
    for model in (RequestMessage, Appointment, Rating):
        assert count(database, model) == 0


@pytest.fixture
def stranger(app: Flask, made: str) -> FlaskClient:  # noqa: F811
    """Another browser, where somebody knows the number and the end of the phone."""
    other = app.test_client()
    assert post(other, "/report", number=NUMBER, tail=PHONE[-4:]).status_code == 303
    return other


def test_with_number_and_tail_one_sees_steps_alone(
    stranger: FlaskClient, database: Database, worker: int
) -> None:
    agree(database, worker)
    with database.unit_of_work() as session:
        talking.answer(session, NUMBER, "九点到。", worker, "a1")
    shown = words(stranger.get(f"/report/{NUMBER}").text)
    assert f"看现场、定方案 说好 12 月 16 日 前今天 10:00，说到做到陈*远（工号 {WORKER}）" in shown
    for hidden in ("九点到", "表箱", "东墙", "柳荫路", "王建华"):
        assert hidden not in shown
    for path, fields in DEEDS.items():
        assert post(stranger, f"/report/{NUMBER}/{path}", **fields).status_code == 404, path


def test_a_code_makes_this_browser_a_party_for_a_day(
    stranger: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    prove = f"/report/{NUMBER}/prove"
    assert "138 **** 2046" in words(stranger.get(prove).text)
    assert "验证码发出去了" in words(post(stranger, prove, action="send").text)
    assert [(each.phone, each.purpose) for each in codes_sent] == [(PHONE, "follow")]
    wrong = "000000" if codes_sent[0].code != "000000" else "000001"
    refused = post(stranger, prove, code=wrong)
    assert (refused.status_code, "验证码不对" in words(refused.text)) == (422, True)
    assert post(stranger, f"/report/{NUMBER}/messages", text="在吗", key="k").status_code == 404
    assert post(stranger, prove, code=codes_sent[0].code).status_code == 303
    assert "柳荫路 8 号" in words(stranger.get(f"/report/{NUMBER}").text)
    assert post(stranger, f"/report/{NUMBER}/messages", text="在吗", key="k").status_code == 303
    assert post(stranger, f"/report/{NUMBER}/visit", starts_at=MONDAY).status_code == 303
    entry = stranger.get(f"/report/{NUMBER}/visit.ics").get_data(as_text=True)
    assert f"URL:http://localhost/report/{NUMBER}\r\n" in entry
    sent = with_photos(stranger, f"/report/{NUMBER}/photos", picture())
    assert sent.status_code == 303
    file = re.search(r"/files/\w+\.jpg", stranger.get(f"/report/{NUMBER}").text)
    assert file
    assert stranger.get(file[0]).status_code == 200
    assert stranger.get("/report/XZ2612110002").status_code == 404
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1), tick=False):
        assert "柳荫路" not in words(stranger.get(f"/report/{NUMBER}").text)
        assert stranger.get(file[0]).status_code == 404
        again = post(stranger, f"/report/{NUMBER}/messages", text="在吗", key="k2")
        assert again.status_code == 404


def test_a_guest_can_leave_the_device(stranger: FlaskClient, codes_sent: list[CodeIssued]) -> None:
    page = f"/report/{NUMBER}"
    post(stranger, f"{page}/prove", action="send")
    post(stranger, f"{page}/prove", code=codes_sent[0].code)
    assert "这台设备不再看这一件" in words(stranger.get(page).text)
    assert post(stranger, f"{page}/leave").headers["Location"] == "/report"
    assert stranger.get(page).status_code == 404
    assert post(stranger, f"{page}/messages", text="在吗", key="k").status_code == 404


def test_a_code_is_for_one_request(
    stranger: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    other = open_one(database, "suggestion", story="账单上写清楚每一档还剩多少。")
    post(stranger, "/report", number=other, tail=PHONE[-4:])
    post(stranger, f"/report/{NUMBER}/prove", action="send")
    refused = post(stranger, f"/report/{other}/prove", code=codes_sent[0].code)
    assert refused.status_code == 422
    assert "账单上写清楚" not in words(stranger.get(f"/report/{other}").text)


def test_more_talk_asks_no_more_questions(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    def talk(first: int, last: int) -> None:
        with database.unit_of_work() as session:
            for number in range(first, last):
                talking.answer(session, NUMBER, "好", worker, f"a{number}")
        client.get(PAGE)

    talk(0, 2)
    with queries() as few:
        client.get(PAGE)
    talk(2, 12)
    with queries() as many:
        client.get(PAGE)
    assert len(many) == len(few), "\n".join(many)


def test_a_visit_that_took_place_is_past(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    post(client, f"{PAGE}/visit", starts_at=MONDAY)
    with time_machine.travel("2026-12-14T04:00:01Z", tick=False):
        assert "约好的时间过了。没有人来，就另约一个" in part(client, PAGE, "steps")
    with time_machine.travel("2026-12-14T03:00:00Z", tick=False):
        assert "约好的时间过了" not in part(client, PAGE, "steps")
        agree(database, worker)
        shown = part(client, PAGE, "steps")
        assert "看现场、定方案 说好 12 月 16 日 前今天 11:00，说到做到" in shown
        assert "约了 今天" not in shown
        assert "约了 12 月 14 日 周一 09:00–12:00" in shown
        assert "改时间" not in shown
        with database.unit_of_work() as session:
            step = appointments.visit_step(moving.locked(session, NUMBER))
            assert step is not None
            assert step.name == "building"


def test_a_refusal_says_why(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    with database.unit_of_work() as session:
        moving.reject(session, NUMBER, "地址不在供电范围", by=worker)
    assert "这件事没有受理：地址不在供电范围" in words(client.get(PAGE).text)


def test_in_english(client: FlaskClient, database: Database, made: str, worker: int) -> None:
    agree(database, worker)
    shown = words(client.get(f"{PAGE}?lang=en").text)
    assert "Visit and plan" in shown
    assert f"陈*远 (staff no. {WORKER})" in shown
    assert "Book a visit" in shown
    offered = words(client.get(f"{PAGE}/visit").text)
    assert "Monday 14 December 09:00–12:00" in offered


def test_new_words_of_the_desk_are_seen_in_the_list(
    client: FlaskClient, database: Database, made: str, worker: int
) -> None:
    assert "有新留言" not in words(client.get("/requests").text)
    with database.unit_of_work() as session:
        talking.answer(session, NUMBER, "九点到。", worker, "a1")
    assert "有新留言" in words(client.get("/requests").text)
    client.get(PAGE)
    assert "有新留言" not in words(client.get("/requests").text)


@pytest.fixture
def dark(client: FlaskClient, database: Database, home: str) -> str:  # noqa: F811
    """The page of a report that has joined the outage of its place."""
    with database.unit_of_work() as session:
        account = session.get_one(builders.Account, home)
        builders.create_service_point(session, account, area="T-17")
        began = clock.now() - timedelta(minutes=20)
        builders.create_outage(session, began, areas=["T-17"], state="ongoing")
    told = {"trouble": "no_power", "address": "梧桐里 12 栋 502"}
    return f"/requests/{open_one(database, 'outage_repair', home, **told)}"


def test_a_report_that_waits_for_the_end_of_an_outage(
    client: FlaskClient, database: Database, dark: str
) -> None:
    shown = words(client.get(dark).text)
    assert "和这次停电是同一件事" in shown
    assert "今天 10:00 起算在这次停电里" in shown
    assert "等您这边" not in shown
    assert "人到现场" in shown
    assert "说好" not in shown
    post(client, f"{dark}/messages", text="冰箱里的菜怎么办", key="k1")
    assert "和这次停电是同一件事" in words(client.get(dark).text)
    assert post(client, f"{dark}/power", **{"is": "dark"}).status_code == 303
    shown = words(client.get(dark).text)
    assert "知道了，按单独一件派人，排在前面。" in shown
    assert "说好 今天 10:45 前" in shown
    assert "和这次停电是同一件事" not in shown


def test_when_the_outage_is_over_its_customer_is_asked(
    client: FlaskClient, database: Database, dark: str
) -> None:
    with database.unit_of_work() as session:
        outage = session.scalars(select(Outage)).one()
        outage.state, outage.ended_at = "restored", clock.now()
    assert joining.ask_all(database) == 1
    assert "来电了吗？" in words(client.get(dark).text)
    assert post(client, f"{dark}/power", **{"is": "back"}).status_code == 303
    shown = words(client.get(dark).text)
    assert "停电、故障报修办好了" in shown
    assert "这件事办得怎么样？" in shown


def test_photos_of_a_visit_stand_with_its_step(
    client: FlaskClient, database: Database, made: str, worker: int, tmp_path: Path
) -> None:
    folder = files.folder(tmp_path)
    with database.unit_of_work() as session:
        request = moving.locked(session, NUMBER)
        names = []
        for width in (30, 40):
            upload = Upload(picture(size=(width, 30)))
            owner = Owner.of(request)
            kept = files.keep(session, folder, owner, upload, files.read(upload), worker)
            names.append(kept.name)
        visit = FieldVisit(
            request_id=request.id,
            worker_id=worker,
            key="v1",
            deed="complete",
            step="received",
            done_at=clock.now(),
            received_at=clock.now(),
            fields="{}",
        )
        visit.photos.append(FieldPhoto(name=names[0], taken_at=clock.now()))
        session.add(visit)
    agree(database, worker)
    page = client.get(PAGE).text
    received, agreed, *_rest = re.findall(r"<li.*?</li>", page[page.index('class="steps"') :], re.S)
    assert (names[0] in received, names[1] in received) == (True, False)
    assert (names[0] in agreed, names[1] in agreed) == (False, True)
    mine = re.search(r'aria-labelledby="photos".*?</section>', page, re.S)
    assert mine
    assert names[0] not in mine[0]
    for name in names:
        assert client.get(f"/files/{name}.jpg").status_code == 200


def test_papers_are_filed_by_their_name(client: FlaskClient, database: Database, made: str) -> None:
    assert "身份证（户主本人的） 还没有" in part(client, PAGE, "photos")
    with_photos(client, f"{PAGE}/photos", picture(), document="identity")
    shown = part(client, PAGE, "photos")
    assert "身份证（户主本人的） 还没有" not in shown
    assert "房产证，或购房合同、租房合同加房主同意书 还没有" in shown
    with_photos(client, f"{PAGE}/photos", picture(size=(50, 50)), document="../../etc")
    with database.unit_of_work() as session:
        kept = session.scalars(select(RequestFile.document).order_by(RequestFile.id)).all()
    assert kept == ["identity", None]


# ---- how it ended --------------------------------------------------------------------------------


def test_who_says_that_the_power_is_back_was_visited_by_nobody(
    client: FlaskClient, database: Database, dark: str
) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=20), tick=False):
        assert post(client, f"{dark}/power", **{"is": "back"}).status_code == 303
        shown = part(client, dark, "steps")
        page = words(client.get(dark).text)
    assert "今天 10:20 来电了" in shown
    assert "您说来电了，这件事就办结了。" in shown
    assert "今天 10:00 到 今天 10:20 算在一次停电里，没算在期限里" in shown
    for invented in ("人到现场", "派出抢修队", "说到做到", "说好", "前有人到现场"):
        assert invented not in page
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        client.get("/")
        assert "我们晚了" not in words(client.get(dark).text)


def test_another_matter_is_not_said_to_be_joined_still(client: FlaskClient, dark: str) -> None:
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        post(client, f"{dark}/power", **{"is": "dark"})
        shown = part(client, dark, "steps")
    assert "起算在这次停电里" not in shown
    assert "今天 10:00 到 今天 10:05 算在一次停电里，没算在期限里" in shown
    assert "今天 10:50 前有人到现场" in shown


def test_nothing_is_promised_in_the_list_while_it_waits(client: FlaskClient, dark: str) -> None:
    shown = words(client.get("/requests").text)
    assert "人到现场，在修" in shown
    assert "说好" not in shown


def test_who_follows_is_told_of_the_outage_and_can_say_nothing(
    app: Flask,  # noqa: F811
    client: FlaskClient,
    dark: str,
) -> None:
    number = dark.rpartition("/")[2]
    follower = app.test_client()
    post(follower, "/report", number=number, tail=PHONE[-4:])
    page = follower.get(f"/report/{number}").text
    shown = words(page)
    assert "和这次停电是同一件事" in shown
    assert "今天 09:40 停电，预计 11:40 来电。" in shown
    for hidden in ("前有人到现场", "说好", "不是一回事，派人来", "来电了</button>"):
        assert hidden not in page
    assert post(follower, f"/report/{number}/power", **{"is": "back"}).status_code == 404


def test_what_is_done_is_headed_by_when_and_no_promise(client: FlaskClient, done: str) -> None:
    shown = part(client, done, "steps")
    assert "到哪一步了 今天 10:00 答复" in shown
    assert "前答复" not in shown


def test_why_it_was_refused_stands_before_how_it_was(
    client: FlaskClient, database: Database, worker: int
) -> None:
    with database.unit_of_work() as session:
        moving.reject(session, NUMBER, "房屋要拆迁，不能新装。", by=worker)
    shown = words(client.get(PAGE).text)
    why = shown.index("这件事没有受理：房屋要拆迁，不能新装。")
    assert why < shown.index("这件事办得怎么样？")


def test_what_came_before_it_was_opened_again_can_be_read(
    client: FlaskClient,
    database: Database,
    home: str,  # noqa: F811
    worker: int,
) -> None:
    number = open_one(database, "suggestion", story="账单上写清楚每一档还剩多少。")
    page = f"/requests/{number}"
    with database.unit_of_work() as session:
        while step := moving.next_step(moving.locked(session, number)):
            values = {each.name: "写进下个月的账单。" for each in step.form}
            told = f"{step.name}：记下了。"
            moving.complete(session, number, step.name, by=worker, note=told, values=values)
    post(client, f"{page}/rating", stars="2", comment="没说哪天")
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        client.get("/")
        post(client, f"{page}/reopen", why="没有写")
        shown = client.get(page).text
    before = re.search(r'<details class="data"><summary>上一次.*?</details>', shown, re.S)
    assert before
    told = words(f"<main>{before[0]}</main>")
    assert told.startswith("上一次（12 月 11 日）")
    assert told.endswith("您的评价：不太好没说哪天")
    assert "answered：记下了。" in told
    assert f"陈*远（工号 {WORKER}）" in told
    assert "记下了。" not in part(client, page, "steps")
    assert 'id="rated"' not in shown


# ---- where a refused form stands -----------------------------------------------------------------

TARGETS = ("messages", "step", "power", "rating", "photos")


@pytest.mark.parametrize("path", TARGETS)
def test_the_target_of_a_form_leads_back_to_the_page(
    client: FlaskClient, made: str, path: str
) -> None:
    for room in ("requests", "report"):
        answer = client.get(f"/{room}/{NUMBER}/{path}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/{room}/{NUMBER}")


@pytest.mark.parametrize("path", [*TARGETS, "visit", "reopen"])
def test_from_a_refused_form_the_footer_comes_back(
    client: FlaskClient, made: str, path: str
) -> None:
    fields = {"visit": {"starts_at": "never"}, "power": {"is": "back"}}.get(path, {})
    if path == "photos":
        refused = with_photos(client, f"{PAGE}/photos", b"no photo")
    else:
        refused = post(client, f"{PAGE}/{path}", **fields)
    assert refused.status_code == 422
    own = f"{PAGE}/{path}" if path in ("visit", "reopen") else PAGE
    assert re.findall(r'name="next" value="([^"]*)"', refused.text) == [own]
