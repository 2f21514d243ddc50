"""Energy in words: the use of some days, and the tier."""

from datetime import date
from decimal import Decimal

from portal import formats
from portal.assistant.bodies.common import OfAccount, OfTime
from portal.assistant.bodies.usage import Earlier, PeriodUse, Tier, Usage
from portal.assistant.talk import Talk
from portal.assistant.times import Span, all_months, days_words, months, span, whole_months
from portal.bills.tier import standing_gauge
from portal.i18n import gettext as _
from portal.usage import compared
from portal.usage.days import split
from runtime import clock
from service import bills, tiers
from service.advice.between import UseBetween, use_between, use_so_far, used_since
from service.people.links import LinkedAccount


def usage(talk: Talk, asked: OfTime) -> Usage:
    """The use of the days asked about, else of the running month. Raises as `Talk.one`."""
    account, days = talk.one(asked.account_no), span(asked)
    whose = (talk.session, talk.user_id, account.account_no)
    found = use_between(*whose, *days) if days else use_so_far(*whose, clock.today())
    first, last = found.first, found.last
    words = days_words((first, last))
    return Usage(
        account_no=account.account_no,
        label=account.title,
        from_day=first,
        to_day=last,
        words=words,
        kwh=formats.energy(found.import_wh),
        amount=_billed(talk, account, (first, last)),
        days=found.days,
        known_days=found.known_days,
        complete=found.whole_days == found.days,
        by_period=[
            PeriodUse(name=each.name, kwh=formats.energy(each.wh)) for each in split(found.periods)
        ],
        compared=_earlier(found, words),
        sentence=_sentence(talk, account, found, words),
    )


def tier(talk: Talk, asked: OfAccount) -> Tier:
    """Where the household stands in its tiers, in the words of its gauge. Raises as `Talk.one`."""
    account = talk.one(asked.account_no)
    found = tiers.tier_standings(talk.session, talk.user_id, account.account_no)
    if not found:
        return _without_tiers(talk, account)
    here = max(found, key=lambda each: each.position.used_kwh)
    position, gauge = here.position, standing_gauge(here)
    return Tier(
        account_no=account.account_no,
        label=account.title,
        tier=position.tier,
        of=len(position.limits_kwh) + 1,
        left_kwh=_left(position.left_kwh),
        resets_words=formats.day(here.resets_on),
        sentence=formats.joined(
            (
                _("%(label)s：%(title)s。", label=account.title, title=gauge.title),
                gauge.sentence,
            )
        ),
    )


def _left(kwh: Decimal | None) -> str | None:
    if kwh is None:
        return None
    return _("%(number)s 度", number=formats.number(kwh.quantize(Decimal(1))))


def _without_tiers(talk: Talk, account: LinkedAccount) -> Tier:
    return Tier(
        account_no=account.account_no,
        label=account.title,
        tier=None,
        of=0,
        left_kwh=None,
        resets_words="",
        sentence=_("%(label)s的电价不分档，或还没有用电数据。", label=account.title),
    )


def _billed(talk: Talk, account: LinkedAccount, days: Span) -> str | None:
    """What the bills of whole months come to; None where one is missing."""
    if not whole_months(days):
        return None
    numbers, period = [account.account_no], months(days)
    billed = bills.billed(talk.session, talk.user_id, numbers, period)
    if len(billed) < len(all_months(*period)):
        return None
    sums = bills.sum_of_bills(talk.session, talk.user_id, numbers, period)
    return formats.amount(sums.total_fen)


def _earlier(found: UseBetween, words: str) -> Earlier | None:
    other = found.last_year
    if other.import_wh is None:
        return None
    name = compared.named(days_words((other.first, other.last)), other)
    return Earlier(
        words=name,
        kwh=formats.energy(other.import_wh, 0),
        sentence=compared.sentence(name, other, words),
    )


def _sentence(talk: Talk, account: LinkedAccount, found: UseBetween, words: str) -> str:
    figures = {"label": account.title, "when": words, "use": formats.energy(found.import_wh)}
    known = found.whole_days
    if known == found.days:
        return _("%(label)s %(when)s用了 %(use)s。", **figures)
    since = used_since(talk.session, talk.user_id, account.account_no)
    reach = [_oldest(found, since), _newest(found)]
    if since is not None and since > found.last:
        return formats.joined((_("%(label)s %(when)s没有用电数据。", **figures), *reach))
    if not found.known_days:
        return formats.joined((_("%(label)s %(when)s还没有用电数据。", **figures), *reach))
    said = _("%(label)s %(when)s用了 %(use)s。", **figures)
    read = _("%(days)s 天里读全了 %(known)s 天。", days=found.days, known=known)
    return formats.joined((said, read, *reach))


def _oldest(found: UseBetween, since: date | None) -> str:
    """When the data begin, where the days asked about begin before."""
    if since is None or since <= found.first:
        return ""
    return _("这里的记录从 %(day)s开始。", day=formats.full_day(since))


def _newest(found: UseBetween) -> str:
    """How far the data go, where the days asked about go further."""
    if found.as_of is None or found.as_of >= found.last:
        return ""
    return _("数据到 %(day)s。", day=formats.day(found.as_of))
