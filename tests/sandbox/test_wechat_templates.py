"""What became of a card is told to the account, sealed, until it has heard it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import xmltodict
from defusedxml import ElementTree

from sandbox.wechat_letters import AccountPapers, decrypt, sign
from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxServer

OPENID = "oSandbox-first-of-the-people"
NAMES = ("appid", "secret", "token", "aes_key")


@pytest.fixture
def account(tmp_path: Path) -> Iterator[tuple[SandboxServer, Merchant]]:
    with (
        Merchant() as merchant,
        SandboxServer(tmp_path, options=("--wechat-callback", merchant.url)) as sandbox,
    ):
        yield sandbox, merchant


def send(sandbox: SandboxServer, **change: Any) -> dict[str, Any]:
    content = {"template_id": "card", "content": "{{thing1.DATA}}"}
    httpx.post(f"{sandbox.base_url}/test/wechat/templates", json=content, trust_env=False)
    papers = {name: sandbox.paper(f"wechat_{name}") for name in ("appid", "secret")}
    token = httpx.get(f"{sandbox.base_url}/cgi-bin/token", params=papers, trust_env=False)
    card = {
        "touser": OPENID,
        "template_id": "card",
        "client_msg_id": "r1",
        "data": {"thing1": {"value": "江城路"}},
    }
    answer: dict[str, Any] = httpx.post(
        f"{sandbox.base_url}/cgi-bin/message/template/send",
        params={"access_token": token.json()["access_token"]},
        json=card | change,
        trust_env=False,
    ).json()
    return answer


def event(sandbox: SandboxServer, heard: Heard) -> dict[str, Any]:
    """What is in the sealed letter, its signature checked."""
    papers = AccountPapers(**{name: sandbox.paper(f"wechat_{name}") for name in NAMES})
    query = dict(parse_qsl(urlsplit(heard.path).query))
    encrypted = str(ElementTree.fromstring(heard.body).findtext("Encrypt"))
    signed = sign(papers.token, query["timestamp"], query["nonce"], encrypted)
    assert signed == query["msg_signature"]
    found: dict[str, Any] = xmltodict.parse(decrypt(papers, encrypted))["xml"]
    return found


@pytest.mark.parametrize(
    ("mood", "status"), [("follows", "success"), ("blocks", "failed:user block")]
)
def test_what_became_of_a_card_is_told_until_it_is_heard(
    account: tuple[SandboxServer, Merchant], mood: str, status: str
) -> None:
    sandbox, merchant = account
    merchant.answers = [(500, b"")]
    asked = {"openid": OPENID, "mood": mood}
    httpx.post(f"{sandbox.base_url}/test/wechat/people", json=asked, trust_env=False)
    number = send(sandbox)["msgid"]
    for heard in merchant.wait(2):
        said = event(sandbox, heard)
        assert (said["Event"], said["Status"]) == ("TEMPLATESENDJOBFINISH", status)
        assert (said["FromUserName"], said["MsgID"]) == (OPENID, str(number))


def test_a_card_is_refused_as_wechat_refuses(account: tuple[SandboxServer, Merchant]) -> None:
    sandbox, _ = account
    assert send(sandbox, touser="nobody")["errcode"] == 40003
    assert send(sandbox, template_id="another")["errcode"] == 40037
    assert send(sandbox, data={"thing1": {"value": "一" * 21}})["errcode"] == 47003
    assert send(sandbox, data={})["errcode"] == 47003
    assert send(sandbox)["errcode"] == 0
