"""The numbers of the trail in words: who `user 12` is, what `approval 5` was about.

What is stored stays as it is; only the page speaks.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.wordings import catalogue, changing
from payments.counter import closing
from payments.reconciliation import resolving
from payments.refunds import asking
from portal import formats
from portal.staff.people import ROLES
from portal.staff.wordings.room import named
from service.approvals import Approval
from service.arrangements import deciding
from service.audit import AuditEntry
from service.customers import exports, rebills
from service.desk import exporting
from service.disconnections import planning
from service.models import User
from service.people import staff

KINDS = {
    asking.KIND: _l("退款"),
    resolving.KIND: _l("对账差异"),
    closing.APPROVAL: _l("交班差额"),
    rebills.KIND: _l("重新出账"),
    exports.KIND: _l("导出客户的数据"),
    exporting.KIND: _l("导出工单"),
    staff.KIND: _l("给岗位"),
    changing.KIND: _l("改措辞"),
    deciding.KIND: _l("分期"),
    planning.KIND: _l("欠费停电"),
}
FIXED = {
    "search": _l("搜索"),
    "queue": _l("工单队列"),
    "audit": _l("留痕"),
    "wordings": _l("措辞"),
    "counter": _l("柜台"),
    "insight": _l("预警"),
    "first admin": _l("第一位管理员"),
    "bills": _l("账单"),
    "usage": _l("用电"),
    "arrears": _l("欠费"),
}
PAGES = {
    "": _l("首页"),
    "bills": _l("账单"),
    "usage": _l("用电"),
    "payments": _l("付款记录"),
    "outages": _l("停电"),
    "halls": _l("营业厅"),
    "requests": _l("办事"),
}
"""The pages of a customer by the first part of their address."""

_NUMBERED = re.compile(
    r"(user|queue of|approval|conversation|export|difference|arrangement|disconnection"
    r"|version) (\d{1,18})( /(\S*))?",
    re.ASCII,
)
_WORDING = re.compile(r"[a-z0-9_.]+/(sms|wechat|mail|push|voice|inbox)/(zh|en)", re.ASCII)


@dataclass(frozen=True)
class Names:
    """What a page of the trail has to know to speak."""

    people: dict[int, User]
    kinds: dict[int, str]

    def of(self, text: str) -> str:
        """A subject, or what something was done for, in words; a plain number as it is."""
        if text in FIXED:
            return str(FIXED[text])
        if text in ROLES:
            return str(ROLES[text][0])
        if _WORDING.fullmatch(text) and text.partition("/")[0] in catalogue.wordings():
            return named(changing.key_of(text))
        found = _NUMBERED.fullmatch(text)
        return self._numbered(found[1], int(found[2]), found[4]) if found else text

    def _numbered(self, what: str, number: int, page: str | None) -> str:
        match what:
            case "user":
                name = self._person(number)
                return name if page is None else _("%(who)s，%(page)s", who=name, page=_page(page))
            case "queue of":
                return _("%(who)s 看的工单队列", who=self._person(number))
            case "approval":
                return self._approval(number)
            case "conversation":
                return _("对话 %(number)s 号", number=number)
            case "export":
                return _("导出 %(number)s 号", number=number)
            case "version":
                return _("第 %(version)s 版", version=number)
            case "arrangement":
                return _("缴费安排 %(number)s 号", number=number)
            case "disconnection":
                return _("停电计划 %(number)s 号", number=number)
        return _("对账差异 %(number)s 号", number=number)

    def _person(self, number: int) -> str:
        user = self.people.get(number)
        name = formats.masked_name(user.name) if user else ""
        return _("%(name)s（%(number)s 号）", name=name or _("没有留名"), number=number)

    def _approval(self, number: int) -> str:
        kind = self.kinds.get(number)
        if kind not in KINDS:
            return _("审批 %(number)s 号", number=number)
        return _("审批 %(number)s 号，%(kind)s", number=number, kind=KINDS[kind])


def names(session: Session, entries: Iterable[AuditEntry]) -> Names:
    """Whom and what these entries name: two questions, however many there are."""
    people: set[int] = set()
    asked: set[int] = set()
    for entry in entries:
        for found in map(_NUMBERED.fullmatch, (entry.subject, entry.about)):
            if found and found[1] == "approval":
                asked.add(int(found[2]))
            elif found and found[1] in ("user", "queue of"):
                people.add(int(found[2]))
    return Names(_people(session, people), _kinds(session, asked))


def reason(entry: AuditEntry) -> str:
    """Why; where two gave a role, the reason is the role."""
    said = entry.reason or ""
    is_role = entry.deed == staff.ROLE and said in ROLES
    return str(ROLES[said][0]) if is_role else said


def _people(session: Session, ids: Collection[int]) -> dict[int, User]:
    if not ids:
        return {}
    return {each.id: each for each in session.scalars(select(User).where(User.id.in_(ids)))}


def _kinds(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    found = session.execute(select(Approval.id, Approval.kind).where(Approval.id.in_(ids)))
    return dict(found.all())


def _page(path: str) -> str:
    """The page of a customer that was looked at; the number in its address stays."""
    room, _slash, rest = path.partition("/")
    if room not in PAGES:
        return f"/{path}"
    return f"{PAGES[room]} {rest}".strip()
