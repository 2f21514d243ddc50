"""What somebody with bad intentions sends, and what they get: a plain no, and nothing else."""

import re

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import text

from runtime.database import Database
from runtime.errors import NotFound
from tests.portal.conftest import create_user, form_token, sign_in

ACCOUNT = "420011875603"
STRANGE = {
    "nul": "a\0b",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}42",
    "long": "9" * 20_000,
    "sql": "' or 1=1 --",
    "format": "%(x)s{0.__class__}%s",
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
}
IN_AN_ADDRESS = {
    "nul": "%00",
    "beyond all numbers": "99999999999999999999",
    "no text": "%ff",
    "path": "..%2f..%2fetc%2fpasswd",
    "right to left": "%E2%80%AE",
}
BIND = {"account_no": ACCOUNT, "role": "owner", "alias": "x"}
FORMS = {
    "/profile/edit": {"name": "x", "language": "zh", "theme": "dark"},
    "/profile/password": {"current": "x", "new": "y" * 10},
    "/profile/password/code": {"code": "123456", "new": "y" * 10},
    "/accounts/bind": BIND | {"holder_name": "x", "phone_last4": "1234"},
    "/accounts/bind/code": BIND | {"code": "123456"},
    "/display": {"theme": "dark", "language": "zh", "view": "elder", "next": "/"},
}
DOOR = {
    "/sign-in": {"phone": "13800002046", "password": "x", "next": "/"},
    "/sign-in/code": {"phone": "13800002046", "code": "123456", "next": "/", "action": ""},
    "/sign-up": {"phone": "13800002046", "code": "123456", "password": "x" * 9, "name": "x"},
}
QUESTIONS = ("before", "against", "bill", "account", "amount", "expected", "choose", "next", "lang")


@pytest.fixture
def home(app: Flask, database: Database) -> FlaskClient:
    create_user(database)
    client = app.test_client()
    sign_in(client)
    return client


@pytest.mark.parametrize("strange", IN_AN_ADDRESS.values(), ids=IN_AN_ADDRESS)
def test_no_address_is_too_strange_for_a_plain_answer(
    app: Flask, home: FlaskClient, strange: str
) -> None:
    token = form_token(home, "/profile/edit")
    seen = 0
    for rule in app.url_map.iter_rules():
        if not rule.arguments:
            continue
        path = re.sub(r"<[^>]+>", strange, rule.rule)
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            answer = home.open(path, method=method, data={"csrf_token": token})
            assert answer.status_code < 500, (method, path)
            seen += 1
    assert seen > 12


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE)
def test_no_field_is_too_strange_for_a_plain_answer(
    app: Flask, home: FlaskClient, strange: str
) -> None:
    stranger = app.test_client()
    tokens = {home: form_token(home, "/profile/edit"), stranger: form_token(stranger)}
    for client, forms in ((home, FORMS), (stranger, DOOR)):
        for path, fields in forms.items():
            for name in fields:
                data = {**fields, name: strange, "csrf_token": tokens[client]}
                answer = client.post(path, data=data)
                assert answer.status_code < 500, (path, name)
                assert "<script>alert" not in answer.text
                assert "<img src=x" not in answer.text
    for path in ("/", "/bills", "/pay", "/pay/confirm", "/usage", "/accounts"):
        for name in QUESTIONS:
            answer = home.get(path, query_string={name: strange})
            assert answer.status_code < 500, (path, name)
            assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Current-URL": "http://["},
        {"HX-Request": "true", "HX-Current-URL": "https://evil.test//evil.test/x"},
        {"Cookie": "denghuo=%00; account=\xff; language=\xff; theme=<"},
        {"Accept-Language": ",;q=x,zz-" + "a" * 3000},
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "javascript"},
    ],
)
def test_no_header_is_too_strange_or_leads_away(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    answer = client.get("/profile", headers=headers)
    assert answer.status_code in (302, 401)
    door = answer.headers.get("HX-Redirect") or answer.headers["Location"]
    assert door.startswith("/sign-in?next=/")
    assert "evil.test" not in client.get("/no-such-page", headers=headers).text


@pytest.mark.parametrize(
    "away",
    [
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "https://evil.test",
        "/\t/evil.test",
        "javascript:x",
    ],
)
def test_no_way_back_leads_to_another_site(
    client: FlaskClient, database: Database, away: str
) -> None:
    create_user(database)
    data = {"phone": "13800002046", "password": "lamp by the window", "next": away}
    answer = client.post("/sign-in", data={**data, "csrf_token": form_token(client)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    again = client.get("/sign-in", query_string={"next": away})
    assert (again.status_code, again.headers["Location"]) == (302, "/")


def test_a_connection_lost_in_the_middle_never_ends_in_a_bare_error(
    app: Flask, database: Database
) -> None:
    def lose_the_connection() -> None:
        backend = g.session.scalar(text("select pg_backend_pid()"))
        with database.unit_of_work() as other:
            other.execute(text("select pg_terminate_backend(:backend)"), {"backend": backend})

    def whole() -> str:
        lose_the_connection()
        return "whole"

    def refusing() -> str:
        lose_the_connection()
        raise NotFound("bill.not_found")

    app.add_url_rule("/whole", view_func=whole, endpoint="health.whole")
    app.add_url_rule("/refusing", view_func=refusing, endpoint="health.refusing")
    client = app.test_client()
    for page, status, words in (
        ("/whole", 200, "whole"),
        ("/refusing", 404, "您的名下没有这张账单"),
    ):
        lost = client.get(page)
        assert (lost.status_code, words in lost.text) == (status, True)
        next_one = client.get(page)  # may be given the connection that nobody has missed yet
        assert (next_one.status_code, words in next_one.text) == (status, True) or (
            next_one.status_code == 503 and "系统正在维护" in next_one.text
        )
