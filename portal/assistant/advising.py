"""Advice in words; every figure in it is the customer's own, or there is none."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal import formats
from portal.assistant.bodies.common import OfAccount
from portal.assistant.bodies.usage import SavingAdvice, TariffAdvice, TariffOption, Tip
from portal.assistant.pricing import called
from portal.assistant.talk import Talk
from portal.assistant.times import months_words
from portal.bills.tier import standing_gauge
from portal.i18n import gettext as _
from portal.usage.compared import sentence as compared_words
from service.advice import saving
from service.advice.saving import (
    DearHours,
    Finding,
    HigherTier,
    MoreThanLastYear,
    Season,
    Standby,
)
from service.advice.tariff import MONTHS, Option, tariff_advice
from service.advice.tariff import TariffAdvice as Advice
from service.people.links import LinkedAccount

MOST_TIPS = 4
AT_HOME: tuple[LazyString, ...] = (
    _l("空调夏天开到 26 度、冬天 20 度，少差一度，省一成左右。"),
    _l("不用的电器拔掉插头，待机也一直在用电。"),
    _l("热水器按用水的时候加热，不用整天保温。"),
    _l("冰箱离墙一掌远，冷冻层的霜厚了就化掉。"),
)
AT_WORK: tuple[LazyString, ...] = (
    _l("下班后照着清单关一遍：照明、空调、饮水机、充电器。"),
    _l("大设备错开启动，最大需量低，基本电费就少。"),
)


def tariffs(talk: Talk, asked: OfAccount) -> TariffAdvice:
    """What the own use would have cost under each tariff to choose from. Raises as `Talk.one`."""
    account = talk.one(asked.account_no)
    found = tariff_advice(talk.session, talk.user_id, account.account_no)
    present = found.present
    return TariffAdvice(
        account_no=account.account_no,
        label=account.title,
        basis_words=_basis(found),
        options=[_option(each, present) for each in found.options],
        best=found.best.tariff if found.best else None,
        sentence=_advice(account.title, found),
        enough_data=found.enough,
    )


def savings(talk: Talk, asked: OfAccount) -> SavingAdvice:
    """Tips from the own use, filled up with general ones. Raises as `Talk.one`."""
    if not talk.signed_in and asked.account_no is None:
        return SavingAdvice(
            account_no=None,
            tips=_general(AT_HOME, 3),
            sentence=_("登录以后，能照您自己的用电说。先说几个谁家都用得上的。"),
        )
    account = talk.one(asked.account_no)
    found = saving.findings(talk.session, talk.user_id, account.account_no)
    own = [tip(each) for each in found[:MOST_TIPS]]
    return SavingAdvice(
        account_no=account.account_no,
        tips=own + _general(_usual(account), max(0, 2 - len(own))),
        sentence=_found(account.title, len(own)),
    )


def tip(found: Finding) -> Tip:
    """A finding as something to do, with the figure that says why."""
    sentence, why = SAID[type(found)](found)
    return Tip(sentence=sentence, why=why)


def _standby(found: Standby) -> tuple[str, str]:
    return (
        _("夜里没人用的时候，看看还有什么插着：机顶盒、饮水机、充电器，能关的关掉。"),
        _(
            "夜里最少也有 %(watts)s 瓦一直在用，一年约 %(year)s，占全部用电的 %(percent)s%%。",
            watts=f"{found.watts:,}",
            year=formats.energy(found.year_wh, 0),
            percent=found.percent,
        ),
    )


def _dear_hours(found: DearHours) -> tuple[str, str]:
    return (
        _("洗衣、热水、充电挪到谷段，先挪五分之一。"),
        _(
            "最近四周 %(percent)s%% 用在峰段，挪五分之一约省 %(saved)s。",
            percent=found.percent,
            saved=formats.about(found.saved_fen),
        ),
    )


def _season(found: Season) -> tuple[str, str]:
    figures = {"day": formats.energy(found.day_wh, 1), "mild": formats.energy(found.mild_day_wh, 1)}
    if found.hot:
        return (
            _("夏天主要是空调：开到 26 度，滤网一个月洗一次。"),
            _("夏天每天 %(day)s，春秋每天 %(mild)s。", **figures),
        )
    return (
        _("冬天主要是取暖：只热有人的屋子，门窗漏风的地方先堵上。"),
        _("冬天每天 %(day)s，春秋每天 %(mild)s。", **figures),
    )


def _more(found: MoreThanLastYear) -> tuple[str, str]:
    return (
        _("比去年多了，想想这一年添了什么电器，或有什么一直开着。"),
        compared_words(_("去年同样的日子"), found.use.last_year, _("最近四周")),
    )


def _tier(found: HigherTier) -> tuple[str, str]:
    return (
        _("高一档的电每度更贵，大功率的电器这段时间少开一会儿。"),
        standing_gauge(found.standing).sentence,
    )


SAID: dict[type, Callable[[Any], tuple[str, str]]] = {
    Standby: _standby,
    DearHours: _dear_hours,
    Season: _season,
    MoreThanLastYear: _more,
    HigherTier: _tier,
}


def _found(label: str, count: int) -> str:
    if not count:
        return _("%(label)s的用电没有特别费的地方。说几个谁家都用得上的。", label=label)
    return _("看了%(label)s最近的用电，有这几处可以省。", label=label)


def _usual(account: LinkedAccount) -> Sequence[LazyString]:
    return AT_HOME if account.kind == "residential" else AT_WORK


def _general(tips: Sequence[LazyString], count: int) -> list[Tip]:
    return [Tip(sentence=str(each), why=None) for each in tips[:count]]


def _option(each: Option, present: Option | None) -> TariffOption:
    other = None if each.current else present
    difference = formats.change(each.year_fen - other.year_fen) if other else None
    return TariffOption(
        tariff=each.tariff,
        name=called(each.tariff),
        current=each.current,
        year_fen=each.year_fen,
        year=formats.amount(each.year_fen),
        difference=difference,
    )


def _basis(found: Advice) -> str:
    count = len(found.months)
    if not count:
        return _("还没有能算的月份")
    words = months_words(found.months[0], found.months[-1])
    if count == MONTHS:
        return _("按 %(months)s的实际用电算", months=words)
    return _("按 %(months)s里 %(count)s 个月的实际用电折成一年", months=words, count=count)


def _advice(label: str, found: Advice) -> str:
    if not found.choosable:
        return _("%(label)s的电价是按用电种类定的，没有别的可选。", label=label)
    best, present = found.best, found.present
    if best is None or present is None:
        return _("%(label)s的分时用电还不到三个月，算出来不准，过些时候再算。", label=label)
    if best.current:
        name = called(best.tariff)
        return _("照%(label)s的用法，现在的%(tariff)s就最合适。", label=label, tariff=name)
    return _(
        "照%(label)s的用法，%(tariff)s一年便宜 %(saved)s。",
        label=label,
        tariff=called(best.tariff),
        saved=formats.amount(present.year_fen - best.year_fen),
    )
