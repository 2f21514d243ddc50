"""How a time's use compares with an earlier one, in one sentence."""

from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import formats
from runtime import clock
from service.compared import Compared
from service.usage import MonthUsage, YearUsage


def month_compared(found: MonthUsage) -> tuple[str, ...]:
    """Against the month before and the same one a year ago, as far as they are known."""
    return tuple(filter(None, (_month(found.last_month), against_last_year(found))))


def against_last_year(found: MonthUsage) -> str:
    """Only the second of the month's sentences."""
    return _month(found.last_year)


def year_compared(found: YearUsage) -> str:
    """Against the same days of the year before; nothing where they are not known."""
    other = found.compared
    return sentence(_("%(year)s 年同期", year=other.first.year), other, _("这一年"))


def _month(other: Compared) -> str:
    return sentence(named(_month_name(other.first), other), other, _("这个月"))


def _month_name(first: date) -> str:
    year = clock.today().year
    if first.year == year - 1:
        return _("去年 %(month)s", month=formats.month(f"{year}-{first:%m}"))
    return formats.month(f"{first:%Y-%m}")


def named(name: str, other: Compared) -> str:
    """An earlier time by its name; by so many days of it where not all can be compared."""
    if other.whole:
        return name
    return ngettext(
        "%(month)s同样的 %(num)s 天", "%(month)s同样的 %(num)s 天", other.days, month=name
    )


def sentence(name: str, other: Compared, now: str) -> str:
    """What both used, in whole kWh, so that what is said adds up; `now` names the own time."""
    if other.import_wh is None:
        return ""
    before, more = round(other.import_wh, -3), round(other.own_wh, -3) - round(other.import_wh, -3)
    said = {"name": name, "before": formats.energy(before, 0), "now": now}
    amount = formats.energy(abs(more), 0)
    if not more:
        return _("%(name)s用了 %(before)s，%(now)s一样多。", **said)
    if more > 0:
        return _("%(name)s用了 %(before)s，%(now)s多用 %(amount)s。", **said, amount=amount)
    return _("%(name)s用了 %(before)s，%(now)s少用 %(amount)s。", **said, amount=amount)
