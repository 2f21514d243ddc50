"""Who a customer is, what a card showed, what happened: in words, for whoever answers."""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal import formats
from runtime import clock
from service.conversations import notices
from service.conversations.desk import Case
from service.conversations.models import EMERGENCY

LONG = timedelta(minutes=5)

REASONS = {
    "asked": _l("客户要找人"),
    "angry": _l("客户着急了"),
    "not_understood": _l("助手没听懂"),
    EMERGENCY: _l("有危险"),
}
NOTICES = {
    notices.QUEUED: _l("客户要找人，开始排队"),
    notices.CALL_BACK: _l("下班时间，客户留了回电"),
    notices.JOINED: _l("客服接待了"),
    notices.RELEASED: _l("放回了队列"),
    notices.HANDED_BACK: _l("交回给助手"),
    notices.CLOSED: _l("服务结束"),
    notices.GIVEN_UP: _l("客户不等了"),
    notices.FINISHED: _l("客户说聊完了"),
    notices.CALLED: _l("回过电话了"),
    notices.DESK_CLOSED: _l("下班了，没有接待"),
}
AUTHORS = {"customer": _l("客户"), "assistant": _l("助手"), "staff": _l("客服")}
DELIVERY = {"sent": _l("已发出"), "delivered": _l("已送达"), "read": _l("已读")}
STATES = {
    "waiting": (_l("在等"), "due"),
    "taken": (_l("接待中"), "info"),
    "closed": (_l("结束了"), ""),
    "callback": (_l("要回电"), "due"),
    "called": (_l("回过了"), "good"),
}
_CARDS = {
    "bill": _l("一张账单"),
    "change": _l("电费为什么变"),
    "balance": _l("该缴多少"),
    "usage": _l("用电图"),
    "tier": _l("阶梯"),
    "advice": _l("电价建议"),
    "payment": _l("缴费"),
    "paid": _l("付款"),
    "invoice": _l("一张发票"),
    "request": _l("办理进度"),
    "outages": _l("停电信息"),
    "halls": _l("营业厅"),
    "menu": _l("菜单"),
    "notices": _l("提醒设置"),
    "link": _l("去办的页面"),
    "photo": _l("请客户拍照"),
}
_REFS = ("bill_no", "account_no", "account_nos", "order_no", "request_no", "from", "to")
"""What of a card tells which one it was; sums are on the page it leads to."""


def reason(code: str) -> str:
    """Why the assistant gave the customer to a person."""
    return str(REASONS.get(code, code))


def notice(code: str) -> str:
    """What happened in a conversation."""
    return str(NOTICES.get(code, code))


def card(shown: dict[str, Any]) -> str:
    """A card that the customer has been shown: its kind and its numbers."""
    kind = str(_CARDS.get(shown.get("kind", ""), shown.get("kind", "")))
    refs = [_ref(shown[name]) for name in _REFS if shown.get(name)]
    return " ".join([kind, *refs])


def who(case: Case) -> str:
    """The customer, masked; one who is not signed in has no name."""
    if case.user is None:
        return _("没有登录的客户")
    return formats.masked_name(case.user.name) or formats.masked_phone(case.user.phone)


def is_urgent(case: Case) -> bool:
    """Whether this one must not wait: danger, or a wait that is long already."""
    return case.handoff.reason == EMERGENCY or clock.now() - case.handoff.asked_at > LONG


def waited(since: datetime) -> str:
    """How long somebody has waited."""
    minutes = (clock.now() - since) // timedelta(minutes=1)
    if minutes < 1:
        return _("刚刚")
    if minutes < 120:
        return ngettext("%(num)s 分钟", "%(num)s 分钟", minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(num)s 小时", "%(num)s 小时", hours)
    return ngettext("%(num)s 天", "%(num)s 天", hours // 24)


def _ref(value: Any) -> str:
    return _("、").join(str(each) for each in value) if isinstance(value, list) else str(value)
