"""Conversations to ask in, and somebody who asks as the assistant does."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from portal.settings import PortalSettings
from runtime.database import Database
from runtime.settings import load
from service import conversations
from service.models import User
from tests.portal.places import move_in
from tests.service import builders

TOKEN = "the assistant's own token"
BASE = "/assistant/v1/conversations"


@pytest.fixture
def settings() -> PortalSettings:
    return load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        assistant_token=SecretStr(TOKEN),
        environment="test",
    )


@dataclass(frozen=True)
class Asker:
    """Asks in one conversation."""

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
        return self.app.test_client().open(address, method=method, headers=headers, **given)


@pytest.fixture
def stranger(app: Flask, database: Database) -> Asker:
    """Asks for somebody who is not signed in."""
    with database.unit_of_work() as session:
        return Asker(app, conversations.open_for_browser(session, "a browser's key").ref)


@pytest.fixture
def customer(app: Flask, database: Database) -> Asker:
    """Asks for a person with one account at home, 420011875603, called `家里`."""
    with database.unit_of_work() as session:
        user = builders.create_user(session, name="王建华")
        account = move_in(session, user, account_no="420011875603")
        named(session, user.id, account.account_no, "家里")
        return Asker(app, conversations.open_for_user(session, user.id).ref, user)


def named(session: Any, user_id: int, account_no: str, alias: str) -> None:
    from service.people.links import set_alias

    session.flush()
    set_alias(session, user_id, account_no, alias)
