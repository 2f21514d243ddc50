"""WeChat's service account, behind one adapter: what is said to people there.

`wechatpy` has WeChat's addresses written into it; here they are settings. The access token that
WeChat gives is shared over all processes by the database, because each new one voids the one
before.
"""

from datetime import timedelta
from functools import cache, partial
from typing import Any

import requests
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from wechatpy.client import WeChatClient
from wechatpy.exceptions import WeChatClientException
from wechatpy.session import SessionStorage

from notifications.models import WeChatToken
from notifications.settings import WeChatSettings
from runtime import clock
from runtime.database import Database
from runtime.jobs import BACKOFF, database, defer, jobs
from runtime.logs import get_logger
from runtime.settings import load
from service.conversations import Conversation, Message
from service.events import StaffReplied
from service.people import wechat

_log = get_logger(__name__)

TIMEOUT = 5.0
FOR_GOOD = frozenset({40003, 43004, 45015, 45047, 48001})
"""WeChat's codes for: no such person, does not follow, silent for 48 hours, enough was said,
not allowed for this account. Trying again changes nothing; the words stand on the web."""


class SharedTokens(SessionStorage):  # type: ignore[misc]
    """wechatpy's store of tokens, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str, default: str | None = None) -> str | None:
        with self._database.unit_of_work() as session:
            kept = session.get(WeChatToken, key)
            holds = kept is not None and kept.expires_at > clock.now()
            return kept.token if kept is not None and holds else default

    def set(self, key: str, value: str, ttl: int | None = None) -> None:
        """Kept for a minute less than WeChat says: it must hold until it has arrived."""
        until = clock.now() + timedelta(seconds=(ttl or 7200) - 60)
        values = {"token": value, "expires_at": until}
        with self._database.unit_of_work() as session:
            written = insert(WeChatToken).values(name=key, **values)
            session.execute(written.on_conflict_do_update(index_elements=["name"], set_=values))


class ServiceAccount(WeChatClient):  # type: ignore[misc]
    """The account towards WeChat's interface."""

    def __init__(self, settings: WeChatSettings, tokens: SessionStorage) -> None:
        self.API_BASE_URL = f"{settings.wechat_url}/cgi-bin/"
        self._token_url = f"{settings.wechat_url}/cgi-bin/token"
        secret = settings.wechat_secret.get_secret_value()
        super().__init__(settings.wechat_appid, secret, session=tokens, timeout=TIMEOUT)
        # The library asks for a token without a limit of time.
        self._http.request = partial(self._http.request, timeout=TIMEOUT)

    def fetch_access_token(self) -> Any:
        """A new token; the library has WeChat's own address in place of ours."""
        params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(url=self._token_url, params=params)

    def say(self, openid: str, text: str) -> None:
        """Say something to somebody who has written within 48 hours.

        Raises WeChatClientException and requests.RequestException.
        """
        said = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        self.post("message/custom/send", data=said)


def queue_reply(session: Session, event: StaffReplied) -> None:
    """What the desk says to somebody who wrote in WeChat goes there too."""
    if event.channel == "wechat" and _settings().wechat_appid:
        defer(session, send, message_id=event.message_id)


@jobs.task(name="notifications.wechat", queue="notifications", retry=BACKOFF)
def send(message_id: int) -> None:
    """Hand a reply of the desk to WeChat, unless its reader has it.

    WeChat has no name for a message that would make it one over two tries: a process that is
    killed between its answer and our commit says it twice, rather than never.
    """
    with database().unit_of_work() as session:
        message = session.get(Message, message_id)
        if message is None or message.delivered_at is not None:
            return
        conversation = session.get_one(Conversation, message.conversation_id)
        reader, text = wechat.reader(session, conversation), message.text
    if reader is not None and _handed_over(reader, text):
        with database().unit_of_work() as session:
            session.get_one(Message, message_id).delivered_at = clock.now()


def _handed_over(openid: str, text: str) -> bool:
    """Whether WeChat took it. Raises requests.RequestException when it may, later."""
    try:
        _account().say(openid, text)
    except WeChatClientException as refused:
        if refused.errcode not in FOR_GOOD:
            raise requests.RequestException(f"WeChat answers {refused.errcode}") from refused
        _log.warning("wechat_refused", code=refused.errcode)
        return False
    return True


@cache
def _settings() -> WeChatSettings:
    return load(WeChatSettings)


@cache
def _account() -> ServiceAccount:
    return ServiceAccount(_settings(), SharedTokens(database()))
