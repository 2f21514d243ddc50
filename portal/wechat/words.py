"""What the service account says: the answers of a conversation as one plain text."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from portal.i18n import gettext as _
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
