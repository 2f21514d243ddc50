"""The utility's own people come in by two steps; half way they see nothing but the second."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.current import SIGN_IN_COOKIE
from runtime.database import Database
from service.models import SignInSession, User
from service.people.events import CodeIssued
from tests.portal.conftest import (
    PASSWORD,
    PHONE,
    SECOND,
    create_user,
    post,
    sign_in,
    staff,
    take_second_step,
)
from tests.portal.places import says, words

MORNING = datetime(2026, 12, 15, 1, tzinfo=UTC)
PAGES = (
    "/",
    "/desk",
    "/desk/refunds",
    "/desk/approvals",
    "/profile",
    "/profile/password",
    "/bills",
)


@pytest.fixture
def person(database: Database) -> User:
    """An agent who has not come yet."""
    return hired(database)


def hired(database: Database, phone: str = PHONE, password: str | None = PASSWORD) -> User:
    user = create_user(database, phone, password)
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == user.id).values(staff_role="agent"))
    return user


def to_second(client: FlaskClient, path: str) -> bool:
    """Whether a page leads to the second step and nowhere else."""
    answer = client.get(path, follow_redirects=True)
    return answer.status_code == 200 and answer.request.path == SECOND


def by_code(client: FlaskClient, sent: list[CodeIssued], phone: str = PHONE) -> None:
    """The first step of whoever begins with a code."""
    post(client, "/sign-in/code", phone=phone, action="send")
    answer = post(client, "/sign-in/code", phone=phone, code=sent[-1].code)
    assert answer.status_code == 302


def send_code(client: FlaskClient) -> None:
    assert "验证码发出去了" in words(post(client, SECOND, action="send").text)


def is_in(client: FlaskClient) -> bool:
    return client.get("/desk/refunds").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_half_way_every_page_leads_to_the_second_step(
    client: FlaskClient, person: User, path: str
) -> None:
    sign_in(client)
    assert to_second(client, path)
    page = client.get(path, follow_redirects=True).text
    assert "<nav" not in page
    assert PHONE not in page
    assert "138 **** 2046" in page


def test_half_way_no_form_does_anything(
    client: FlaskClient, database: Database, person: User
) -> None:
    sign_in(client)
    answer = post(client, "/profile/edit", name="Somebody else")
    assert answer.headers["Location"].startswith("/sign-in?")
    with database.unit_of_work() as session:
        assert session.get_one(User, person.id).name is None


def test_half_way_a_part_of_a_page_leads_there_too(client: FlaskClient, person: User) -> None:
    sign_in(client)
    answer = client.get("/desk/conversations", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/sign-in?")


def test_a_public_page_takes_whoever_is_half_way_for_a_stranger(
    client: FlaskClient, person: User
) -> None:
    sign_in(client)
    page = client.get("/outages")
    assert page.status_code == 200
    assert "/desk" not in page.text


def test_password_and_then_the_code(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    sign_in(client)
    before = client.get_cookie(SIGN_IN_COOKIE)
    send_code(client)
    assert [(each.phone, each.purpose) for each in codes_sent] == [(PHONE, "staff")]
    answer = post(client, SECOND, code=codes_sent[0].code, next="/desk/refunds")
    assert answer.headers["Location"] == "/desk/refunds"
    assert is_in(client)
    after = client.get_cookie(SIGN_IN_COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_code_and_then_the_password(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    by_code(client, codes_sent)
    assert to_second(client, "/desk/refunds")
    assert "密码" in says(client, SECOND)
    assert post(client, SECOND, password=PASSWORD).status_code == 302
    assert is_in(client)


def test_one_thing_twice_is_no_second_step(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    by_code(client, codes_sent)
    post(client, SECOND, action="send")
    assert len(codes_sent) == 1
    assert post(client, SECOND, code=codes_sent[0].code).status_code == 422
    assert not is_in(client)


def test_the_token_of_half_the_way_is_spent(
    app: Flask, client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    sign_in(client)
    half = client.get_cookie(SIGN_IN_COOKIE)
    assert half is not None
    take_second_step(client)
    other = app.test_client()
    other.set_cookie(SIGN_IN_COOKIE, half.value)
    assert other.get(SECOND).headers["Location"] == "/sign-in"
    assert not is_in(other)


def test_a_code_of_another_purpose_is_none(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    sign_in(client)
    send_code(client)
    other = client.application.test_client()
    post(other, "/sign-in/code", phone=PHONE, action="send")
    code = codes_sent[-1]
    assert code.purpose == "sign_in"
    assert post(client, SECOND, code=code.code).status_code == 422
    assert not is_in(client)


def test_wrong_passwords_are_counted_wherever_they_come_from(
    app: Flask, person: User, codes_sent: list[CodeIssued]
) -> None:
    client = app.test_client()
    by_code(client, codes_sent)
    for _ in range(10):
        assert "密码不对" in words(post(client, SECOND, password="wrong").text)
    answer = post(client, SECOND, password=PASSWORD)
    assert "第二步试得太多了" in words(answer.text)
    assert not is_in(client)
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    by_code(elsewhere, codes_sent)
    assert "第二步试得太多了" in words(post(elsewhere, SECOND, password=PASSWORD).text)


def test_after_an_hour_the_tries_are_forgotten(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        by_code(client, codes_sent)
        for _ in range(10):
            post(client, SECOND, password="wrong")
        clock.shift(timedelta(hours=1, seconds=1))
        by_code(client, codes_sent)
        post(client, SECOND, password=PASSWORD)
        assert is_in(client)


def test_a_whole_office_may_ask_for_codes_at_once(
    app: Flask, database: Database, codes_sent: list[CodeIssued]
) -> None:
    """The limits on strangers' codes from one network do not hold for who has a password."""
    for number in range(65):
        hired(database, f"139{number:08d}")
        client = app.test_client()
        sign_in(client, f"139{number:08d}")
        send_code(client)
    assert len(codes_sent) == 65


