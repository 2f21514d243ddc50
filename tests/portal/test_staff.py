"""The utility's own people have no customer's pages, and are told so without a dead end."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.conftest import PASSWORD, PHONE, create_user, post, take_second_step
from tests.portal.conftest import staff as of_staff
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


@pytest.mark.parametrize("path", ["/bills", "/usage", "/pay", "/accounts", "/accounts/bind"])
def test_staff_read_that_the_desk_is_elsewhere(staff: FlaskClient, path: str) -> None:
    answer = staff.get(path)
    assert answer.status_code == 403
    page = words(answer.text)
    assert "这是工作人员的登录" in page
    assert "请退出，再用自己的手机号登录或注册" in page
    assert "绑定一个户号" not in page
    assert 'action="/sign-out"' in answer.text
    nav = answer.text.split("<nav", 1)[1].split("</nav>", 1)[0]
    assert nav.count("<a ") == 2
    assert 'href="/desk/audit"' in nav
    assert 'href="/profile"' in nav
    assert 'href="/desk"' in answer.text


@pytest.mark.parametrize(
    ("role", "first"),
    [
        ("agent", "/desk/requests"),
        ("lead", "/desk/requests"),
        ("finance", "/desk/differences"),
        ("field", "/field"),
        ("inspector", "/desk/audit"),
        ("admin", "/desk/requests"),
    ],
)
def test_every_role_begins_at_its_first_room(
    app: Flask, database: Database, role: str, first: str
) -> None:
    client = of_staff(app, database, PHONE, role)
    assert client.get("/").headers["Location"] == "/desk"
    assert client.get("/desk").headers["Location"] == first


def test_staff_keep_their_own_sign_in(staff: FlaskClient) -> None:
    for path in ("/profile", "/profile/edit", "/profile/password", "/profile/devices"):
        assert staff.get(path).status_code == 200
    assert 'href="/accounts"' not in staff.get("/profile").text
    assert post(staff, "/sign-out").headers["Location"] == "/sign-in"
    assert staff.get("/").headers["Location"].startswith("/sign-in")
