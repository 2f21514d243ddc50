"""Why a message did not go, or was not needed, in words."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

REASONS = {
    "unclear": _l("交出去以后没有回音，也问不到，可能已经收到"),
    "undelivered": _l("对方没有收到"),
    "no_report": _l("一直没有回执"),
    "wording": _l("缺措辞，或者措辞里的数填不上"),
    "figures": _l("要填的数读不出来"),
    "isv.MOBILE_NUMBER_ILLEGAL": _l("手机号不对"),
    "isv.BLACK_KEY_CONTROL_LIMIT": _l("短信里有通道不许的字"),
    "inbox": _l("只放在站内信里"),
    "no_longer": _l("发之前已经不用说了"),
    "campaign_stopped": _l("群发停了"),
    "no_phone": _l("没有留手机号"),
    "no_way": _l("没有能用的方式"),
    "no_consent": _l("没有同意收活动消息"),
    "stopped": _l("回过短信，不想再收"),
}


def why(reason: str | None) -> str:
    """A reason in words; a provider's own code as it is."""
    return str(REASONS.get(reason or "", _("通道没有收：%(code)s", code=reason or "-")))
