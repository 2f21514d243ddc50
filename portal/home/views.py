"""Home: what is owed, by when, and one button; then why, and this month so far."""

from datetime import date, timedelta

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from portal.access import customer_only
from portal.current import current_account, my_accounts
from portal.home import news
from portal.home.portfolio import is_portfolio, portfolio
from portal.home.so_far import SoFar, so_far
from portal.home.why import why
from portal.owing import Owing, owing
from portal.security import asker_id
from runtime import clock
from service import bills
from service.access import RIGHTS, Right
from service.bills import BillSummary
from service.people.links import LinkedAccount
from service.sync.status import sync_status

STALE_AFTER_SECONDS = 1800
"""A copy of the core that is older than this is shown with its hour."""

blueprint = customer_only(Blueprint("home", __name__))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    here = current_account()
    if here is None:
        return render_template("home/unbound.html")
    accounts = my_accounts()
    everything = owing(g.session, asker_id(), accounts)
    if is_portfolio(accounts):
        return render_template("home/portfolio.html", **_of_all(here, everything), **_age())
    return render_template("home/index.html", **_of_one(here, everything), **_age())


def _of_all(here: LinkedAccount, everything: list[Owing]) -> dict[str, object]:
    return {
        "all": portfolio(everything),
        "here": here,
        "sees_usage": _sees_usage(here),
        "used_to": None,
    }


def _of_one(here: LinkedAccount, everything: list[Owing]) -> dict[str, object]:
    money = next(each for each in everything if each.account is here)
    others = [each for each in everything if each is not money]
    recent = bills.bills_of(g.session, asker_id(), here.account_no, limit=1)
    last = recent[0] if recent else None
    month = _month(here)
    return {
        "money": money,
        "others": others,
        "late": news.overdue_elsewhere(others),
        "last": last,
        "next_bill": _next_bill(last),
        "why": why(g.session, asker_id(), last) if last else None,
        "month": month,
        "sees_usage": _sees_usage(here),
        "days_left": _days_left(money.credit_fen, month),
        "rows": news.rows(g.session, asker_id(), money, last, month),
    }


def _age() -> dict[str, object]:
    """How old the copy of the core is, and whether that deserves a word."""
    status = sync_status(g.session)
    return {
        "as_of": status.as_of,
        "behind": (status.behind_seconds or 0) > STALE_AFTER_SECONDS,
    }


def _sees_usage(account: LinkedAccount) -> bool:
    return Right.SEE_USAGE in RIGHTS[account.role]


def _month(account: LinkedAccount) -> SoFar | None:
    if not _sees_usage(account):
        return None
    return so_far(g.session, asker_id(), account.account_no, clock.today())


def _next_bill(last: BillSummary | None) -> date | None:
    """A month after the last one; None before the first, and when it is late."""
    if last is None:
        return None
    issued = clock.civil_date(last.issued_at)
    following = (issued.replace(day=1) + timedelta(days=31)).replace(day=min(issued.day, 28))
    return following if following > clock.today() else None


def _days_left(credit_fen: int, month: SoFar | None) -> int | None:
    """How many days prepaid credit lasts at this month's cost of a day."""
    if month is None or not month.fen or credit_fen <= 0:
        return None
    return max(0, credit_fen - month.fen) * month.days // month.fen
