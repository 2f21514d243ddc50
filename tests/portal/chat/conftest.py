"""A portal with an assistant that the test plays, and a browser that talks to it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.settings import load
from tests.portal.chat.rasa import TOKEN, Rasa, standing
from tests.portal.conftest import CoreThatKnows, form_token
from tests.portal.places import words

SECONDS = 0.4
"""How long the assistant is waited for in these tests."""


@pytest.fixture
def rasa() -> Iterator[Rasa]:
    with standing() as server:
        yield server


@pytest.fixture
def settings(rasa: Rasa) -> PortalSettings:
    return load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        assistant_url=rasa.url,
        assistant_token=SecretStr(TOKEN),
        assistant_seconds=SECONDS,
    )


@pytest.fixture
def app(settings: PortalSettings, database: Database, core: CoreThatKnows) -> Iterator[Flask]:
    app = create_app(settings, database, core)
    yield app
    app.extensions["assistant"].close()


@dataclass
class Update:
    """What a script gets: the new messages as markup, and what stands below them."""

    status: int
    items: list[dict[str, Any]]
    under: str
    held: str
    tag: str
    refused: str

    @property
    def texts(self) -> list[str]:
        """What was said, without the names of who said it."""
        return [_bubble(each["html"]) for each in self.items]

    @property
    def html(self) -> str:
        return "".join(each["html"] for each in self.items)


class Talk:
    """A browser with a script, in the middle of a conversation."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.last = 0
        self._count = 0

    def say(self, text: str, *, key: str = "", payload: str = "") -> Update:
        self._count += 1
        fields = {"text": text, "key": key or f"k{self._count}", "payload": payload}
        return self.post("/chat/say", **fields)

    def post(self, path: str, **fields: str) -> Update:
        answer = self.client.post(
            path,
            data={"csrf_token": form_token(self.client, "/chat"), "after": self.last, **fields},
            headers={"Accept": "application/json"},
        )
        return self._took(answer)

    def new(self, tag: str = "") -> Update | None:
        answer = self.client.get(f"/chat/new?after={self.last}&tag={tag}")
        return None if answer.status_code == 204 else self._took(answer)

    def _took(self, answer: Any) -> Update:
        found = json.loads(answer.get_data(as_text=True))
        update = Update(answer.status_code, **found)
        self.last = max([self.last, *(each["id"] for each in update.items)])
        return update


@pytest.fixture
def talk(client: FlaskClient) -> Talk:
    return Talk(client)


def _bubble(html: str) -> str:
    found = words(f"<main>{html}</main>")
    return re.split("您说：|灯火：", found, maxsplit=1)[-1]
