"""Where somebody's money is, in one sentence: what is true, and what happens next."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payments.whereabouts import (
    PATIENCE_SECONDS,
    AtGateway,
    Books,
    InCore,
    Seeker,
    Whereabouts,
    WithUs,
)
from portal import formats
from portal.i18n import gettext as _
from portal.pay.till import WAYS, till
from portal.settings import current_settings
from portal.unit import database
from runtime import clock

_BEFORE = (WithUs.OPEN, WithUs.LAPSED, WithUs.CLOSED)
_HELD = (WithUs.RECEIVED, WithUs.DELAYED, WithUs.POSTED)
_PAID = (AtGateway.PAID, AtGateway.RETURNED)  # WeChat Pay calls what went back in part returned
_DENIED = (AtGateway.UNPAID, AtGateway.CLOSED, AtGateway.UNKNOWN)
_THERE = (InCore.ALL, InCore.SOME, InCore.BACK)
_PART = (InCore.NONE, InCore.SOME)


@dataclass(frozen=True)
class Rule:
    """When what is said; nothing named means whatever that side says."""

    sentence: LazyString
    ours: Collection[WithUs]
    gateway: Collection[AtGateway] = tuple(AtGateway)
    core: Collection[InCore] = tuple(InCore)

    def fits(self, gateway: AtGateway, ours: WithUs, core: InCore) -> bool:
        return gateway in self.gateway and ours in self.ours and core in self.core


RULES = (
    # the books have money of which our order knows nothing
    Rule(
        _l("账上有这笔钱，却和我们记的对不上，我们的人马上核对，先别再付，急就打 %(hotline)s。"),
        _BEFORE,
        core=_THERE,
    ),
    Rule(
        _l("%(way)s说付成了，却和我们记的对不上，我们的人马上核对，先别再付，急就打 %(hotline)s。"),
        _BEFORE,
        (AtGateway.PAID,),
    ),
    # nothing was paid
    Rule(
        _l("%(way)s说这笔钱已经退给您了，我们没有收，要付就重新付一次。"),
        _BEFORE,
        (AtGateway.RETURNED,),
    ),
    Rule(
        _l("%(way)s说这笔还没有付，钱没有扣，%(until)s 前付都有效。"),
        (WithUs.OPEN,),
        (AtGateway.UNPAID, AtGateway.UNKNOWN),
    ),
    Rule(
        _l("%(way)s说这笔没有付成，钱没有扣，要付就重新付一次。"),
        _BEFORE,
        _DENIED,
    ),
    Rule(
        _l("%(way)s暂时没有回音，付没付成还不知道，先别再付，最晚 %(certain)s 给您准信。"),
        (WithUs.OPEN, WithUs.LAPSED),
    ),
    Rule(
        _l("这一笔已经关上，我们没有收到钱，%(way)s暂时没有回音，过几分钟再查一次就知道。"),
        (WithUs.CLOSED,),
    ),
    # we have it, and somebody says otherwise
    Rule(
        _l("钱我们 %(received)s 收到了，账务系统又把它取了出来，我们的人在核对，不用再付。"),
        _HELD,
        core=(InCore.BACK,),
    ),
    Rule(
        _l("钱我们 %(received)s 收到了，%(way)s现在说的却不一样，我们的人会核对，不用再付。"),
        _HELD,
        _DENIED,
    ),
    # it is in the account
    Rule(
        _l(
            "%(way)s说 %(paid)s 付成了，我们 %(received)s 收到，"
            "%(posted)s 记进了%(accounts)s的账上。"
        ),
        _HELD,
        _PAID,
        (InCore.ALL,),
    ),
    Rule(
        _l(
            "钱我们 %(received)s 收到，%(posted)s 记进了%(accounts)s的账上，"
            "%(way)s暂时没有回音也不影响。"
        ),
        _HELD,
        core=(InCore.ALL,),
    ),
    Rule(
        _l(
            "钱我们 %(received)s 收到，%(posted)s 已经记进了%(accounts)s的账上，"
            "账务系统暂时没有回音也不影响。"
        ),
        (WithUs.POSTED,),
        core=(InCore.AWAY,),
    ),
    Rule(
        _l("钱我们 %(received)s 收到了，账务系统里却没有查全，我们的人在核对，不用再付。"),
        (WithUs.POSTED,),
    ),
    # it is on its way there
    Rule(
        _l("钱在我们这里，账务系统暂时没有回音，最迟 %(by)s 会记上，不用再付。"),
        (WithUs.RECEIVED,),
        core=(InCore.AWAY,),
    ),
    Rule(
        _l(
            "钱我们 %(received)s 收到了，%(done)s 个户号已经记上，还有 %(left)s 个正在记，"
            "最迟 %(by)s 记好，不用再付。"
        ),
        (WithUs.RECEIVED,),
        core=(InCore.SOME,),
    ),
    Rule(
        _l(
            "%(way)s说 %(paid)s 付成了，我们 %(received)s 收到，正在记账，"
            "最迟 %(by)s 记上，不用再付。"
        ),
        (WithUs.RECEIVED,),
        _PAID,
    ),
    Rule(
        _l("钱我们 %(received)s 收到了，正在记账，最迟 %(by)s 记上，不用再付。"),
        (WithUs.RECEIVED,),
    ),
    Rule(
        _l("钱在我们这里，账务系统一直没有回音，它一恢复就记上，钱没有丢，不用再付。"),
        (WithUs.DELAYED,),
        core=(InCore.AWAY,),
    ),
    Rule(
        _l("钱我们 %(received)s 收到了，记账比平时慢，我们在查，钱没有丢，不用再付。"),
        (WithUs.DELAYED,),
        core=_PART,
    ),
    # it goes back
    Rule(
        _l("这笔定了要退，正从账上取出来，然后原路退回%(way)s，不用再申请。"),
        (WithUs.RETURNING,),
        core=(InCore.ALL, InCore.SOME),
    ),
    Rule(
        _l("这笔定了要退，正在办，账务系统暂时没有回音，退好了这里会写，不用再申请。"),
        (WithUs.RETURNING,),
        core=(InCore.AWAY,),
    ),
    Rule(
        _l("钱已经不在账上，正在原路退回%(way)s，一般 1–3 天到，不用再申请。"),
        (WithUs.RETURNING,),
    ),
    Rule(
        _l("这笔钱 %(returned)s 已经原路退回%(way)s，1–3 天到您付款的账户，没到就打 %(hotline)s。"),
        (WithUs.RETURNED,),
    ),
)
"""The first that fits is said. A test has every combination of the three sides say something."""


def seeker(patience: float = PATIENCE_SECONDS) -> Seeker:
    """Whoever asks all three sides; `patience` is how many seconds they may take."""
    books = cast(Books, current_app.extensions["core"])
    return Seeker(database(), till().gateways, books, patience)


def sentence(found: Whereabouts) -> str:
    """What is true of the money, and what happens next."""
    rule = next(each for each in RULES if each.fits(found.gateway, found.ours, found.core))
    return str(rule.sentence % _figures(found))


def _figures(found: Whereabouts) -> dict[str, object]:
    return {
        "way": WAYS[found.way].short,
        "paid": _at(found.paid_at),
        "received": _at(found.received_at),
        "posted": _at(found.posted_at, seconds=True),
        "returned": _at(found.returned_at),
        "until": formats.deadline(found.expires_at),
        "by": _at(found.credited_by),
        "certain": _at(found.certain_by),
        "accounts": _accounts(found.posted or found.waiting),
        "done": len(found.posted),
        "left": len(found.waiting),
        "hotline": current_settings().hotline,
    }


def _at(when: datetime | None, *, seconds: bool = False) -> str:
    """`20:14` of today, with seconds `20:14:02`; the day before it when it is another."""
    if when is None:
        return ""
    civil = when.astimezone(clock.BEIJING)
    said = f"{civil:%H:%M:%S}" if seconds else f"{civil:%H:%M}"
    return said if civil.date() == clock.today() else f"{formats.day(civil.date())} {said}"


def _accounts(numbers: tuple[str, ...]) -> str:
    if len(numbers) == 1:
        return _("户号 …%(tail)s ", tail=numbers[0][-4:])
    return _("%(num)s 个户号", num=len(numbers))
