"""Without a sign-in: a report by address and phone, and a request followed by its number."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from runtime import clock
from runtime.database import Database
from service.requests.models import Request
from tests.portal.conftest import PHONE, create_user, post, sign_in
from tests.portal.places import words
from tests.portal.test_request_pages import NUMBER, TOLD, app  # noqa: F401 - photos in a folder
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")
REPORT = "/report/new/outage_repair"


@pytest.fixture
def reported(client: FlaskClient, database: Database) -> str:
    """The page of a report that this browser has just made."""
    page = client.get(REPORT).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    sent = post(client, REPORT, **TOLD, key=key[1], action="send")
    assert sent.status_code == 303
    again = post(client, REPORT, **TOLD, key=key[1], action="send")
    assert again.headers["Location"] == sent.headers["Location"]
    return sent.headers["Location"]


def test_a_report_needs_an_address_and_a_phone_alone(
    client: FlaskClient, database: Database, reported: str
) -> None:
    assert reported == f"/report/{NUMBER}?new=1"
    shown = words(client.get(reported).text)
    assert f"收到了。受理号 {NUMBER}" in shown
    assert "今天 10:45 前有人到现场" in shown
    with database.unit_of_work() as session:
        (request,) = session.scalars(select(Request)).all()
        assert (request.user_id, request.account_no) == (None, None)


def test_another_browser_sees_nothing(app: Flask, reported: str) -> None:  # noqa: F811
    other = app.test_client()
    for path in (f"/report/{NUMBER}", f"/report/{NUMBER}/cancel"):
        assert other.get(path).status_code == 404
    assert post(other, f"/report/{NUMBER}/cancel").status_code == 404


def test_the_browser_that_reported_may_take_it_back(client: FlaskClient, reported: str) -> None:
    assert post(client, f"/report/{NUMBER}/cancel").status_code == 303
    assert "撤回了" in words(client.get(f"/report/{NUMBER}").text)


def test_followed_by_number_and_phone(app: Flask, reported: str) -> None:  # noqa: F811
    other = app.test_client()
    found = post(other, "/report", number="bx 2612110001", tail=PHONE[-4:])
    assert (found.status_code, found.headers["Location"]) == (303, f"/report/{NUMBER}")
    shown = words(other.get(f"/report/{NUMBER}").text)
    assert "派出抢修队" in shown
    assert "梧桐里" not in shown
    assert "撤回" not in shown
    assert other.get(f"/report/{NUMBER}/cancel").status_code == 404


def test_a_wrong_phone_and_an_unknown_number_look_alike(
    app: Flask,  # noqa: F811
    reported: str,
) -> None:
    other = app.test_client()
    for number, tail in ((NUMBER, "0000"), ("BX2612110099", PHONE[-4:]), ("", "")):
        refused = post(other, "/report", number=number, tail=tail)
        assert refused.status_code == 422
        assert "受理号和手机尾号对不上" in words(refused.text)
    assert other.get(f"/report/{NUMBER}").status_code == 404


def test_a_phone_cannot_be_guessed(app: Flask, reported: str) -> None:  # noqa: F811
    other = app.test_client()
    for tail in range(10):
        post(other, "/report", number=NUMBER, tail=f"{tail:04d}")
    refused = post(other, "/report", number=NUMBER, tail=PHONE[-4:])
    assert refused.status_code == 422
    assert "刚才办得太多了" in words(refused.text)


def test_what_needs_a_sign_in_leads_to_the_door(client: FlaskClient, database: Database) -> None:
    away = client.get("/report/new/transfer").headers["Location"]
    assert away == "/requests/new/transfer"
    assert client.get(away).headers["Location"].startswith("/sign-in?next=")
    create_user(database)
    sign_in(client)
    assert client.get(REPORT).headers["Location"] == "/requests/new/outage_repair"


def test_wrong_words_are_said_to_strangers_too(client: FlaskClient, database: Database) -> None:
    page = post(client, REPORT, **TOLD | {"phone": "1"}, key="k", action="send")
    assert page.status_code == 422
    assert "“联系电话”是 11 位手机号" in words(page.text)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count(Request.id))) == 0


def test_a_stranger_reports_six_times_an_hour(client: FlaskClient) -> None:
    for number in range(6):
        sent = post(client, REPORT, **TOLD, key=f"key-{number}", action="send")
        assert sent.status_code == 303
    refused = post(client, REPORT, **TOLD, key="key-7", action="send")
    assert refused.status_code == 422
    assert "刚才办得太多了" in words(refused.text)


@pytest.mark.parametrize(
    ("told", "is_known", "waits"),
    [
        ({}, True, True),
        ({"trouble": "part"}, True, False),
        ({"address": "梧桐里 15 栋 101"}, False, False),
        ({"address": "梧桐里小区"}, False, False),
    ],
)
def test_a_known_outage_is_told_before_a_stranger_sends(
    client: FlaskClient, database: Database, told: dict[str, str], is_known: bool, waits: bool
) -> None:
    with database.unit_of_work() as session:
        began = clock.now() - timedelta(minutes=20)
        places = ["梧桐里 9–12 栋"]
        outage = builders.create_outage(session, began, places=places, state="ongoing")
    sent = TOLD | told | {"key": "k" * 24}
    assert post(client, REPORT, **sent).status_code == 303
    page = client.get(f"{REPORT}/check").text
    shown = words(page)
    assert (f"/outages/{outage.outage_no}" in page) == is_known
    assert ("交上来就和这次停电算一件" in shown) == waits
    assert ("今天 10:45 前有人到现场" in shown) == (not waits)
    form = words(client.get(REPORT).text)
    assert ("我们已经知道了" in form) == is_known
    assert ("45 分钟内有人到" in form) == (not is_known)
