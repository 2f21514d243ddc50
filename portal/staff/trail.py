"""The trail as the rooms of the desk write it: who looked at what, and the words of each deed."""

from flask_babel import lazy_gettext as _l

from notifications import dead
from notifications.arrears import pausing
from notifications.wordings import changing as wordings
from portal.security import asker_address, asker_id
from portal.unit import database
from service import approvals, audit
from service.arrangements import deciding
from service.customers import exports, opening, rebills
from service.disconnections import calling_off, planning, protecting
from service.insight import objecting, warnings
from service.people import staff as people

SEARCHED, PHONE, PAGE = "customer.searched", "customer.phone", "customer.page"
QUEUE = "queue.fetched"
DEEDS = {
    audit.SEEN: _l("看了"),
    wordings.WRITTEN: _l("写了措辞的草稿"),
    wordings.DROPPED: _l("扔掉了措辞的草稿"),
    wordings.CODE: _l("写了措辞的编号"),
    people.ROLE: _l("给了岗位"),
    people.TAKEN: _l("收回了岗位"),
    people.CLOSED: _l("停用了登录"),
    people.PASSWORD: _l("给了新密码"),
    people.ADDED: _l("开了新的登录"),
    approvals.ASKED: _l("申请审批"),
    approvals.APPROVED: _l("批准了"),
    approvals.DECLINED: _l("没有批"),
    approvals.WITHDRAWN: _l("收回了申请"),
    audit.EXPORTED: _l("取走了这份记录"),
    SEARCHED: _l("找客户"),
    opening.OPENED: _l("打开了客户"),
    PHONE: _l("看了整个手机号"),
    QUEUE: _l("取走了导出的工单"),
    "campaign.pause": _l("停了一停群发"),
    "campaign.resume": _l("接着发群发"),
    "campaign.stop": _l("停了群发"),
    opening.AS_CUSTOMER: _l("开始以客户的身份看"),
    PAGE: _l("以客户的身份看了一页"),
    rebills.DEED: _l("申请重新出账"),
    exports.WANTED: _l("申请导出数据"),
    exports.FETCHED: _l("取走了导出的数据"),
    pausing.PAUSED: _l("暂停了全部提醒"),
    pausing.RESUMED: _l("让提醒接着发"),
    deciding.AGREED: _l("同意了分期"),
    deciding.DECLINED: _l("没有同意分期"),
    deciding.WANTED: _l("同意分期，申请审批"),
    planning.PLANNED: _l("申请欠费停电"),
    calling_off.CALLED_OFF: _l("取消了停电"),
    protecting.PROTECTED: _l("标上不停电"),
    protecting.RELEASED: _l("去掉了不停电的保护"),
    objecting.OBJECTED: _l("按客户的意思不再估晚缴"),
    objecting.RESUMED: _l("又估晚缴了"),
    warnings.SEEN: _l("看过了用电骤降"),
    dead.RESENT: _l("重发了一条消息"),
    dead.DROPPED: _l("不再发一条消息"),
    "provider.off": _l("停用了一个通道"),
    "provider.on": _l("又用一个通道"),
}
"""The words of a deed in the list of the trail; a room that records a new one adds it here."""


def seen(subject: str, reason: str, about: str = "") -> None:
    """Write down that the asker looks at `subject`, before they see it.

    For pages that only look: their own connection cannot write. What the page shows is not
    shown when this fails. Arguments and refusals are those of `audit.record`.
    """
    did(audit.SEEN, subject, reason, about)


def did(deed: str, subject: str, reason: str, about: str = "", *, by: int | None = None) -> None:
    """The same of another deed than looking; `by` where the asker is not the one who is seen."""
    with database().unit_of_work() as own:
        own.info[audit.ADDRESS] = asker_address()
        audit.record(
            own, by=by or asker_id(), deed=deed, subject=subject, reason=reason, about=about
        )
