"""Outages and business halls: of the person's own accounts, at a place that is named, or all."""

from collections.abc import Collection, Sequence

from portal import formats
from portal.assistant.bodies.service import (
    Hall,
    Halls,
    HallsAsked,
    Outage,
    Outages,
    OutagesAsked,
)
from portal.assistant.talk import Talk
from portal.assistant.times import Span, days_words, span
from portal.halls import saying as hall_words
from portal.i18n import gettext as _
from portal.outages import saying
from runtime.errors import Refused
from service.halls.models import Hall as BusinessHall
from service.halls.places import halls as all_halls
from service.outages import finding
from service.outages.finding import OutageView, OwnOutage, Phase

SHOWN = 12
SHOWN_HALLS = 5
FEW = 3


def outages(talk: Talk, asked: OutagesAsked) -> Outages:
    """What is off or announced: of one account, at an address, of all accounts, or everywhere.

    With days what falls on them alone. Raises as `Talk.named` and `span`, and
    Refused("outages.one_place") when account and address are both named.
    """
    if asked.account_no is not None and asked.address is not None:
        raise Refused("outages.one_place")
    days = span(asked)
    own = finding.for_user(talk.session, talk.user_id) if talk.signed_in else []
    found, nothing = _found(talk, asked, own)
    if days is not None:
        found = [each for each in found if finding.is_on(each, *days)]
    if not found:
        return Outages(outages=[], sentence=nothing)
    mine = {each.outage.outage_no: each.account_nos for each in own}
    shown = [
        _outage(each, _titles(talk, mine.get(each.outage_no, ())), asked.address)
        for each in found[:SHOWN]
    ]
    return Outages(outages=shown, sentence=formats.joined(each.sentence for each in shown[:FEW]))


def halls(_talk: Talk, asked: HallsAsked) -> Halls:
    """The halls that the words mean; all of them when none is meant or nothing was said."""
    meant = all_halls(asked.near) if asked.near is not None else []
    found = (meant or all_halls())[:SHOWN_HALLS]
    first = "" if meant or asked.near is None else _("没有认出这是哪里，先说几家：")
    return Halls(
        halls=[_hall(each) for each in found],
        sentence=formats.joined((first, *map(_hall_sentence, found[:FEW]))),
    )


def _found(
    talk: Talk, asked: OutagesAsked, own: Sequence[OwnOutage]
) -> tuple[Sequence[OutageView], str]:
    """The outages that are meant, and what is said when there is none."""
    days = span(asked)
    if asked.account_no is not None:
        account = talk.named(asked.account_no)
        hitting = finding.for_account(talk.session, talk.user_id, account.account_no)
        nothing = _("%(label)s没有停电，也没有停电的计划。", label=account.title)
        return hitting, _nothing(nothing, account.title, days)
    if asked.address is not None:
        near = finding.near(talk.session, asked.address)
        return near.outages, _nothing_at(asked.address, days, sought=near.sought)
    if talk.signed_in:
        nothing = _("您的户号没有停电，也没有停电的计划。")
        return [each.outage for each in own], _nothing(nothing, _("您的户号"), days)
    nothing = _("现在没有停电，也没有停电的计划。")
    return finding.current_and_coming(talk.session), _nothing(nothing, _("全部地方"), days)


def _nothing(sentence: str, whose: str, days: Span | None) -> str:
    """That there is no outage, and where else the fault may be; of days, that none is announced."""
    if days is not None:
        return _("%(whose)s：%(days)s没有停电的公告。", whose=whose, days=days_words(days))
    look = _("只有自己家没电，先看看空气开关；开关没跳就报修。")
    return formats.joined((sentence, look))


def _titles(talk: Talk, account_nos: Collection[str]) -> list[str]:
    """What the person calls these accounts of theirs."""
    if not account_nos:
        return []
    return [each.title for each in talk.accounts if each.account_no in account_nos]


def _nothing_at(address: str, days: Span | None, *, sought: bool) -> str:
    if not sought:
        return _nothing(_("没有听清是哪里。说一条路、一个小区的名字就行。"), "", None)
    return _nothing(_("没有查到“%(place)s”的停电。", place=address), f"“{address}”", days)


def _outage(outage: OutageView, mine: Sequence[str], address: str | None) -> Outage:
    where, reason = saying.where(outage, saying.SHOWN), saying.reason(outage)
    about = _("%(where)s（%(reason)s）：", where=where, reason=reason)
    return Outage(
        outage_no=outage.outage_no,
        kind="planned" if outage.kind == "planned" else "unplanned",
        area_words=where,
        since_words=saying.since(outage),
        until_words=saying.until(outage) if outage.phase is not Phase.CANCELLED else None,
        reason_words=reason,
        state=outage.phase.value,
        mine=list(mine),
        sentence=formats.joined((about + saying.sentence(outage), _hit(outage, mine, address))),
    )


def _hit(outage: OutageView, mine: Sequence[str], address: str | None) -> str:
    """Whom it hits, as far as that is certain; a street does not tell which building."""
    if mine:
        return _("您的%(accounts)s在里面。", accounts=_("、").join(mine))
    if address is not None and not finding.is_surely_at(outage, address):
        return _("您那里在里面吗？不在里面就请报修。")
    return ""


def _hall(each: BusinessHall) -> Hall:
    return Hall(
        name=hall_words.name(each),
        address=hall_words.address(each),
        hours=hall_words.hours(each),
        phone=hall_words.phone(each),
        services=hall_words.services(each),
    )


def _hall_sentence(each: BusinessHall) -> str:
    """Where it is, and whether one can go in."""
    return _(
        "%(name)s：%(address)s，%(door)s。",
        name=hall_words.name(each),
        address=hall_words.address(each),
        door=hall_words.door(each.opening()),
    )
