"""Cards about use: a day, a month or a year as the pages of use draw them, and the tier."""

from collections.abc import Callable
from datetime import date

from flask import g, url_for

from portal import formats
from portal.bills.tier import standing_gauge
from portal.chat.cards.money import Shown, reader
from portal.chat.kinds import TierCard, UsageCard
from portal.current import current_account, my_account
from portal.usage.curve import day_curve
from portal.usage.days import MonthDays, daily_bars
from portal.usage.months import month_bars
from runtime import clock
from service import tiers
from service import usage as read


def usage(card: UsageCard) -> Shown:
    """The chart that fits the span: quarter-hours of a day, days of a month, months of a year."""
    account = my_account(card.account_no)
    if account is None or card.first > card.last:
        return None
    draw, address = _that_fits(card.first, card.last)
    found = draw(card)
    if found is None:
        return None
    return found | {
        "address": url_for("usage.show", text=address),
        "account": account,
        "here": account is current_account(),
    }


def tier(card: TierCard) -> Shown:
    """How far through the tiers of this year, or month."""
    standings = tiers.tier_standings(g.session, reader(), card.account_no)
    return {"gauges": [standing_gauge(each) for each in standings]} if standings else None


def _that_fits(first: date, last: date) -> tuple[Callable[[UsageCard], Shown], str]:
    if first == last:
        return _day, first.isoformat()
    if (first.year, first.month) == (last.year, last.month):
        return _month, f"{first:%Y-%m}"
    return _year, str(last.year)


def _day(card: UsageCard) -> Shown:
    found = read.day(g.session, reader(), card.account_no, card.first)
    if not found.quarters:
        return _month(card)
    title = formats.day(card.first)
    return {"kind": "day", "title": title, "wh": found.total.import_wh, "chart": day_curve(found)}


def _month(card: UsageCard) -> Shown:
    found = read.month(g.session, reader(), card.account_no, f"{card.first:%Y-%m}")
    days = MonthDays(found.period, found.days, found.periods)
    if not days.known:
        return None
    return {
        "kind": "month",
        "title": formats.full_month(found.period),
        "wh": found.import_wh,
        "chart": daily_bars(days, clock.today()),
    }


def _year(card: UsageCard) -> Shown:
    found = read.year(g.session, reader(), card.account_no, card.last.year)
    if not any(month.import_wh for month in (*found.months, *found.last_year)):
        return None
    return {
        "kind": "year",
        "title": str(found.year),
        "wh": found.import_wh,
        "chart": month_bars(found, f"{clock.today():%Y-%m}"),
    }
