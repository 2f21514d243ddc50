"""Conversations to ask in, and somebody who asks as the assistant does.

Whatever is answered in these tests is held against the published interface.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from portal.app import create_app
from portal.assistant.interface import BASE as ADDRESS
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.errors import Unavailable
from runtime.settings import load
from service import conversations
from service.core_client import Booked
from service.models import User
from service.people.links import set_alias
from tests.portal.conftest import CoreThatKnows
from tests.portal.places import move_in
from tests.service import builders

TOKEN = "the assistant's own token"
BASE = "/assistant/v1/conversations"
HOME = "420011875603"
PUBLISHED = json.loads(
    (Path(__file__).parents[3] / "docs" / "openapi-assistant.json").read_text("utf-8")
)


class Books(CoreThatKnows):
    """A core that has posted nothing, or is away."""

    away = False

    def booked(self, order_no: str) -> Booked:
        self.asked += 1
        if self.away:
            raise Unavailable("core.unavailable")
        return Booked((), ())


@pytest.fixture
def core() -> Books:
    return Books()


@pytest.fixture
def settings() -> PortalSettings:
    return load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        assistant_token=SecretStr(TOKEN),
        environment="test",
    )


@pytest.fixture
def app(
    settings: PortalSettings,
    database: Database,
    core: CoreThatKnows,
    settings_env: pytest.MonkeyPatch,
) -> Flask:
    settings_env.setenv("DENGHUO_INVOICE_URL", "http://127.0.0.1:9")
    settings_env.setenv("DENGHUO_INVOICE_TOKEN", "a token")
    return create_app(settings, database, core)


@dataclass(frozen=True)
class Asker:
    """Asks in one conversation; whatever is answered must be as it is published."""

    app: Flask
    ref: str
    user: User | None = None
    token: str = TOKEN

    def get(self, path: str, language: str | None = "zh", **asked: Any) -> TestResponse:
        query = {name.rstrip("_"): value for name, value in asked.items()}
        return self._ask("GET", path, language, query_string=query)

    def post(self, path: str, told: Any, language: str | None = "zh") -> TestResponse:
        return self._ask("POST", path, language, json=told)

    def _ask(self, method: str, path: str, language: str | None, **given: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if language:
            headers["Accept-Language"] = language
        address = f"{BASE}/{self.ref}{path}"
        answer = self.app.test_client().open(address, method=method, headers=headers, **given)
        _validator(method.lower(), _template(path), str(answer.status_code)).validate(answer.json)
        return answer


def _template(path: str) -> str:
    """The published path that this is an instance of; one without parts goes first."""
    for published in sorted(PUBLISHED["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(published.removeprefix(ADDRESS)))
        if re.fullmatch(pattern, path):
            return str(published)
    raise AssertionError(f"{path} is not published")


@cache
def _validator(method: str, path: str, status: str) -> Any:
    """Of the answer that is published for this status; a status that is not is a KeyError."""
    form = PUBLISHED["paths"][path][method]["responses"][status]
    return validator(form["content"]["application/json"]["schema"])


def validator(form: Any) -> Any:
    whole = {**form, "components": PUBLISHED["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@pytest.fixture
def stranger(app: Flask, database: Database) -> Asker:
    """Asks for somebody who is not signed in."""
    with database.unit_of_work() as session:
        return Asker(app, conversations.open_for_browser(session, "a browser's key").ref)


@pytest.fixture
def customer(app: Flask, database: Database) -> Asker:
    """Asks for Wang Jianhua, who has one account, `家里`."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, phone="13800002046", name="王建华")
        account = move_in(session, user, account_no=HOME)
        session.flush()
        set_alias(session, user.id, account.account_no, "家里")
        return Asker(app, conversations.open_for_user(session, user.id).ref, user)


@pytest.fixture
def neighbour(app: Flask, database: Database) -> Asker:
    """Asks for somebody else, who has an account of their own."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, name="李明")
        move_in(session, user, account_no="420011870001", holder_name="李明")
        return Asker(app, conversations.open_for_user(session, user.id).ref, user)
