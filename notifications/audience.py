"""Who is told about an account: those who may pay for it, or its holder by phone.

A family helper pays too, but is told only where the owner has chosen the simplified view: the
helper's copy is a notice of its own.
"""

from collections.abc import Collection

from sqlalchemy import Subquery, and_, exists, literal, select, tuple_
from sqlalchemy.orm import Session, aliased

from notifications.kinds import kind
from notifications.models import Notice
from service.access import Right, roles_with
from service.models import Link, User

PAYERS = sorted(set(roles_with(Right.PAY)) - {"family_helper"})
HELPER = "family_helper"


def payers(accounts: Subquery) -> Subquery:
    """Of accounts (columns key, account_no): key, user_id, account_no of everybody who pays.

    An account that nobody is linked to has one row without a user: its holder, by phone.
    """
    pays = and_(
        Link.account_no == accounts.c.account_no, Link.ended_at.is_(None), Link.role.in_(PAYERS)
    )
    return (
        select(accounts.c.key, Link.user_id, accounts.c.account_no)
        .select_from(accounts.outerjoin(Link, pays))
        .subquery()
    )


def helpers(accounts: Subquery) -> Subquery:
    """As `payers`: the family helpers of owners who use the simplified view."""
    owners = aliased(Link)
    elder = (
        exists()
        .where(owners.account_no == Link.account_no, owners.role == "owner")
        .where(owners.ended_at.is_(None), User.id == owners.user_id, User.elder_mode)
    )
    return (
        select(accounts.c.key, Link.user_id, accounts.c.account_no)
        .join(Link, Link.account_no == accounts.c.account_no)
        .where(Link.ended_at.is_(None), Link.role == HELPER, elder)
        .subquery()
    )


def elders(accounts: Subquery) -> Subquery:
    """As `payers`: the owners who use the simplified view."""
    return (
        select(accounts.c.key, Link.user_id, accounts.c.account_no)
        .join(Link, Link.account_no == accounts.c.account_no)
        .join(User, User.id == Link.user_id)
        .where(Link.ended_at.is_(None), Link.role == "owner", User.elder_mode)
        .subquery()
    )


def payers_of(session: Session, account_no: str) -> list[int | None]:
    """The users who are told about one account; None stands for its holder, by phone."""
    return [row.user_id for row in session.execute(select(payers(one(account_no))))]


def strangers(session: Session, notices: Collection[Notice]) -> set[int]:
    """The ids of those that are about an account which their user has no link to any more."""
    about = {
        each.id: (each.user_id, each.account_no)
        for each in notices
        if each.user_id and each.account_no and not kind(each.kind).outlives_link
    }
    if not about:
        return set()
    living = select(Link.user_id, Link.account_no).where(
        Link.ended_at.is_(None), tuple_(Link.user_id, Link.account_no).in_(set(about.values()))
    )
    linked = {(row.user_id, row.account_no) for row in session.execute(living)}
    return {id_ for id_, pair in about.items() if pair not in linked}


def one(account_no: str, key: str = "") -> Subquery:
    """A single account in the form in which many are given."""
    return select(literal(key).label("key"), literal(account_no).label("account_no")).subquery()
