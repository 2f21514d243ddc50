"""A tariff in words: what a kWh costs, when, and up to where."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from portal import formats
from portal.assistant.bodies.common import OfAccount
from portal.assistant.bodies.usage import Tariff, TariffLine
from portal.assistant.talk import Talk
from portal.bills import lines
from portal.i18n import gettext as _
from portal.i18n import language
from portal.settings import current_settings
from rating import TariffVersion
from rating.schema import Tiers
from rating.tiers import tier_limits
from runtime import clock
from runtime.errors import NotFound
from service.advice.tariff import Supplied, present_tariffs
from service.bills import tariff_name
from service.meter_data import version_on

ANYBODY = Supplied((), date(1990, 1, 1), 0)
"""A household like most: opened long ago, of less than five."""


def tariff(talk: Talk, asked: OfAccount) -> Tariff:
    """The tariff of an account; for whoever is not signed in that of most homes.

    Raises as `Talk.one`, NotFound("tariff.unknown").
    """
    if not talk.signed_in and asked.account_no is None:
        return _general()
    account = talk.one(asked.account_no)
    supplied = present_tariffs(talk.session, talk.user_id, account.account_no)
    if not supplied.tariffs:
        raise NotFound("tariff.unknown")
    name = supplied.tariffs[0]
    return Tariff(
        account_no=account.account_no,
        name=called(name),
        sentence=_(
            "%(label)s用的是%(tariff)s。",
            label=account.title,
            tariff=_("、").join(called(each) for each in supplied.tariffs),
        ),
        lines=_lines(name, supplied),
    )


def called(name: str) -> str:
    """What a tariff is called."""
    return tariff_name(name, f"{clock.today():%Y-%m}")[language()]


def _general() -> Tariff:
    name = current_settings().general_tariff
    return Tariff(
        account_no=None,
        name=called(name),
        sentence=_("家里用电一般是%(tariff)s，您自己的登录以后看。", tariff=called(name)),
        lines=_lines(name, ANYBODY),
    )


def _lines(name: str, supplied: Supplied) -> list[TariffLine]:
    version = version_on(name, clock.today())
    if version is None:
        raise NotFound("tariff.unknown")
    return [*_energy(version, supplied), *_beside(version)]


def _energy(version: TariffVersion, supplied: Supplied) -> Iterator[TariffLine]:
    """The prices by tier and period, then what a higher tier costs on top."""
    energy, tiers = version.terms.energy, version.terms.tiers
    upto = _limits(tiers, supplied)
    spans = lines.period_spans(version, clock.today())
    rows = {"": energy.total} if energy.total is not None else energy.periods
    for period, prices in rows.items():
        for at, price in enumerate(prices, 1):
            tier = f".tier{at}" if len(prices) > 1 else ""
            when = [upto[at - 1] if tier else "", spans.get(str(period), "")]
            code = f"energy{tier}.{period}".rstrip(".")
            yield _line(code, "kwh", price, _("，").join(each for each in when if each))
    for at, price in enumerate(tiers.surcharges or () if tiers else (), 2):
        yield _line(f"surcharge.tier{at}", "kwh", price, upto[at - 1])


def _beside(version: TariffVersion) -> Iterator[TariffLine]:
    """The basic charge, and what is charged on every kWh."""
    terms = version.terms
    if terms.demand is not None:
        yield _line("demand", "kw", terms.demand.price, _("每月"))
    if terms.capacity is not None:
        yield _line("capacity", "kva", terms.capacity.price, _("每月"))
    for code, price in terms.components:
        if price:
            yield _line(code, "kwh", price, "")


def _line(code: str, unit: str, price: Decimal, when: str) -> TariffLine:
    return TariffLine(
        name=lines.name(code),
        price=str(lines.PRICES[unit] % {"price": formats.price(price)}),
        when=when,
    )


def _limits(tiers: Tiers | None, supplied: Supplied) -> list[str]:
    """Of each tier, from where or up to where it goes."""
    if tiers is None:
        return []
    period = f"{clock.today():%Y-%m}"
    limits = [
        formats.number(limit.normalize())
        for limit in tier_limits(tiers, period, supplied.opened, supplied.people)
    ]
    yearly = tiers.cycle == "yearly"
    within = _("一年 %(kwh)s 度以内") if yearly else _("每月 %(kwh)s 度以内")
    above = _("一年 %(kwh)s 度以上") if yearly else _("每月 %(kwh)s 度以上")
    return [within % {"kwh": limits[0]}, *(above % {"kwh": limit} for limit in limits)]
