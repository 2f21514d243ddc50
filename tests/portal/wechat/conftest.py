"""A portal with a service account, an assistant that the test plays, and WeChat in a box."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.settings import load
from sandbox.wechat_letters import AccountPapers, open_answer, seal, text_xml
from tests.portal.chat.rasa import TOKEN, Rasa, standing
from tests.portal.conftest import CoreThatKnows
from tests.sandbox.server import SandboxServer

OPENID = "oSandbox-first-of-the-people"


@pytest.fixture
def papers(sandbox: SandboxServer, settings_env: pytest.MonkeyPatch) -> AccountPapers:
    """What both sides know; the portal is told by its environment."""
    names = ("appid", "secret", "token", "aes_key")
    known = {name: sandbox.paper(f"wechat_{name}") for name in names}
    for name, value in known.items():
        settings_env.setenv(f"DENGHUO_WECHAT_{name.upper()}", value)
    for name in ("URL", "OPEN_URL"):
        settings_env.setenv(f"DENGHUO_WECHAT_{name}", sandbox.base_url)
    key = base64.b64encode(bytes(32)).decode()
    settings_env.setenv("DENGHUO_ENCRYPTION_KEYS", f"test:{key}")
    settings_env.setenv("DENGHUO_BLIND_INDEX_KEY", key)
    return AccountPapers(**known)


@pytest.fixture
def rasa() -> Iterator[Rasa]:
    with standing() as server:
        yield server


@pytest.fixture
def app(
    rasa: Rasa, papers: AccountPapers, database: Database, core: CoreThatKnows
) -> Iterator[Flask]:
    settings = load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        assistant_url=rasa.url,
        assistant_token=SecretStr(TOKEN),
    )
    app = create_app(settings, database, core)
    yield app
    app.extensions["assistant"].close()


@dataclass
class Phone:
    """Somebody's WeChat, open at the service account."""

    client: FlaskClient
    papers: AccountPapers
    openid: str = OPENID
    count: int = 0

    def say(self, text: str, number: str = "") -> str:
        """The account's answer to a text; `number` is WeChat's for the message."""
        self.count += 1
        fields = {"MsgType": "text", "Content": text, "MsgId": number or str(self.count)}
        return self.bring(fields)

    def bring(self, fields: dict[str, str]) -> str:
        sealed = seal(self.papers, text_xml("gh", self.openid, fields))
        answer = self.client.post(
            "/wechat/messages", query_string=sealed.query, data=sealed.body.encode()
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return open_answer(self.papers, answer.get_data(as_text=True))


@pytest.fixture
def phone(app: Flask, papers: AccountPapers) -> Phone:
    return Phone(app.test_client(), papers)


PhoneOf = Callable[[str], Phone]


@pytest.fixture
def phone_of(app: Flask, papers: AccountPapers) -> PhoneOf:
    return lambda openid: Phone(app.test_client(), papers, openid)
