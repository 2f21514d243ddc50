"""WeChat says once whose account opened a page, to the service account alone."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from sandbox.wechat_account import PEOPLE
from tests.sandbox.server import SandboxServer

OPENID = next(iter(PEOPLE))


def code_of(sandbox: SandboxServer) -> str:
    asked = {
        "appid": sandbox.paper("wechat_appid"),
        "redirect_uri": "http://localhost:8000/wechat/back",
        "state": "s",
        "openid": OPENID,
    }
    url = f"{sandbox.base_url}/connect/oauth2/authorize"
    location = httpx.get(url, params=asked, trust_env=False).headers["Location"]
    return parse_qs(urlsplit(location).query)["code"][0]


def whose(sandbox: SandboxServer, code: str, **other: str) -> dict[str, Any]:
    papers = {name: sandbox.paper(f"wechat_{name}") for name in ("appid", "secret")}
    asked = {**papers, "grant_type": "authorization_code", "code": code, **other}
    url = f"{sandbox.base_url}/sns/oauth2/access_token"
    said: dict[str, Any] = httpx.get(url, params=asked, trust_env=False).json()
    return said


def test_a_code_says_once_who_that_is(sandbox: SandboxServer) -> None:
    code = code_of(sandbox)
    assert whose(sandbox, code, secret="another")["errcode"] == 40125
    assert whose(sandbox, code)["openid"] == OPENID
    assert whose(sandbox, code)["errcode"] == 40163


def test_a_code_that_is_none_takes_no_other_away(sandbox: SandboxServer) -> None:
    code = code_of(sandbox)
    assert whose(sandbox, "")["errcode"] == 40163
    assert whose(sandbox, code)["openid"] == OPENID
