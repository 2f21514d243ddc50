"""Who else sees an account, shown to those who may end it.

The phone that the utility has registered decides in the end: nobody puts out whoever holds it,
and with a code sent to it whoever was put out can come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Forbidden, NotFound
from service.access import Right, rights_on
from service.models import Account, Link, User
from service.people.links import end


@dataclass(frozen=True)
class Viewer:
    """A person who sees an account. `holder`: theirs is the phone that the utility knows."""

    link_id: int
    user_id: int
    name: str | None
    phone: str
    role: str
    since: date
    me: bool
    holder: bool

    @property
    def can_be_ended(self) -> bool:
        """Oneself unbinds instead; the holder stays."""
        return not self.me and not self.holder


def viewers(session: Session, user_id: int, account_no: str) -> list[Viewer]:
    """Everyone who sees the account, oneself first, then by time.

    Raises NotFound unless the user may manage its links: for others the list does not exist.
    """
    if Right.MANAGE_LINKS not in rights_on(session, user_id, account_no):
        raise NotFound("account.not_found")
    rows = session.execute(_living_links(account_no)).all()
    found = [_viewer(row, user_id) for row in rows]
    return sorted(found, key=lambda each: not each.me)


def viewer(session: Session, user_id: int, account_no: str, link_id: int) -> Viewer:
    """One of `viewers` whom the user may put out. Raises NotFound, Forbidden("link.of_holder")."""
    return _may_end(viewers(session, user_id, account_no), link_id)


def end_link(session: Session, user_id: int, account_no: str, link_id: int) -> None:
    """Put somebody out, from now on. Raises as `viewer` does.

    All links of the account are locked, so that of two who put each other out one comes second.
    """
    locked = select(Link).where(Link.account_no == account_no, Link.ended_at.is_(None))
    living = {each.id: each for each in session.scalars(locked.order_by(Link.id).with_for_update())}
    ended = viewer(session, user_id, account_no, link_id)
    end(living[ended.link_id], by=user_id)


def _may_end(found: Sequence[Viewer], link_id: int) -> Viewer:
    wanted = next((each for each in found if each.link_id == link_id and not each.me), None)
    if wanted is None:
        raise NotFound("link.not_found")
    if not wanted.can_be_ended:
        raise Forbidden("link.of_holder")
    return wanted


def _living_links(account_no: str) -> Select[Link, User, str]:
    return (
        select(Link, User, Account.phone)
        .join(User, User.id == Link.user_id)
        .join(Account, Account.account_no == Link.account_no)
        .where(Link.account_no == account_no, Link.ended_at.is_(None))
        .order_by(Link.id)
    )


def _viewer(row: Row[Link, User, str], user_id: int) -> Viewer:
    link, user, registered = row
    return Viewer(
        link_id=link.id,
        user_id=user.id,
        name=user.name,
        phone=user.phone,
        role=link.role,
        since=clock.civil_date(link.created_at),
        me=user.id == user_id,
        holder=user.phone == registered,
    )
