"""A page that was opened in WeChat: who that is, as WeChat itself says.

A link can be passed on, so a link alone proves nothing: whoever opens it is asked of WeChat
(OAuth, `snsapi_base`) in the browser in which they then sign in and agree.
"""

import hmac
import secrets

import requests
from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from notifications.settings import WeChatSettings
from portal.access import public
from portal.settings import current_settings
from portal.wechat.account import account, install

STATE, OPENID = "wechat_state", "wechat_openid"
"""Kept in the signed cookie of the browser."""
LONGEST_CODE = 128
TIMEOUT = 5.0

blueprint = public(Blueprint("wechat", __name__, url_prefix="/wechat"))
blueprint.record_once(install)


class OAuth(WeChatOAuth):
    """WeChat says who opens a page; its addresses are settings here."""

    def __init__(self, settings: WeChatSettings, state: str = "") -> None:
        self.API_BASE_URL = f"{settings.wechat_url}/"
        self.OAUTH_BASE_URL = f"{settings.wechat_open_url}/connect/"
        back = current_settings().public_url + url_for("wechat.back")
        secret = settings.wechat_secret.get_secret_value()
        super().__init__(settings.wechat_appid, secret, back, state=state)

    def openid(self, code: str) -> str:
        """Who has opened the page. Raises what the library does."""
        given = {"appid": self.app_id, "secret": self.secret, "code": code}
        asked = {**given, "grant_type": "authorization_code"}
        said = self._request("get", "sns/oauth2/access_token", params=asked, timeout=TIMEOUT)
        return str(said["openid"])


@blueprint.get("/enter")
def enter() -> ResponseReturnValue:
    """From a link in WeChat: WeChat is asked who that is."""
    session[STATE] = secrets.token_urlsafe(16)
    return redirect(OAuth(account().settings, session[STATE]).authorize_url)


@blueprint.get("/back")
def back() -> ResponseReturnValue:
    """WeChat has said who that is, by a code that holds once."""
    known, given = session.pop(STATE, ""), request.args.get("state", "")
    code = request.args.get("code", "")[:LONGEST_CODE]
    if not known or not code or not hmac.compare_digest(known.encode(), given.encode()):
        return render_template("wechat/sorry.html"), 400
    try:
        session[OPENID] = OAuth(account().settings).openid(code)
    except (requests.RequestException, WeChatOAuthException, KeyError, ValueError):
        return render_template("wechat/sorry.html"), 502
    return redirect(url_for("wechat_own.index"))
