"""The words of the room: ages, states, why something was called off or is protected."""

from collections.abc import Iterable, Mapping

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from service.disconnections.models import Disconnection

AGES = {
    "": _l("全部"),
    "30": _l("1–30 天"),
    "60": _l("31–60 天"),
    "90": _l("61–90 天"),
    "more": _l("90 天以上"),
}
ARRANGEMENTS = {
    "none": (_l("没有安排"), ""),
    "asked": (_l("申请分期，等答复"), "due"),
    "active": (_l("说好了，在缴"), "info"),
    "kept": (_l("按说好的缴清了"), "good"),
    "broken": (_l("没有按说好的缴"), "bad"),
    "declined": (_l("没有同意"), ""),
    "cancelled": (_l("收回了"), ""),
}
WAYS = {"promise": _l("承诺缴费"), "instalments": _l("分期")}
DISCONNECTIONS = {
    "none": (_l("没有计划停电"), ""),
    "asked": (_l("停电等审批"), "due"),
    "planned": (_l("停电批了，在通知"), "due"),
    "noticed": (_l("停电通知送到了"), "bad"),
    "due": (_l("到了停电的时间"), "bad"),
    "called_off": (_l("取消了"), ""),
}
BANDS = {"high": _l("高"), "middle": _l("中"), "low": _l("低")}
PROTECTIONS = {
    "life_support": _l("家里有人靠设备维持生命"),
    "important": _l("重要用户"),
    "hardship": _l("困难家庭"),
    "other": _l("别的原因"),
}
WHY = {
    "paid": _l("逾期的缴清了"),
    "not_overdue": _l("剩下的逾期不够久"),
    "arrangement": _l("客户说好了缴费的日子"),
    "protected": _l("户号受保护"),
    "low_income": _l("低保户"),
    "season": _l("高温、严寒的月份"),
    "disputed": _l("账单有争议，在核对"),
    "prepaid": _l("改成先充后用了"),
    "desk": _l("我们取消的"),
    "declined": _l("没有批"),
    "undecided": _l("没有及时批，来不及通知"),
    "notice_late": _l("第一次通知没有及时送到"),
    "warning_late": _l("停电前的提醒没有及时发出"),
    "hour_passed": _l("过了说好的时间"),
    "stale": _l("电费系统的数据太旧，不能确定没有缴"),
}


def why(found: Disconnection) -> str:
    """Why it was called off, in words."""
    return str(WHY.get(found.why or "", _("不知道为什么")))


def chosen(
    states: Mapping[str, tuple[LazyString, str]], offered: Iterable[str]
) -> list[tuple[str, LazyString]]:
    """The states that a list can be narrowed to, with their words."""
    return [(name, states[name][0]) for name in offered]
