"""The accounts of a user: listed, named, let go. Binding one is in `binding`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound
from runtime.logs import get_logger
from runtime.questions import Question, asked
from service.models import Account, Link
from service.people.users import get_user

ALIAS_LENGTH = 30

_log = get_logger(__name__)


@dataclass(frozen=True)
class LinkedAccount:
    """An account in the user's own list. `balance_fen` > 0 is owed, < 0 is credit."""

    link_id: int
    account_no: str
    role: str
    alias: str | None
    address: str
    holder_name: str
    kind: str
    settlement: str
    balance_fen: int
    balance_at: datetime | None
    closed: bool

    @property
    def title(self) -> str:
        """What the user calls it: by a name of their own, else by its address."""
        return self.alias or self.address


COLUMNS = (
    Link.id,
    Account.account_no,
    Link.role,
    Link.alias,
    Account.address,
    Account.holder_name,
    Account.kind,
    Account.settlement,
    Account.balance_fen,
    Account.balance_at,
    Account.closed.is_not(None),
)
"""What a LinkedAccount is made of, in its order."""

_LINKED = Question(
    select(*COLUMNS)
    .join(Account, Account.account_no == Link.account_no)
    .where(Link.user_id == asked("user_id"), Link.ended_at.is_(None))
    .order_by(Link.id)
)


def linked_accounts(session: Session, user_id: int) -> list[LinkedAccount]:
    """The user's accounts, the first bound first."""
    rows = _LINKED.ask(session, user_id=user_id)
    return [LinkedAccount(*row) for row in rows]


def linked_account(session: Session, user_id: int, account_no: str) -> LinkedAccount:
    """One account of the user's list. Raises NotFound for any other."""
    for account in linked_accounts(session, user_id):
        if account.account_no == account_no:
            return account
    raise NotFound("account.not_found")


def set_alias(session: Session, user_id: int, account_no: str, alias: str) -> None:
    """Give the account a name of the user's own, or none. Raises NotFound."""
    _live_link(session, user_id, account_no).alias = clean_alias(alias)


def unbind(session: Session, user_id: int, account_no: str) -> None:
    """End the link; bills and payments stay with the account. Raises NotFound."""
    end(_live_link(session, user_id, account_no), by=user_id)


def end(link: Link, by: int) -> None:
    """Nobody sees the account through this link any more; who ended it is kept."""
    link.ended_at, link.ended_by = clock.now(), by
    _log.info("link_ended", link=link.id, role=link.role, user=link.user_id, by=by)


def holds_phone(session: Session, user_id: int, account_no: str) -> bool:
    """Whether the user's phone is the one that is registered with the account."""
    registered = session.scalar(select(Account.phone).where(Account.account_no == account_no))
    return registered is not None and registered == get_user(session, user_id).phone


def clean_alias(alias: str | None) -> str | None:
    """Without spaces around it and of bounded length; None when nothing is left."""
    return (alias or "").strip()[:ALIAS_LENGTH] or None


def _live_link(session: Session, user_id: int, account_no: str) -> Link:
    link = session.scalars(
        select(Link)
        .where(Link.user_id == user_id, Link.account_no == account_no, Link.ended_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if link is None:
        raise NotFound("account.not_found")
    return link
