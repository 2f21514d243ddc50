"""Template messages of the service account in WeChat: cards that open a page of ours.

WeChat knows a message by `client_msg_id` (our reference) and sends one for each, but promises so
for ten minutes only: what became of a message after that is learned from its report alone
(TEMPLATESENDJOBFINISH), or not at all.
"""

from datetime import timedelta
from typing import Any, ClassVar

import requests
from wechatpy.exceptions import WeChatClientException

from notifications.channels.base import Busy, Channel, Parcel, Provider, Refused, Unclear
from notifications.channels.wechat_keys import UnfitError, fitted
from notifications.channels.wire import never_left
from notifications.wechat import ServiceAccount

VOID_TOKEN = frozenset({40001, 40014, 42001})
"""Another process has fetched a token since, or this one is too old."""
PASSING = frozenset({-1, 40125, 40164, 45009, 45011, 45047}) | VOID_TOKEN
"""Busy, wrong secret, our address not in the list, today's or this minute's calls are used up:
time or the operator mends it. Everything else stays: 40003 no such openid, 40037 no such
template, 43004 does not follow, 43101 has refused, 47003 a key does not fit, 48001 not allowed."""


class WeChatTemplate(Provider):
    """Template messages, by the account that also answers in conversations."""

    name = "wechat"
    channel = Channel.WECHAT
    is_idempotent: ClassVar[bool] = True
    remembers: ClassVar[timedelta | None] = timedelta(minutes=10)
    reports: ClassVar[bool] = True

    def __init__(self, account: ServiceAccount) -> None:
        account.auto_retry = False  # it would go on for ever with a token that stays void
        self._account = account

    def _send(self, parcel: Parcel) -> str:
        card = _card(parcel)
        self._have_token()
        try:
            answer = self._post(card)
        except WeChatClientException as refused:
            if refused.errcode not in VOID_TOKEN:
                raise _told(refused) from refused
            answer = self._post_anew(card)
        return str(answer["msgid"])

    def _post_anew(self, card: dict[str, Any]) -> dict[str, Any]:
        """Once more, with a new token."""
        self._have_token(new=True)
        try:
            return self._post(card)
        except WeChatClientException as refused:
            raise _told(refused) from refused

    def _have_token(self, *, new: bool = False) -> None:
        """Raises Busy when WeChat gives none: nothing was sent yet."""
        try:
            self._account.fetch_access_token() if new else self._account.access_token
        except (requests.RequestException, WeChatClientException, KeyError) as error:
            raise Busy("no_token") from error

    def _post(self, card: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._account.post("message/template/send", data=card)
        except requests.RequestException as error:
            raise (Busy if never_left(error) else Unclear)(type(error).__name__) from error
        if not isinstance(answer, dict) or "msgid" not in answer:
            raise Unclear("unreadable")
        return answer


def _card(parcel: Parcel) -> dict[str, Any]:
    """Raises Refused when the words do not fit WeChat's keys."""
    try:
        words = fitted(parcel.words)
    except UnfitError as unfit:
        raise Refused(f"key_{unfit.key}") from unfit
    return {
        "touser": parcel.recipient,
        "template_id": parcel.code,
        "url": parcel.link,
        "client_msg_id": parcel.reference,
        "data": {key: {"value": value} for key, value in words.items()},
    }


def _told(refused: WeChatClientException) -> Refused | Busy | Unclear:
    """An answer without a code is no answer of WeChat's own."""
    if refused.errcode is None:
        return Unclear("http")
    reason = f"wechat_{refused.errcode}"
    return Busy(reason) if refused.errcode in PASSING else Refused(reason)
