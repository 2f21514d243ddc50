"""The door: who gets in, who does not, and what stands on the page then."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from runtime import clock
from runtime.database import Database
from service.models import SignInSession, User
from service.people import users
from service.people.events import CodeIssued
from tests.portal.conftest import PASSWORD, PHONE, create_user, post, sign_in

CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def ask_for_code(client: FlaskClient, path: str, phone: str = PHONE):  # type: ignore[no-untyped-def]
    return post(client, path, phone=phone, action="send")


def test_a_customer_signs_in_and_out(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert client.get("/profile").status_code == 200
    assert post(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/profile").status_code == 302


def test_the_phone_may_be_written_as_people_write_it(
    client: FlaskClient, database: Database
) -> None:
    create_user(database)
    sign_in(client, phone="+86 138-0000-2046")
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize(
    ("phone", "password", "sentence"),
    [
        (PHONE, "wrong password", "手机号或密码不对"),
        ("13900000000", PASSWORD, "手机号或密码不对"),
        ("12345", PASSWORD, "手机号是 11 位数字"),
        ("", PASSWORD, "请填手机号"),
        (PHONE, "", "请填密码"),
    ],
)
def test_a_wrong_try_says_what_to_do_and_keeps_the_phone(
    client: FlaskClient, database: Database, phone: str, password: str, sentence: str
) -> None:
    create_user(database)
    answer = post(client, "/sign-in", phone=phone, password=password)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{phone}"' in answer.text
    assert password == "" or password not in answer.text
    assert client.get("/profile").status_code == 302


def test_the_ninth_wrong_try_is_not_looked_at(client: FlaskClient, database: Database) -> None:
    create_user(database)
    with time_machine.travel(clock.now(), tick=False) as travel:
        said = [post(client, "/sign-in", phone=PHONE, password="wrong").text for _ in range(8)]
        assert ["不对" in each for each in said] == [True] * 7 + [False]
        assert ["还能试" in each for each in said] == [False] * 4 + [True] * 3 + [False]
        assert [f"还能试 {left} 次" in said[7 - left] for left in (3, 2, 1)] == [True] * 3
        locked = post(client, "/sign-in", phone=PHONE, password=PASSWORD)
        assert locked.status_code == 422
        until = clock.now() + timedelta(minutes=15)
        civil = until.astimezone(clock.BEIJING)
        for answer in (said[7], locked.text):
            assert "密码试得太多了" in answer
            assert "现在就可以用短信验证码登录" in answer
            assert f"{civil:%H:%M} 以后再试" in answer
        assert client.get("/profile").status_code == 302
        travel.shift(timedelta(minutes=15, seconds=1))
        sign_in(client)


def test_another_phone_is_not_locked_with_it(app: Flask, database: Database) -> None:
    create_user(database)
    create_user(database, phone="13700000001")
    client = app.test_client()
    for _ in range(9):
        post(client, "/sign-in", phone="13700000001", password="wrong")
    sign_in(client)


def test_one_address_may_not_try_phone_after_phone(app: Flask, database: Database) -> None:
    create_user(database)
    client = app.test_client()
    for number in range(60):
        post(client, "/sign-in", phone=f"139000000{number:02d}", password="wrong")
    answer = post(client, "/sign-in", phone=PHONE, password=PASSWORD)
    assert "从您这个网络来的尝试太多了" in answer.text


def test_a_code_signs_in_once(
    app: Flask, client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database, password=None)
    page = ask_for_code(client, "/sign-in/code")
    assert page.status_code == 200
    assert "验证码发出去了" in page.text
    assert 'data-wait="60"' in page.text
    assert f'value="{PHONE}"' in page.text
    assert [(each.phone, each.purpose) for each in codes_sent] == [(PHONE, "sign_in")]
    code = codes_sent[0].code
    assert post(client, "/sign-in/code", phone=PHONE, code=code).status_code == 302
    assert client.get("/profile").status_code == 200
    other = app.test_client()
    assert "验证码过了 5 分钟" in post(other, "/sign-in/code", phone=PHONE, code=code).text


def test_a_code_counts_its_tries(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    ask_for_code(client, "/sign-in/code")
    right = codes_sent[0].code
    wrong = "000000" if right != "000000" else "000001"
    said = [post(client, "/sign-in/code", phone=PHONE, code=wrong).text for _ in range(5)]
    assert "还能试 4 次" in said[0]
    assert "还能试 1 次" in said[3]
    assert "已经作废" in said[4]
    assert "已经作废" in post(client, "/sign-in/code", phone=PHONE, code=right).text


def test_a_code_grows_old(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    with time_machine.travel(clock.now(), tick=False) as travel:
        ask_for_code(client, "/sign-in/code")
        travel.shift(timedelta(minutes=5))
        late = post(client, "/sign-in/code", phone=PHONE, code=codes_sent[0].code)
        assert "验证码过了 5 分钟" in late.text


def test_only_the_newest_code_counts_and_each_waits_a_minute(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    with time_machine.travel(clock.now(), tick=False) as travel:
        ask_for_code(client, "/sign-in/code")
        assert "刚发过一条，60 秒后可以再要" in ask_for_code(client, "/sign-in/code").text
        travel.shift(timedelta(seconds=61))
        ask_for_code(client, "/sign-in/code")
        assert len(codes_sent) == 2
        first, second = (each.code for each in codes_sent)
        if first != second:
            assert "不对" in post(client, "/sign-in/code", phone=PHONE, code=first).text
        assert post(client, "/sign-in/code", phone=PHONE, code=second).status_code == 302


def test_ten_codes_a_day_are_enough(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    with time_machine.travel(clock.now(), tick=False) as travel:
        for _ in range(11):
            last = ask_for_code(client, "/sign-in/code")
            travel.shift(timedelta(seconds=61))
    assert len(codes_sent) == 10
    assert "往这个手机号要的验证码太多了" in last.text
    assert "现在可以用密码登录" in last.text


def test_a_code_for_a_stranger_tells_only_its_receiver(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    assert "验证码发出去了" in ask_for_code(client, "/sign-in/code").text
    answer = post(client, "/sign-in/code", phone=PHONE, code=codes_sent[0].code)
    assert "还没有注册" in answer.text


def test_somebody_new_signs_up(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    ask_for_code(client, "/sign-up")
    code = codes_sent[0].code
    weak = post(client, "/sign-up", phone=PHONE, code=code, password="1234567")
    assert "密码至少要 8 位" in weak.text
    done = post(client, "/sign-up", phone=PHONE, code=code, password=PASSWORD, name=" 王建华 ")
    assert done.headers["Location"] == "/accounts/bind"
    assert "注册好了" in client.get("/accounts/bind").text
    assert "王建华" in client.get("/profile").text
    with database.unit_of_work() as session:
        user = session.scalars(select(User)).one()
        assert user.phone == PHONE
        assert user.password_hash is not None
        assert user.password_hash.startswith("$argon2id$")


def test_signing_up_twice_is_told_to_who_holds_the_phone(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    guess = post(client, "/sign-up", phone=PHONE, code="000000", password=PASSWORD)
    assert "已经注册过了" not in guess.text
    ask_for_code(client, "/sign-up")
    told = post(client, "/sign-up", phone=PHONE, code=codes_sent[0].code, password=PASSWORD)
    assert "已经注册过了" in told.text
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


def test_a_code_serves_one_purpose(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    ask_for_code(client, "/sign-up")
    code = codes_sent[0].code
    assert "验证码过了" in post(client, "/sign-in/code", phone=PHONE, code=code).text


def test_signing_in_again_ends_the_session_before(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    first = client.get_cookie("denghuo")
    assert first is not None
    client.delete_cookie("denghuo")
    sign_in(client)
    second = client.get_cookie("denghuo")
    assert second is not None
    assert first.value != second.value
    with database.unit_of_work() as session:
        kept = session.scalars(select(SignInSession)).all()
        assert all(first.value.encode() != each.token_sha256 for each in kept)


def test_a_signed_in_person_is_not_asked_again(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert client.get("/sign-in?next=/accounts").headers["Location"] == "/accounts"


def test_a_session_ends_a_week_after_the_last_visit(
    client: FlaskClient, database: Database
) -> None:
    create_user(database)
    with time_machine.travel(clock.now(), tick=False) as travel:
        sign_in(client)
        travel.shift(timedelta(days=6))
        assert client.get("/profile").status_code == 200
        travel.shift(timedelta(days=6))
        assert client.get("/profile").status_code == 200
        travel.shift(timedelta(days=7, seconds=1))
        assert client.get("/profile").status_code == 302


def test_a_session_ends_after_thirty_days_in_any_case(
    client: FlaskClient, database: Database
) -> None:
    create_user(database)
    with time_machine.travel(clock.now(), tick=False) as travel:
        sign_in(client)
        for _ in range(5):
            travel.shift(timedelta(days=5, hours=23))
            assert client.get("/profile").status_code == 200
        travel.shift(timedelta(days=1))
        assert client.get("/profile").status_code == 302


def test_devices_are_listed_and_signed_out(app: Flask, database: Database) -> None:
    create_user(database)
    here, there = app.test_client(), app.test_client()
    there.environ_base["HTTP_USER_AGENT"] = CHROME
    sign_in(there)
    sign_in(here)
    page = here.get("/profile/devices").text
    assert "Chrome · Windows" in page
    assert page.count("/sign-out") == 2  # the other device, and all others
    with database.unit_of_work() as session:
        other = session.scalars(select(SignInSession.id).order_by(SignInSession.id)).first()
    assert post(here, f"/profile/devices/{other}/sign-out").status_code == 302
    assert there.get("/profile").status_code == 302
    assert here.get("/profile").status_code == 200


def test_all_others_are_signed_out_at_once(app: Flask, database: Database) -> None:
    create_user(database)
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        sign_in(client)
    post(clients[0], "/profile/devices/sign-out-others")
    assert [client.get("/profile").status_code for client in clients] == [200, 302, 302]


def test_a_neighbour_cannot_sign_me_out(app: Flask, database: Database) -> None:
    create_user(database)
    create_user(database, phone="13700000001")
    mine, neighbours = app.test_client(), app.test_client()
    sign_in(mine)
    sign_in(neighbours, phone="13700000001")
    with database.unit_of_work() as session:
        mine_id = session.scalars(select(SignInSession.id).order_by(SignInSession.id)).first()
    assert post(neighbours, f"/profile/devices/{mine_id}/sign-out").status_code == 404
    assert mine.get("/profile").status_code == 200


def test_a_changed_password_signs_the_others_out(app: Flask, database: Database) -> None:
    create_user(database)
    here, there = app.test_client(), app.test_client()
    sign_in(there)
    sign_in(here)
    wrong = post(here, "/profile/password", current="nope nope", new="another lamp")
    assert "现在的密码不对" in wrong.text
    assert post(here, "/profile/password", current=PASSWORD, new="another lamp").status_code == 302
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 302
    sign_in(there, password="another lamp")


def test_a_forgotten_password_is_replaced_by_a_code(
    app: Flask, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    here, there = app.test_client(), app.test_client()
    sign_in(there)
    sign_in(here)
    assert 'href="/profile/password/code"' in here.get("/profile/password").text
    asked = post(here, "/profile/password/code", action="send")
    assert (asked.status_code, "验证码发出去了" in asked.text) == (200, True)
    assert 'data-wait="' in asked.text
    assert [(each.phone, each.purpose) for each in codes_sent] == [(PHONE, "password")]
    code = codes_sent[0].code
    changed = post(here, "/profile/password/code", code=code, new="another lamp")
    assert (changed.status_code, changed.headers["Location"]) == (302, "/profile")
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 302
    again = post(here, "/profile/password/code", code=code, new="a third lamp")
    assert (again.status_code, "请重新要一个" in again.text) == (422, True)
    sign_in(there, password="another lamp")


def test_a_wrong_code_changes_no_password(
    app: Flask, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    client = app.test_client()
    sign_in(client)
    post(client, "/profile/password/code", action="send")
    wrong = "000000" if codes_sent[0].code != "000000" else "000001"
    for left in (4, 3, 2, 1):
        answer = post(client, "/profile/password/code", code=wrong, new="another lamp")
        assert answer.status_code == 422
        assert f"还能试 {left} 次" in answer.text
        assert "another lamp" not in answer.text
    assert "已经作废" in post(client, "/profile/password/code", code=wrong, new="new lamp").text
    right = post(client, "/profile/password/code", code=codes_sent[0].code, new="another lamp")
    assert "已经作废" in right.text
    sign_in(app.test_client(), password=PASSWORD)


def test_a_code_to_sign_in_changes_no_password(
    app: Flask, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    client = app.test_client()
    ask_for_code(client, "/sign-in/code")
    sign_in(client)
    code = codes_sent[0].code
    answer = post(client, "/profile/password/code", code=code, new="another lamp")
    assert (answer.status_code, "验证码过了" in answer.text) == (422, True)
    sign_in(app.test_client(), password=PASSWORD)


def test_whoever_forgot_is_led_to_a_new_password(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    way = "/sign-in/code?next=/profile/password/code"
    assert f'href="{way}"' in client.get("/sign-in").text
    assert 'name="next" type="hidden" value="/profile/password/code"' in client.get(way).text
    ask_for_code(client, way)
    code = codes_sent[0].code
    answer = post(client, way, phone=PHONE, code=code, next="/profile/password/code")
    assert answer.headers["Location"] == "/profile/password/code"
    assert "138 **** 2046" in client.get("/profile/password/code").text


def test_a_disabled_user_is_out_at_once(client: FlaskClient, database: Database) -> None:
    user = create_user(database)
    sign_in(client)
    with database.unit_of_work() as session:
        session.get_one(User, user.id).disabled_at = clock.now()
    assert client.get("/profile").status_code == 302
    assert "不对" in post(client, "/sign-in", phone=PHONE, password=PASSWORD).text


def test_the_tries_left_of_the_present_password_are_told(
    client: FlaskClient, database: Database
) -> None:
    create_user(database)
    sign_in(client)
    fields = {"current": "nope nope", "new": "another lamp"}
    said = [post(client, "/profile/password", **fields).text for _ in range(8)]
    assert "还能试 3 次" in said[4]
    assert "还能试 1 次" in said[6]
    assert 'id="current-error">现在的密码试得太多了' in said[7]
    assert "用短信验证码改" in said[7]


def test_a_name_may_be_changed_without_choosing_how_pages_look(
    app: Flask, database: Database
) -> None:
    """The form begins with what the page looks like, not with what the profile would say."""
    user = create_user(database)
    with database.unit_of_work() as session:
        users.set_display(session, user.id, language="zh", theme="light")
    client = app.test_client()
    client.get("/sign-in?lang=en")
    sign_in(client)
    page = client.get("/profile/edit").text
    checked = re.findall(r'<input checked[^>]*value="(\w+)"', page)
    assert checked == ["en", "light"]


def test_profile_is_kept(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    post(client, "/profile/edit", name="李兰", language="zh", theme="dark", elder_mode="y")
    page = client.get("/profile").text
    assert '<html lang="zh-CN" data-theme="dark" data-mode="elder">' in page
    assert "<h1>李兰</h1>" in page
    assert post(client, "/profile/edit", name="x", language="xx", theme="dark").status_code == 422


def test_a_browser_is_known_after_its_sign_in_has_ended(
    database: Database, client: FlaskClient, user: User
) -> None:
    sign_in(client)
    first = client.get_cookie("browser")
    post(client, "/sign-out")
    sign_in(client)
    again = client.get_cookie("browser")
    assert first is not None
    assert again is not None
    assert (first.value, first.http_only, first.same_site) == (again.value, True, "Lax")
