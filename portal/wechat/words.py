"""What the service account says: the answers of a conversation as one plain text."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from notifications.preferences import topics
from notifications.preferences.stopping import Heard
from portal.i18n import gettext as _
from portal.i18n import language
from portal.settings import current_settings
from service.conversations import Message

OPEN = {"outages": "outages.index", "halls": "halls.index"}
"""Cards whose page is everybody's; all others are seen in the conversation itself."""


def answers(messages: Sequence[Message], bound: bool) -> str:
    """All that was answered; buttons become numbers to type, cards the way to the page."""
    said = [each.text for each in messages if each.text]
    buttons = [button for each in messages for button in each.parts.get("buttons", ())]
    cards = [card for each in messages if (card := each.parts.get("card"))]
    numbered = [f"{number}. {each['title']}" for number, each in enumerate(buttons, 1)]
    if numbered:
        said.append("\n".join([_("回复数字就行："), *numbered]))
    if cards:
        said.append(_card(cards[-1], bound))
    return "\n\n".join(said)


def welcome() -> str:
    """To somebody who follows the account from now on."""
    return _(
        "您好，我是灯火。电费、停电、办事都可以直接问我；想找人，说“人工”。"
        "点这里登录一次，就能在这里查自己家的电：%(link)s",
        link=binding(),
    )


def stopped(done: Heard) -> str:
    """To somebody who wants to hear no more of something here, or again."""
    if not done.topics:
        return _("这一种不在微信里发。要改别的，打开：%(link)s", link=_page("preferences.index"))
    said = (
        _("好的，不再用微信告诉您：%(topics)s。法律要求的停电通知照发。想再收，说“恢复提醒”。")
        if done.stops
        else _("好的，以后照常用微信告诉您：%(topics)s。")
    )
    here = _("都有哪些、还用什么方式，在这里看：%(link)s", link=_page("preferences.index"))
    return said % {"topics": topics.names(done.topics, language())} + "\n\n" + here


def unheard() -> str:
    """To what is no text."""
    return _("这个我还看不懂，麻烦打字说。发照片请点这里：%(link)s", link=_page("chat.index"))


def binding() -> str:
    """Where somebody in WeChat becomes a user."""
    return _page("wechat.enter")


def _card(card: dict[str, Any], bound: bool) -> str:
    if not bound and card.get("to") == "sign_in":
        return _("点这里登录：%(link)s", link=binding())
    return _("点这里看：%(link)s", link=_page(OPEN.get(str(card.get("kind")), "chat.index")))


def _page(endpoint: str) -> str:
    return current_settings().public_url + url_for(endpoint)
