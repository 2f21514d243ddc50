"""Who may see and do what: everything hangs on a living link between user and account.

A query about customer data is bound by `linked` or starts from `visible_account`, so that it
cannot be asked without saying for whom. For a stranger an account does not exist (NotFound);
whoever has a link that does not reach so far hears that (Forbidden).
"""

from enum import StrEnum
from typing import TypeVarTuple

from sqlalchemy import BindParameter, ColumnElement, Select, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from runtime.errors import Forbidden, NotFound
from service.models import Account, Link

Columns = TypeVarTuple("Columns")


class Right(StrEnum):
    """What a link may allow."""

    SEE_BILLS = "see_bills"
    SEE_USAGE = "see_usage"
    PAY = "pay"
    MANAGE_LINKS = "manage_links"


RIGHTS: dict[str, frozenset[Right]] = {
    "owner": frozenset(Right),
    "payer": frozenset({Right.SEE_BILLS, Right.PAY}),
    "family_helper": frozenset({Right.SEE_BILLS, Right.SEE_USAGE, Right.PAY}),
    "enterprise_admin": frozenset(Right),
    "enterprise_finance": frozenset({Right.SEE_BILLS, Right.PAY}),
    "enterprise_energy": frozenset({Right.SEE_BILLS, Right.SEE_USAGE}),
}
"""Rights by the role of a link."""


def visible_account(session: Session, user_id: int, account_no: str, *, needs: Right) -> Account:
    """The account, if the user's link allows what is needed.

    Raises NotFound when there is no link, Forbidden when its role does not reach so far.
    """
    row = session.execute(
        select(Account, Link.role)
        .join(Link, Link.account_no == Account.account_no)
        .where(_alive(user_id), Account.account_no == account_no)
    ).one_or_none()
    if row is None:
        raise NotFound("account.not_found", account_no=account_no)
    account, role = row
    if needs not in RIGHTS[role]:
        raise Forbidden("account.not_allowed", role=role, needs=str(needs))
    return account


def visible_accounts(
    session: Session, user_id: int, *, needs: Right = Right.SEE_BILLS
) -> list[Account]:
    """The accounts for which the user has the right, the first linked first."""
    return list(
        session.scalars(
            select(Account)
            .join(Link, Link.account_no == Account.account_no)
            .where(_alive(user_id), Link.role.in_(roles_with(needs)))
            .order_by(Link.id)
        )
    )


def rights_on(session: Session, user_id: int, account_no: str) -> frozenset[Right]:
    """What the user may do with the account; nothing when there is no link."""
    role = session.scalar(select(Link.role).where(_alive(user_id), Link.account_no == account_no))
    return RIGHTS[role] if role else frozenset()


def linked(
    query: Select[*Columns],
    account_no: InstrumentedAttribute[str],
    user_id: int | BindParameter[int],
    needs: Right,
) -> Select[*Columns]:
    """The query, kept to rows whose `account_no` the user has the right to."""
    return query.join(Link, Link.account_no == account_no).where(
        _alive(user_id), Link.role.in_(roles_with(needs))
    )


def roles_with(right: Right) -> list[str]:
    """The roles that have a right."""
    return sorted(role for role, rights in RIGHTS.items() if right in rights)


def _alive(user_id: int | BindParameter[int]) -> ColumnElement[bool]:
    return and_(Link.user_id == user_id, Link.ended_at.is_(None))