def test_forty_codes_a_day_are_enough_for_one(
    client: FlaskClient, person: User, codes_sent: list[CodeIssued]
) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        for _ in range(40):
            sign_in(client)
            send_code(client)
            clock.shift(timedelta(minutes=2))
        sign_in(client)
        assert "今天要的验证码太多了" in words(post(client, SECOND, action="send").text)
    assert len(codes_sent) == 40


def test_half_the_way_lasts_a_quarter_of_an_hour(client: FlaskClient, person: User) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        sign_in(client)
        clock.shift(timedelta(minutes=14))
        assert client.get(SECOND).status_code == 200
        clock.shift(timedelta(minutes=1))
        assert client.get(SECOND).headers["Location"] == "/sign-in"


def test_without_a_password_the_page_says_who_helps(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    hired(database, password=None)
    by_code(client, codes_sent)
    assert "请管理员给您一个" in says(client, SECOND)
    assert post(client, SECOND, password="").status_code == 422
    assert post(client, SECOND, password="anything at all").status_code == 422
    assert not is_in(client)


def test_a_customer_has_one_step(client: FlaskClient, user: User) -> None:
    assert client.get("/profile").status_code == 200
    assert client.get(SECOND).headers["Location"] == "/sign-in"


def test_a_stranger_begins_at_the_door(client: FlaskClient) -> None:
    assert client.get(SECOND, query_string={"next": "/desk"}).headers["Location"] == (
        "/sign-in?next=/desk"
    )
    assert post(client, SECOND, code="000000").headers["Location"] == "/sign-in"


def test_half_way_one_may_leave(client: FlaskClient, database: Database, person: User) -> None:
    sign_in(client)
    assert post(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/sign-in").status_code == 200
    with database.unit_of_work() as session:
        assert session.scalars(select(SignInSession.revoked_at)).one() is not None


def test_the_way_goes_on_to_where_it_began(client: FlaskClient, person: User) -> None:
    sign_in(client)
    page = client.get("/desk/refunds", follow_redirects=True)
    assert 'name="next" type="hidden" value="/desk/refunds"' in page.text


def test_whoever_becomes_staff_while_signed_in_is_half_way(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        session.execute(update(User).values(staff_role="admin"))
    assert to_second(client, "/desk/refunds")


def test_a_desk_left_alone_is_closed_after_half_an_hour(app: Flask, database: Database) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        client = staff(app, database, PHONE, "agent")
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            assert is_in(client)
        clock.shift(timedelta(minutes=30))
        assert client.get("/desk/refunds").headers["Location"].startswith("/sign-in?")


def test_field_staff_may_be_away_for_a_shift(app: Flask, database: Database) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        client = staff(app, database, PHONE, "field")
        clock.shift(timedelta(minutes=479))
        assert client.get("/profile").status_code == 200
        clock.shift(timedelta(minutes=480))
        assert client.get("/profile").status_code == 302
