"""The utility's own people have no customer's pages, and are told so without a dead end."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.conftest import PASSWORD, PHONE, create_user, post, take_second_step
from tests.portal.places import words


@pytest.fixture
def staff(app: Flask, database: Database) -> FlaskClient:
    user = create_user(database)
    with database.unit_of_work() as session:
        session.merge(user).staff_role = "inspector"
    client = app.test_client()
    assert post(client, "/sign-in", phone=PHONE, password=PASSWORD).headers["Location"] == "/"
    take_second_step(client)
    return client


@pytest.mark.parametrize(
    "path", ["/desk", "/bills", "/usage", "/pay", "/accounts", "/accounts/bind"]
)
def test_staff_read_that_the_desk_is_elsewhere(staff: FlaskClient, path: str) -> None:
    answer = staff.get(path)
    assert answer.status_code == 403
    page = words(answer.text)
    assert "这是工作人员的登录" in page
    assert "请退出，再用自己的手机号登录或注册" in page
    assert "绑定一个户号" not in page
    assert 'action="/sign-out"' in answer.text
    nav = answer.text.split("<nav", 1)[1].split("</nav>", 1)[0]
    assert nav.count("<a ") == 1
    assert 'href="/profile"' in nav


def test_whoever_has_no_desk_comes_to_its_door(staff: FlaskClient) -> None:
    assert staff.get("/").headers["Location"] == "/desk"


def test_staff_keep_their_own_sign_in(staff: FlaskClient) -> None:
    for path in ("/profile", "/profile/edit", "/profile/password", "/profile/devices"):
        assert staff.get(path).status_code == 200
    assert 'href="/accounts"' not in staff.get("/profile").text
    assert post(staff, "/sign-out").headers["Location"] == "/sign-in"
    assert staff.get("/").headers["Location"].startswith("/sign-in")
