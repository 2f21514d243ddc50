"""What every answer carries, and what a form must bring."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from portal.app import create_app
from portal.security import allow_form_target
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.settings import SettingsError, load
from tests.portal.conftest import CoreThatKnows, create_user, post, sign_in

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


@pytest.fixture
def https_client(database: Database, core: CoreThatKnows) -> FlaskClient:
    settings = load(
        PortalSettings, secret_key=SecretStr("for tests"), public_url="https://portal.test"
    )
    return create_app(settings, database, core).test_client()


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/healthz", "/profile"])
def test_headers_hold_on_every_answer(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_cookies_are_kept_from_scripts_and_from_plain_http(
    https_client: FlaskClient, database: Database
) -> None:
    create_user(database)
    base = "https://portal.test"
    page = https_client.get("/sign-in", base_url=base)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = https_client.post(
        "/sign-in",
        base_url=base,
        data={"csrf_token": token, "phone": "13800002046", "password": "lamp by the window"},
        headers={"Referer": f"{base}/sign-in"},
    )
    assert answer.status_code == 302
    kept = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-denghuo="))
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in kept


def test_a_form_without_its_token_does_nothing(client: FlaskClient, database: Database) -> None:
    create_user(database)
    fields = {"phone": "13800002046", "password": "lamp by the window"}
    answer = client.post("/sign-in", data=fields)
    assert answer.status_code == 400
    assert "这一页放得太久了" in answer.text
    assert client.get("/profile").status_code == 302
    stolen = client.post("/sign-in", data={**fields, "csrf_token": "made up"})
    assert stolen.status_code == 400


def test_the_token_of_before_is_worth_nothing_after_signing_in(
    client: FlaskClient, database: Database
) -> None:
    create_user(database)
    page = client.get("/sign-in").text
    before = page.split('name="csrf_token" value="')[1].split('"')[0]
    sign_in(client)
    answer = client.post("/display", data={"csrf_token": before, "theme": "dark"})
    assert answer.status_code == 400


def test_too_large_a_form_is_refused(client: FlaskClient) -> None:
    answer = post(client, "/sign-in", phone="1" * 300_000, password="x")
    assert answer.status_code == 413


def test_forms_may_lead_to_a_cashier_that_was_named(app: Flask) -> None:
    allow_form_target(app, "https://cashier.test")
    policy = app.test_client().get("/sign-in").headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://cashier.test")


def test_no_template_carries_a_script_or_a_style_of_its_own() -> None:
    for path in TEMPLATES.rglob("*.html"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"<[^>]*\son\w+\s*=\s*[\"']", source), path
        assert "javascript:" not in source, path
        assert "<style" not in source, path
        assert "|safe" not in source.replace(" ", ""), path
        for tag in re.findall(r"<script[^>]*>", source):
            assert "src=" in tag or 'type="application/json"' in tag, (path, tag)


@pytest.mark.parametrize("wrong", ["portal.test", "ftp://portal.test", "https://portal.test/sub"])
def test_a_public_address_must_be_one(wrong: str) -> None:
    with pytest.raises(SettingsError, match="DENGHUO_PUBLIC_URL"):
        load(PortalSettings, secret_key=SecretStr("x"), public_url=wrong)


@pytest.mark.parametrize("wrong", ["http://portal.test", "http://127.0.0.1.portal.test:8000"])
def test_production_is_public_by_https_alone(wrong: str) -> None:
    given = {"secret_key": SecretStr("x"), "public_url": wrong}
    with pytest.raises(SettingsError) as refused:
        load(PortalSettings, environment="production", **given)
    assert str(refused.value).startswith("DENGHUO_PUBLIC_URL ")
    assert str(refused.value).endswith("in production it must begin with https://.")
    assert load(PortalSettings, environment="test", **given).public_url == wrong


@pytest.mark.parametrize(
    "right", ["https://portal.test", "http://127.0.0.1:8000", "http://localhost"]
)
def test_production_also_starts_at_the_developers_own_machine(right: str) -> None:
    settings = load(
        PortalSettings, secret_key=SecretStr("x"), environment="production", public_url=right
    )
    assert settings.public_url == right


def test_a_proxy_is_believed_only_when_there_is_one(
    database: Database, core: CoreThatKnows, client: FlaskClient
) -> None:
    from portal.security import asker_address

    behind = create_app(
        load(PortalSettings, secret_key=SecretStr("x"), trusted_proxies=1), database, core
    )
    for app, expected in ((client.application, "127.0.0.1"), (behind, "203.0.113.7")):
        app.add_url_rule("/who", view_func=asker_address, endpoint="health.who")
        said = app.test_client().get("/who", headers={"X-Forwarded-For": "203.0.113.7"})
        assert said.text == expected
