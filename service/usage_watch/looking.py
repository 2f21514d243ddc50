"""Looking over the accounts that somebody reads: what stands out is told as an event.

What is found again the next day is told again here, and once to people: their notice has a key.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from runtime import events
from service.access import Right, roles_with
from service.events import UnusualUsage
from service.models import Account, Link
from service.standing import standings
from service.tiers import TierStanding, tiers_of
from service.usage_watch.finding import near_tier, unusual_day
from service.usage_watch.rules import rules

CHUNK = 200
"""Accounts that one job looks over."""


def starts(session: Session) -> list[str]:
    """The first account of each chunk."""
    numbered = _read().add_columns(func.row_number().over(order_by=Account.account_no).label("n"))
    rows = numbered.subquery()
    firsts = select(rows.c.account_no).where(rows.c.n % CHUNK == 1).order_by(rows.c.account_no)
    return list(session.scalars(firsts))


def look(session: Session, first: str, today: date) -> None:
    """Look over the chunk that begins with an account."""
    chunk = _read().where(Account.account_no >= first).order_by(Account.account_no).limit(CHUNK)
    accounts = session.scalars(
        select(Account).where(Account.account_no.in_(chunk)).order_by(Account.account_no)
    )
    for account in accounts.all():
        _look_at(session, account, today)


def _read() -> Select[str]:
    """Accounts whose use somebody may see."""
    sees = select(Link.id).where(
        Link.account_no == Account.account_no,
        Link.ended_at.is_(None),
        Link.role.in_(roles_with(Right.SEE_USAGE)),
    )
    return select(Account.account_no).where(Account.closed.is_(None), sees.exists())


def _look_at(session: Session, account: Account, today: date) -> None:
    at = standings(session, account.account_no)
    for each in at:
        found = unusual_day(each, today, rules().unusual)
        if found is not None:
            events.publish(
                session,
                UnusualUsage(
                    account.account_no, found.service_point_no, found.day, found.wh, found.usual_wh
                ),
            )
    for tier in _fresh(tiers_of(account, at), today):
        near = near_tier(account.account_no, tier, rules().tier)
        if near is not None:
            events.publish(session, near)


def _fresh(tiers: Collection[TierStanding], today: date) -> list[TierStanding]:
    """Tiers as of a day that is no longer ago than an unusual one may be."""
    return [each for each in tiers if (today - each.as_of).days <= rules().unusual.oldest_days]
