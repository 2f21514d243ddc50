"""Cards of the service account, over the wire of a WeChat in a box."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from notifications.channels.base import Busy, Parcel, Refused
from notifications.channels.wechat_template import WeChatTemplate
from notifications.models import WeChatToken
from notifications.settings import WeChatSettings
from notifications.wechat import ServiceAccount, SharedTokens
from runtime.database import Database
from runtime.settings import load
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.server import SandboxServer

OPENID = "oSandbox-first-of-the-people"
CARD = "bill_card_of_the_library"
PARCEL = Parcel(
    reference="6f1d2c3b4a5968778695a4b3c2d1e0ff",
    recipient=OPENID,
    template="arrears_before_zh",
    language="zh",
    params={},
    words={"thing1": "江城路 18 号", "amount2": "¥149.51", "date3": "2026年12月18日"},
    code=CARD,
    link="https://denghuo.example/bills/8",
)
Make = Callable[..., WeChatTemplate]


@pytest.fixture
def make(sandbox: SandboxServer, database: Database, settings_env: pytest.MonkeyPatch) -> Make:
    for name in ("appid", "secret", "token", "aes_key"):
        settings_env.setenv(f"DENGHUO_WECHAT_{name.upper()}", sandbox.paper(f"wechat_{name}"))
    content = "{{thing1.DATA}}\n{{amount2.DATA}}\n{{date3.DATA}}"
    ask(sandbox, "templates", template_id=CARD, content=content)

    def made(url: str = sandbox.base_url) -> WeChatTemplate:
        account = ServiceAccount(load(WeChatSettings, wechat_url=url), SharedTokens(database))
        account.timeout = 1.0
        return WeChatTemplate(account)

    return made


def ask(sandbox: SandboxServer, what: str, **asked: str) -> None:
    url = f"{sandbox.base_url}/test/wechat/{what}"
    httpx.post(url, json=asked, trust_env=False).raise_for_status()


def cards(sandbox: SandboxServer) -> list[dict[str, Any]]:
    url = f"{sandbox.base_url}/test/wechat-cards"
    found: list[dict[str, Any]] = httpx.get(url, trust_env=False).json()["messages"]
    return found


class TestWeChatTemplate(ProviderContract):
    """What holds for all providers holds for this one."""

    @pytest.fixture
    def sides(self, make: Make, sandbox: SandboxServer) -> Sides:
        provider = make()
        provider.send(replace(PARCEL, reference="warm"))  # from here on there is a token

        def taken(reference: str) -> int:
            return sum(each["client_msg_id"] == reference for each in cards(sandbox))

        return Sides(
            provider=provider,
            unreached=make("http://127.0.0.1:1"),
            patience=1.0,
            parcel=lambda reference: replace(PARCEL, reference=reference),
            refused=replace(PARCEL, reference="no", recipient="oSandbox-nobody"),
            taken=taken,
            break_down=lambda kind: sandbox.outage("account", kind, 60),
            heal=sandbox.heal,
            secrets=[sandbox.paper("wechat_secret")],
        )


def test_a_card_says_what_its_keys_hold_and_opens_its_link(
    make: Make, sandbox: SandboxServer
) -> None:
    number = make().send(PARCEL)
    [card] = cards(sandbox)
    assert (card["message_id"], card["recipient"]) == (number, OPENID)
    assert card["data"] == dict(PARCEL.words)
    assert (card["template_id"], card["url"]) == (CARD, PARCEL.link)
    page = httpx.get(f"{sandbox.base_url}/phone?who={OPENID}", trust_env=False).text
    assert 'href="https://denghuo.example/bills/8"' in page
    assert "¥149.51" in page


def test_the_same_reference_keeps_its_number(make: Make, sandbox: SandboxServer) -> None:
    provider = make()
    assert provider.send(PARCEL) == provider.send(PARCEL)
    assert len(cards(sandbox)) == 1


def test_a_thing_that_is_too_long_is_cut_and_not_refused(
    make: Make, sandbox: SandboxServer
) -> None:
    make().send(replace(PARCEL, words={**PARCEL.words, "thing1": "江" * 30}))
    assert cards(sandbox)[0]["data"]["thing1"] == "江" * 19 + "…"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recipient": "oSandbox-nobody"}, "wechat_40003"),
        ({"code": "no_such_card"}, "wechat_40037"),
        ({"words": {"thing1": "a", "amount2": "1元"}}, "wechat_47003"),
        ({"words": {"thing1": "a", "amount2": "many"}}, "key_amount2"),
    ],
)
def test_what_wechat_will_never_send_is_refused(
    make: Make, sandbox: SandboxServer, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused) as refusal:
        make().send(replace(PARCEL, **change))
    assert refusal.value.reason == reason
    assert cards(sandbox) == []


def test_who_does_not_follow_gets_no_cards(make: Make, sandbox: SandboxServer) -> None:
    ask(sandbox, "people", openid=OPENID, mood="left")
    with pytest.raises(Refused, match="wechat_43004"):
        make().send(PARCEL)


def test_a_token_that_is_void_is_renewed_once(
    make: Make, sandbox: SandboxServer, database: Database
) -> None:
    provider = make()
    provider.send(PARCEL)
    with database.unit_of_work() as session:
        key = f"{sandbox.paper('wechat_appid')}_access_token"
        session.get_one(WeChatToken, key).token = "voided"
    provider.send(replace(PARCEL, reference="second"))
    assert len(cards(sandbox)) == 2


def test_a_token_that_stays_void_is_not_asked_for_without_end(
    make: Make, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = make()
    asked: list[int] = []
    monkeypatch.setattr(provider._account, "fetch_access_token", lambda: asked.append(1))
    monkeypatch.setattr(ServiceAccount, "access_token", "void")
    with pytest.raises(Busy, match="wechat_40001"):
        provider.send(PARCEL)
    assert asked == [1]


def test_without_a_token_nothing_was_sent(
    make: Make, sandbox: SandboxServer, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_WECHAT_SECRET", "another")
    with pytest.raises(Busy, match="no_token"):
        make().send(PARCEL)
