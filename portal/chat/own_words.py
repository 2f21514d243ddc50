"""What the portal itself says in a conversation: its greeting, and the answer without assistant."""

from portal.current import visitor
from portal.home import elder
from portal.i18n import gettext as _
from portal.i18n import utility_name
from portal.settings import current_settings
from runtime.masking import mask
from service.conversations import Reply


def without_assistant() -> Reply:
    """The one answer when the assistant does not give any: danger first, the menu, a person."""
    text = _(
        "灯火这会儿答不上来，一会儿就好。要办的事下面都能办，也可以找人工。"
        "有电线掉落、冒火花、有人触电，别碰，马上打 %(hotline)s。",
        hotline=current_settings().hotline,
    )
    return Reply(text, card={"kind": "menu"})


def greeting() -> str:
    """What stands before anything was said."""
    return _(
        "%(greeting)s。我是灯火，%(utility)s的自动助手。"
        "电费、停电、办事都可以问；想找人，说“人工”。",
        greeting=elder.greeting(),
        utility=utility_name(),
    )


def beginnings() -> tuple[tuple[str, str], ...]:
    """What one may begin with, as buttons without a payload: (nothing, what is said)."""
    if visitor() is None:
        said = (_("我家停电了"), _("电价多少钱一度"), _("怎么查我的电费"))
    else:
        said = (_("这个月电费多少"), _("为什么这么多"), _("我家停电了"))
    return tuple(("", words) for words in said)


def in_danger(last: str) -> str:
    """What the desk reads of whoever tells of danger while they wait or talk."""
    return _("说有危险：%(last)s", last=mask(last))


def asked_here(last: str) -> str:
    """What the desk reads of whoever pressed the button; `last` is what they had said."""
    if not last:
        return _("在对话页点了“找人工”，还没有说话。")
    return _("在对话页点了“找人工”。最后说的是：%(last)s", last=mask(last))
