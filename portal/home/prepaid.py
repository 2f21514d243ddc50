"""How long what is left on a prepaid account lasts."""

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import formats
from portal.home.so_far import SoFar
from portal.owing import Owing
from runtime import clock

SOON_DAYS = 7
"""An account that lasts no longer is to be topped up now."""

LONG_DAYS = 365


def lasts(money: Owing, month: SoFar | None, below_fen: int | None = None) -> str:
    """A few sentences for an account that pays ahead, nothing for others.

    The use of the last four weeks says how long. `below_fen` is what the customer wants to be
    told of.
    """
    if money.state != "prepaid":
        return ""
    if money.account.balance_fen > 0:
        return _("余额用完了，请尽快充值。")
    if below_fen is not None and money.credit_fen < below_fen:
        low = _("低于您定的 %(amount)s，请尽快充值。", amount=formats.amount(below_fen))
        return formats.joined((low, _duration(money, month)))
    return _duration(money, month)


def _duration(money: Owing, month: SoFar | None) -> str:
    days = month.lasts_days(money.credit_fen) if month else None
    if month is None or days is None:
        return _("每个月出账时自动扣。")
    if days == 0:
        return _("余额只够付已经用掉的电，请尽快充值。")
    used = _("已经用掉、还没扣的约 %(fee)s。", fee=formats.about(month.not_billed_fen or 0))
    return formats.joined((used, _how_long(days)))


def _how_long(days: int) -> str:
    if days > LONG_DAYS:
        return _("照最近的用法，够用一年以上。")
    until = formats.day(clock.today() + timedelta(days=days))
    words = ngettext(
        "照最近的用法，还能用约 %(num)s 天，到 %(day)s前后。",
        "照最近的用法，还能用约 %(num)s 天，到 %(day)s前后。",
        days,
        day=until,
    )
    return formats.joined((words, _("请尽快充值。") if days <= SOON_DAYS else ""))
