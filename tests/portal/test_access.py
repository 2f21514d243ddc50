"""Every route says who may call it, and the saying holds."""

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.routing import IntegerConverter, Rule

from portal import access
from portal.access import Access
from portal.security import protect_forms
from runtime.database import Database
from tests.portal.conftest import create_user, post, sign_in


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    undeclared = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[0] not in access.declared
    ]
    assert undeclared == []


def test_only_callbacks_and_services_do_without_a_form_token(app: Flask) -> None:
    kinds = {
        app.blueprints[name].name: access.declared[name]
        for name in app.blueprints
        if name in protect_forms._exempt_blueprints
    }
    assert set(kinds.values()) <= {Access.CALLBACK, Access.SERVICE}
    assert protect_forms._exempt_views == set()


def test_addresses_are_plain_words(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        fixed = [part for part in rule.rule.split("/") if not part.startswith("<")]
        assert all(part == part.lower() and "_" not in part for part in fixed), rule.rule
        assert rule.rule == "/" or not rule.rule.endswith("/"), rule.rule


def _example(rule: Rule, name: str) -> str | int:
    """What may stand in an address: a number where only numbers may, else a word."""
    return 1 if isinstance(rule._converters[name], IntegerConverter) else "word"


def test_a_stranger_is_sent_to_the_door_from_every_customer_page(
    app: Flask, client: FlaskClient
) -> None:
    seen = 0
    for rule in app.url_map.iter_rules():
        if access.declared[rule.endpoint.rpartition(".")[0]] is not Access.CUSTOMER:
            continue
        with app.test_request_context():
            address = app.url_for(
                rule.endpoint, **{name: _example(rule, name) for name in rule.arguments}
            )
        readable = "GET" in (rule.methods or ())
        answer = client.get(address) if readable else post(client, address)
        assert answer.status_code == 302, rule
        assert answer.headers["Location"].startswith("/sign-in?next="), rule
        seen += 1
    assert seen > 8


def test_the_way_back_leads_to_the_page_itself(client: FlaskClient, database: Database) -> None:
    create_user(database)
    door = client.get("/profile/devices?a=1").headers["Location"]
    assert door == "/sign-in?next=/profile/devices?a%3D1"
    page = client.get(door).get_data(as_text=True)
    assert 'name="next" type="hidden" value="/profile/devices?a=1"' in page


def test_a_part_of_a_page_sends_the_whole_page_to_the_door(client: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/profile"}
    answer = client.get("/profile/devices", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/profile"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.test/",
        "//elsewhere.test/",
        "/\\elsewhere.test",
        "javascript:alert(1)",
        "elsewhere",
        "/a\r\nSet-Cookie: x=y",
        "/\t/elsewhere.test",
    ],
)
def test_the_way_back_leads_nowhere_else(
    client: FlaskClient, database: Database, elsewhere: str
) -> None:
    create_user(database)
    answer = post(
        client, "/sign-in", phone="13800002046", password="lamp by the window", next=elsewhere
    )
    assert answer.status_code == 302
    assert "elsewhere" not in answer.headers["Location"]
    assert answer.headers["Location"].startswith("/")


def test_staff_pages_do_not_exist_for_customers(app: Flask, database: Database) -> None:
    desk = access.staff_only(Blueprint("a_desk", __name__), roles={"agent"})
    desk.add_url_rule("/a-desk", view_func=lambda: "desk")
    app.register_blueprint(desk)
    client = app.test_client()
    assert client.get("/a-desk").status_code == 302
    create_user(database)
    sign_in(client)
    assert client.get("/a-desk").status_code == 404
    access.declared.pop("a_desk")


def test_a_service_brings_its_token(app: Flask) -> None:
    service = access.service_token(Blueprint("robot", __name__), lambda: SecretStr("right"))
    service.add_url_rule("/robot", view_func=lambda: "served")
    app.register_blueprint(service)
    client = app.test_client()
    assert client.get("/robot").status_code == 401
    wrong = client.get("/robot", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    right = client.get("/robot", headers={"Authorization": "Bearer right"})
    assert (right.status_code, right.text) == (200, "served")
    access.declared.pop("robot")
