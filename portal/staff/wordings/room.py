"""The room of wordings and the words that its pages share."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from notifications import wordings
from notifications.wordings import catalogue, changing
from notifications.wordings.versions import Key
from portal.i18n import language
from portal.staff.asked import Asked, in_words
from portal.staff.frame import LEADS, desk
from runtime.errors import NotFound
from service.approvals import Approval

blueprint = desk("wordings", __name__, _l("措辞"), LEADS, icon="talk")

TOPICS = {
    "reminders": _l("缴费提醒"),
    "bills": _l("账单和发票"),
    "payments": _l("缴费和自动缴"),
    "arrangements": _l("分期"),
    "balances": _l("余额"),
    "outages": _l("停电"),
    "requests": _l("工单"),
    "house": _l("用电、登录和活动"),
    "several": _l("几件放在一起"),
    "preferences": _l("提醒设置"),
    "codes": _l("验证码"),
}
"""The files of the shipped words, in the order of the list."""
CHANNELS = {
    "sms": _l("短信"),
    "wechat": _l("微信"),
    "mail": _l("邮件"),
    "push": _l("推送"),
    "voice": _l("语音电话"),
    "inbox": _l("站内消息"),
}
LANGUAGES = {"zh": _l("中文"), "en": _l("英文")}
PARTS = {
    "text": _l("正文"),
    "subject": _l("主题"),
    "title": _l("标题"),
    "button": _l("按钮上的字"),
}
"""The parts of a wording; those of a card in WeChat have their own names on it."""
STATES = {
    "in_force": (_l("在用"), "good"),
    "draft": (_l("草稿"), ""),
    "asked": (_l("等着批"), "info"),
    "retired": (_l("用过"), ""),
    "declined": (_l("没有批"), "bad"),
}
PROVIDERS = {
    "aliyun": _l("阿里云"),
    "tencent": _l("腾讯云"),
    "http": _l("短信网关"),
    "wechat": _l("微信服务号"),
    "voice": _l("语音平台"),
}


def key(kind: str, channel: str, spoken: str) -> Key:
    """A wording that there is. Raises NotFound("wording.not_found")."""
    topic(kind)
    try:
        wordings.shipped(kind, channel, spoken)
    except KeyError as unknown:
        raise NotFound("wording.not_found") from unknown
    return kind, channel, spoken


def topic(kind: str) -> catalogue.Topic:
    """What is known of a kind. Raises NotFound("wording.not_found")."""
    found = catalogue.wordings().get(kind)
    if found is None:
        raise NotFound("wording.not_found")
    return found


def title(kind: str) -> str:
    """A kind in words."""
    return topic(kind).title.said(language())


def part_name(kind: str, channel: str, part: str) -> str:
    """A part in words: on a card, what stands beside it."""
    if channel == "wechat":
        return catalogue.cards()[topic(kind).card].keys[part].said(language())
    return str(PARTS[part])


def named(wanted: Key) -> str:
    """A wording in words: `出账后提醒，短信，中文`."""
    kind, channel, spoken = wanted
    return _(
        "%(title)s，%(channel)s，%(language)s",
        title=title(kind),
        channel=CHANNELS[channel],
        language=LANGUAGES[spoken],
    )


@in_words(changing.KIND)
def _in_words(session: Session, approval: Approval) -> Asked:
    """What whoever approves must know: what people read now, and what they would read."""
    wanted = changing.key_of(approval.subject)
    kind, channel, _spoken = wanted
    version = int(approval.params["version"])
    new = wordings.shown(session, *wanted, version)
    now = wordings.in_force(session, *wanted).parts
    lines = []
    for part, text in (new.parts if new else {}).items():
        name = part_name(kind, channel, part)
        if now.get(part) != text:
            lines.append((_("%(part)s，现在", part=name), now.get(part, "")))
            lines.append((_("%(part)s，改成", part=name), text))
    return Asked(
        _("改措辞：%(which)s，第 %(version)s 版", which=named(wanted), version=version),
        lines,
        url_for("desk_wordings.show", kind=kind, channel=channel, spoken=wanted[2]),
        frozenset(LEADS),
    )
