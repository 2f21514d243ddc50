"""Home: what is owed, by when, and one button; then why, and this month so far."""

from datetime import timedelta

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from payments.thresholds.setting import threshold
from portal import formats
from portal.access import customer_only
from portal.bills.tier import standing_gauge
from portal.current import current_account, my_accounts
from portal.display import view
from portal.home import elder, news
from portal.home.disconnections import own_disconnection
from portal.home.portfolio import is_portfolio, portfolio
from portal.home.prepaid import lasts
from portal.home.so_far import SoFar, so_far
from portal.home.why import why
from portal.outages.notice import OwnNotice, own_notice
from portal.owing import Owing, owing
from portal.security import asker_id
from runtime import clock
from service import bills
from service.access import RIGHTS, Right
from service.bills import BillSummary
from service.people.links import LinkedAccount
from service.running import RunningMonth, running_month

blueprint = customer_only(Blueprint("home", __name__))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    here = current_account()
    if here is None:
        return render_template("home/unbound.html")
    accounts = my_accounts()
    everything = owing(g.session, asker_id(), accounts)
    outage = own_notice(g.session, accounts)
    cut = own_disconnection(g.session, asker_id(), everything)
    if is_portfolio(accounts):
        found = _of_all(here, everything)
        return render_template("home/portfolio.html", outage=outage, cut=cut, **found)
    page = "home/elder.html" if view() == "elder" else "home/index.html"
    return render_template(page, outage=outage, cut=cut, **_of_one(here, everything, outage))


def _of_all(here: LinkedAccount, everything: list[Owing]) -> dict[str, object]:
    return {
        "all": portfolio(everything),
        "here": here,
        "sees_usage": _sees_usage(here),
        "used_to": None,
    }


def _of_one(
    here: LinkedAccount, everything: list[Owing], outage: OwnNotice | None
) -> dict[str, object]:
    money = next(each for each in everything if each.account is here)
    others = [each for each in everything if each is not money]
    recent = bills.bills_of(g.session, asker_id(), here.account_no, limit=1)
    last = recent[0] if recent else None
    running = _running(here)
    month = so_far(running) if running else None
    elsewhere = portfolio(others)
    below_fen = _told_below(money)
    next_bill, left = _next_bill(last), lasts(money, month, below_fen)
    found: dict[str, object] = {
        "money": money,
        "others": others,
        "elsewhere": elsewhere,
        "last": last,
        "next_bill": next_bill,
        "lasts": left,
        "told_below": below_fen,
        "month": month,
        "measured_to": running.use.as_of if running else None,
        "sees_usage": _sees_usage(here),
    }
    if view() == "elder":
        paid = news.paid_for_you(g.session, asker_id(), here.account_no)
        dark = outage.aloud if outage else ""
        return found | elder.page(money, elsewhere, month, next_bill, left, paid, dark)
    return found | _rest(money, others, last, running, month)


def _rest(
    money: Owing,
    others: list[Owing],
    last: BillSummary | None,
    running: RunningMonth | None,
    month: SoFar | None,
) -> dict[str, object]:
    """What stands below, where the page is not kept simple."""
    return {
        "late": news.overdue_elsewhere(others),
        "why": why(g.session, asker_id(), last) if last else None,
        "gauges": [standing_gauge(each) for each in running.tiers] if running else [],
        "rows": news.rows(g.session, asker_id(), money, last, month),
    }


def _told_below(money: Owing) -> int | None:
    """Below which balance this customer is told, of an account that pays ahead."""
    if money.account.settlement != "prepaid" or not money.may_pay:
        return None
    return threshold(g.session, asker_id(), money.account.account_no)


def _sees_usage(account: LinkedAccount) -> bool:
    return Right.SEE_USAGE in RIGHTS[account.role]


def _running(account: LinkedAccount) -> RunningMonth | None:
    if not _sees_usage(account):
        return None
    return running_month(g.session, asker_id(), account.account_no, clock.today())


def _next_bill(last: BillSummary | None) -> str:
    """When the next bill comes, a month after the last one; nothing when it is late."""
    if last is None:
        return _("还没有出过账单，出了就在这里。")
    issued = clock.civil_date(last.issued_at)
    following = (issued.replace(day=1) + timedelta(days=31)).replace(day=min(issued.day, 28))
    if following <= clock.today():
        return ""
    return _("下次出账约 %(day)s。", day=formats.day(following))
