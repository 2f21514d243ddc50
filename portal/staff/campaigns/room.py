"""The room of campaigns and the words that its pages share."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from notifications.campaigns import course
from portal.formats import amount, moment
from portal.staff.asked import Asked, in_words
from portal.staff.frame import LEADS, desk
from service.approvals import Approval

blueprint = desk("campaigns", __name__, _l("群发"), LEADS, icon="send")

KINDS = {
    "bill.campaign": _l("账单和电价的通知"),
    "usage.campaign": _l("用电和省电的建议"),
    "arrears.campaign": _l("缴费的提醒"),
    "news.campaign": _l("新服务和活动"),
}
WHO_GETS = {
    "bill.campaign": _l("关了账单消息的客户，只在站内信里看到。"),
    "usage.campaign": _l("关了用电消息的客户，只在站内信里看到。"),
    "arrears.campaign": _l("关了缴费提醒的客户，只在站内信里看到。"),
    "news.campaign": _l("只发给同意收这类消息的客户。"),
}
STATES = {
    "draft": _l("草稿"),
    "asked": _l("等另一位批"),
    "scheduled": _l("到时候就发"),
    "running": _l("正在发"),
    "paused": _l("暂停了"),
    "stopped": _l("中途停了"),
    "done": _l("发完了"),
}
TONES = {
    "asked": "due",
    "scheduled": "info",
    "running": "info",
    "paused": "due",
    "stopped": "bad",
    "done": "good",
}
"""The colour of a state; the others are plain."""
CHANNELS = {
    "wechat": _l("微信"),
    "sms": _l("短信"),
    "mail": _l("邮件"),
    "push": _l("浏览器提醒"),
    "voice": _l("电话"),
    "inbox": _l("只有站内信"),
}


@in_words(course.APPROVAL)
def _in_words(session: Session, approval: Approval) -> Asked:
    campaign = course.campaign(session, int(approval.subject))
    lines = [
        (_("发给"), ngettext("%(num)s 人", "%(num)s 人", approval.params["people"])),
        (_("短信费"), amount(approval.params["cost_fen"])),
        (_("哪一类"), str(KINDS[campaign.kind])),
        (_("什么时候开始"), moment(campaign.starts_at)),
        (_("标题"), campaign.words["zh"]["title"]),
        (_("正文"), campaign.words["zh"]["text"]),
        (_("英文标题"), campaign.words["en"]["title"]),
        (_("英文正文"), campaign.words["en"]["text"]),
    ]
    return Asked(
        _("群发：%(name)s", name=campaign.name),
        lines,
        f"/desk/campaigns/{campaign.id}",
        by=frozenset(course.APPROVERS),
    )
