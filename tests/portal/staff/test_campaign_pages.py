"""Writing a campaign, trying it, asking for leave, watching it, and what came of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from notifications.campaigns import course, feeding, segments
from notifications.campaigns.models import Campaign
from notifications.models import Notice
from runtime import clock, events
from runtime.database import Database
from service.approvals import Approval
from service.audit import AuditEntry
from service.events import ActionApproved, ActionDeclined
from tests.portal.conftest import post, staff
from tests.portal.places import words
from tests.service.builders import create_customer, create_service_point

ROOM = "/desk/campaigns"
LEAD, SECOND, AGENT = "13700000001", "13700000002", "13700000003"
GIVEN = {
    "name": "低谷提醒",
    "kind": "usage.campaign",
    "title_zh": "低谷用电更便宜",
    "text_zh": "晚上 10 点以后洗衣服，一度便宜 0.30 元。",
    "title_en": "Night power costs less",
    "text_en": "After 22:00 a kWh costs 0.30 yuan less.",
    "link": "/usage",
    "starts_at": "2026-11-23T10:00",
    "per_minute": "600",
    "channel": "",
    "areas": "",
}


@pytest.fixture(autouse=True)
def wired() -> Iterator[None]:
    """Approvals decide about campaigns, as `denghuo.wiring` connects them."""
    with (
        events.subscribed(ActionApproved, course.on_approved),
        events.subscribed(ActionDeclined, course.on_declined),
    ):
        yield


@pytest.fixture
def lead(app: Flask, database: Database) -> FlaskClient:
    with database.unit_of_work() as session:
        _user, account = create_customer(session)
        create_service_point(session, account, "zj-residential", area="T-1")
    return staff(app, database, LEAD, "lead")


def shows(answer: TestResponse, text: str) -> bool:
    """Whether the words of a page have these among them."""
    return text in words(answer.get_data(as_text=True))


def _written(client: FlaskClient, **changed: str) -> str:
    """The page of a new draft."""
    answer = post(client, f"{ROOM}/new", **GIVEN | changed)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def _run(database: Database) -> None:
    """Its hour has come."""
    with database.unit_of_work() as session:
        session.execute(update(Campaign).values(starts_at=clock.now() - timedelta(minutes=1)))
    with database.unit_of_work() as session:
        feeding.begin_due(session)
    with database.unit_of_work() as session:
        for each in feeding.running(session):
            feeding.feed(session, each)


def _approve(app: Flask, database: Database, client: FlaskClient, page: str) -> None:
    post(client, f"{page}/ask", reason="省电")
    second = staff(app, database, SECOND, "admin")
    assert shows(second.get("/desk/approvals"), "群发：低谷提醒")
    assert post(second, "/desk/approvals/1/approve").status_code == 303


def test_only_who_leads_comes_in(app: Flask, database: Database) -> None:
    assert staff(app, database, AGENT, "agent").get(ROOM).status_code == 404


def test_a_draft_says_what_it_takes_before_it_is_asked_for(lead: FlaskClient) -> None:
    page = lead.get(_written(lead))
    assert shows(page, "1 人")
    assert shows(page, "请另一位批")
    assert shows(page, "晚上 10 点以后洗衣服")


def test_what_is_missing_is_said_at_its_field(lead: FlaskClient) -> None:
    answer = post(lead, f"{ROOM}/new", **GIVEN | {"title_en": "", "areas": "T-9"})
    assert answer.status_code == 422
    assert shows(answer, "这一项要填")
    unknown = post(lead, f"{ROOM}/new", **GIVEN | {"areas": "T-9"})
    assert shows(unknown, "没有编号是 T-9 的台区")
    assert 'value="低谷提醒"' in unknown.get_data(as_text=True)  # what was typed stands there


def test_it_goes_out_once_a_second_person_has_agreed(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead, areas="T-1")
    _approve(app, database, lead, page)
    _run(database)
    shown = lead.get(page)
    assert shows(shown, "正在发")
    assert shows(shown, "1 人里到了 0 人")
    assert "排着队" in lead.get(f"{page}/progress?seen=running").get_data(as_text=True)


def test_its_page_looks_by_itself_and_is_drawn_anew_in_another_state(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead, areas="T-1")
    assert "htmx.min.js" not in lead.get(page).get_data(as_text=True)
    _approve(app, database, lead, page)
    waiting = lead.get(page).get_data(as_text=True)
    assert "htmx.min.js" in waiting
    assert f'hx-get="{page}/progress?seen=scheduled"' in waiting
    assert "HX-Refresh" not in lead.get(f"{page}/progress?seen=scheduled").headers
    _run(database)
    assert lead.get(f"{page}/progress?seen=scheduled").headers["HX-Refresh"] == "true"


def test_whoever_approves_reads_both_languages_and_the_hour(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    post(lead, f"{_written(lead)}/ask", reason="省电")
    said = words(staff(app, database, SECOND, "admin").get("/desk/approvals").text)
    assert GIVEN["text_zh"] in said
    assert GIVEN["text_en"] in said
    assert "什么时候开始" in said


@pytest.mark.parametrize("deed", ["approve", "decline"])
def test_finance_sees_that_it_waits_and_decides_nothing(
    app: Flask, lead: FlaskClient, database: Database, deed: str
) -> None:
    page = _written(lead)
    post(lead, f"{page}/ask", reason="省电")
    finance = staff(app, database, SECOND, "finance")
    post(finance, f"/desk/approvals/1/{deed}", note="不行")
    assert shows(finance.get("/desk/approvals"), "您的岗位不批这一件，请班长或管理员来批。")
    with database.reading() as session:
        assert session.scalars(select(Approval.status)).all() == ["asked"]
        assert session.scalars(select(Campaign.state)).all() == ["asked"]


def test_nobody_decides_what_is_not_there(app: Flask, database: Database) -> None:
    finance = staff(app, database, SECOND, "finance")
    post(finance, "/desk/approvals/1/approve")
    assert shows(finance.get("/desk/approvals"), "没有这件要批的事。")


def test_a_refusal_stands_on_the_draft_until_it_is_asked_for_again(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead)
    post(lead, f"{page}/ask", reason="省电")
    second = staff(app, database, SECOND, "admin")
    post(second, "/desk/approvals/1/decline", note="太长")
    assert shows(lead.get(page), "没有批：低谷提醒。太长")
    post(lead, f"{page}/ask", reason="短了")
    assert not shows(lead.get(page), "太长")


def test_it_can_be_paused_and_stopped_and_that_is_in_the_trail(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead)
    _approve(app, database, lead, page)
    _run(database)
    for deed, said in (("pause", "停下来了"), ("resume", "接着发了"), ("stop", "不会再发")):
        answer = post(lead, f"{page}/{deed}")
        assert answer.status_code == 303
        assert shows(lead.get(page), said)
    with database.unit_of_work() as session:
        deeds = session.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)).all()
        assert session.scalars(select(Notice.state)).all() == ["withdrawn"]
    assert [each for each in deeds if each.startswith("campaign.")] == [
        "campaign.pause",
        "campaign.resume",
        "campaign.stop",
    ]
    assert shows(lead.get(page), "中途停了")


def test_the_writer_cannot_approve_it(lead: FlaskClient) -> None:
    page = _written(lead)
    post(lead, f"{page}/ask", reason="省电")
    post(lead, "/desk/approvals/1/approve")
    assert shows(lead.get(page), "等另一位批")


def test_a_draft_is_changed_and_what_is_asked_for_is_not(lead: FlaskClient) -> None:
    page = _written(lead)
    assert 'value="低谷用电更便宜"' in lead.get(f"{page}/edit").get_data(as_text=True)
    assert post(lead, f"{page}/edit", **GIVEN | {"name": "换个名字"}).status_code == 303
    assert shows(lead.get(page), "换个名字")
    post(lead, f"{page}/ask", reason="省电")
    assert lead.get(f"{page}/edit").status_code == 409


def test_it_is_tried_on_oneself_first(lead: FlaskClient, database: Database) -> None:
    page = _written(lead)
    post(lead, f"{page}/try")
    post(lead, f"{page}/try")
    with database.unit_of_work() as session:
        tried = session.scalars(select(Notice)).all()
    assert [each.kind for each in tried] == ["usage.campaign"] * 2
    assert {each.campaign_id for each in tried} == {None}


def test_people_are_kept_for_the_next_one(lead: FlaskClient, database: Database) -> None:
    page = _written(lead, areas="T-1")
    post(lead, f"{page}/keep", name="一号台区")
    form = lead.get(f"{ROOM}/new?segment=1")
    assert shows(form, "一号台区")
    assert shows(form, "T-1")
    assert shows(_followed(lead, post(lead, f"{page}/keep", name="一号台区")), "换个名字")
    post(lead, f"{ROOM}/segments/1/forget")
    with database.unit_of_work() as session:
        assert segments.segments(session) == []


def test_the_outcomes_are_a_file_without_people(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead)
    _approve(app, database, lead, page)
    _run(database)
    answer = lead.get(f"{page}/outcomes.csv")
    assert answer.mimetype == "text/csv"
    head, row = answer.get_data(as_text=True).lstrip("\ufeff").splitlines()
    assert head == "编号,结果,原因,用什么,发出去了,送达,短信条数"
    assert row == "1,还没发,,,,,"


def _followed(client: FlaskClient, answer: TestResponse) -> TestResponse:
    return client.get(answer.headers["Location"])


@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_year_that_nobody_means_is_asked_for_again(lead: FlaskClient, typed: str) -> None:
    answer = post(lead, f"{ROOM}/new", **GIVEN | {"starts_at": typed})
    assert answer.status_code == 422
    assert "请填日期和时间" in words(answer.text)


def test_the_outcomes_say_in_words_what_became_of_those_who_were_not_told(
    app: Flask, lead: FlaskClient, database: Database
) -> None:
    page = _written(lead)
    _approve(app, database, lead, page)
    _run(database)
    post(lead, f"{page}/stop")
    said = lead.get(f"{page}/outcomes.csv").get_data(as_text=True)
    assert ",撤回了,群发停了," in said
