"""What the desk says reaches who wrote in WeChat, once, or stays on the web with its reason."""

import socket
from collections.abc import Iterator

import httpx
import pytest
import requests
import time_machine
from pydantic import SecretStr
from sqlalchemy import text

from notifications import wechat as sending
from notifications.models import WeChatToken
from notifications.settings import WeChatSettings
from notifications.wechat import ServiceAccount, SharedTokens
from runtime import events, jobs
from runtime.database import Database
from runtime.settings import SettingsError, load
from service.conversations import Message, ask_for_person, desk, say
from service.events import StaffReplied
from service.people import users, wechat
from tests.sandbox.server import SandboxServer
from tests.service.conversations.conftest import TEN_O_CLOCK

OPENID = "oSandbox-first-of-the-people"


@pytest.fixture
def settings(sandbox: SandboxServer, settings_env: pytest.MonkeyPatch) -> WeChatSettings:
    for name in ("appid", "secret", "token", "aes_key"):
        settings_env.setenv(f"DENGHUO_WECHAT_{name.upper()}", sandbox.paper(f"wechat_{name}"))
    return load(WeChatSettings, wechat_url=sandbox.base_url)


@pytest.fixture
def account(settings: WeChatSettings, database: Database) -> Iterator[ServiceAccount]:
    jobs.use_database(database)
    with (
        events.subscribed(StaffReplied, sending.queue_reply),
        pytest.MonkeyPatch.context() as patch,
    ):
        account = ServiceAccount(settings, SharedTokens(database))
        patch.setattr(sending, "_settings", lambda: settings)
        patch.setattr(sending, "_account", lambda: account)
        yield account


def writes(sandbox: SandboxServer) -> None:
    """The person writes; that nobody hears it changes nothing for WeChat."""
    httpx.post(f"{sandbox.base_url}/phone", data={"who": OPENID, "text": "有人吗"}, trust_env=False)


def heard(sandbox: SandboxServer) -> list[str]:
    url = f"{sandbox.base_url}/test/wechat/{OPENID}"
    lines = httpx.get(url, trust_env=False).json()["lines"]
    return [each["text"] for each in lines if each["author"] == "account"]


def replied(database: Database, *, channel: str = "wechat", bound: bool = False) -> int:
    """Somebody asked for a person, and a person says something; the message's id."""
    with database.unit_of_work() as session, time_machine.travel(TEN_O_CLOCK, tick=False):
        staff = users.add_user(session, "13900000001", password_hash=None).id
        if bound:
            owner = users.add_user(session, "13800002046", password_hash=None).id
            wechat.bind(session, OPENID, owner)
        talk = wechat.conversation(session, OPENID, "zh")
        say(session, talk, "转人工", "k1", channel)
        ask_for_person(session, talk, "asked", "想问电费")
        (case,) = desk.queue(session)
        desk.take(session, case.handoff.id, staff)
        return desk.reply(session, case.handoff.id, staff, "我来看看。", "r1").id


def delivered(database: Database, number: int) -> bool:
    with database.unit_of_work() as session:
        return session.get_one(Message, number).delivered_at is not None


def queued(database: Database) -> list[tuple[str, dict[str, int]]]:
    with database.unit_of_work() as session:
        rows = session.execute(
            text("SELECT task_name, args FROM procrastinate_jobs WHERE task_name LIKE '%wechat'")
        )
        return [(row.task_name, row.args) for row in rows]


@pytest.mark.parametrize("bound", [True, False])
def test_a_reply_of_the_desk_is_read_in_wechat(
    database: Database, account: ServiceAccount, sandbox: SandboxServer, bound: bool
) -> None:
    writes(sandbox)
    number = replied(database, bound=bound)
    assert queued(database) == [("notifications.wechat", {"message_id": number})]
    sending.send(number)
    sending.send(number)
    assert heard(sandbox) == ["我来看看。"]
    assert delivered(database, number)


def test_who_speaks_on_the_web_is_not_written_to(
    database: Database, account: ServiceAccount
) -> None:
    replied(database, channel="web")
    assert queued(database) == []


def test_after_two_days_of_silence_it_stands_on_the_web_alone(
    database: Database, account: ServiceAccount, sandbox: SandboxServer
) -> None:
    number = replied(database)
    sending.send(number)
    assert heard(sandbox) == []
    assert not delivered(database, number)


def test_while_wechat_is_out_of_order_the_job_tries_again(
    database: Database, account: ServiceAccount, sandbox: SandboxServer
) -> None:
    writes(sandbox)
    number = replied(database)
    sandbox.outage("account", "error", 60)
    with pytest.raises(requests.RequestException):
        sending.send(number)
    sandbox.heal()
    sending.send(number)
    assert heard(sandbox) == ["我来看看。"]


def test_a_token_is_shared_and_replaced_when_it_is_void(
    database: Database, account: ServiceAccount, settings: WeChatSettings, sandbox: SandboxServer
) -> None:
    writes(sandbox)
    account.say(OPENID, "一")
    other = ServiceAccount(settings, SharedTokens(database))
    other.say(OPENID, "二")
    assert other.access_token == account.access_token
    other.fetch_access_token()
    with database.unit_of_work() as session:
        session.get_one(WeChatToken, account.access_token_key).token = "voided"
    account.say(OPENID, "三")
    assert heard(sandbox) == ["一", "二", "三"]


def test_a_silent_wechat_is_not_waited_for_without_end(
    database: Database, settings: WeChatSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        account = ServiceAccount(
            settings.model_copy(update={"wechat_url": url}), SharedTokens(database)
        )
        with pytest.raises(requests.Timeout):
            account.say(OPENID, "在的。")


def test_an_account_without_its_papers_does_not_start(settings_env: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="DENGHUO_WECHAT_APPID needs"):
        load(WeChatSettings, wechat_appid="wx1", wechat_secret=SecretStr("x"))
