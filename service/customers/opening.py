"""Opening a customer at the desk: nobody looks at one without saying why.

Whoever comes from a request or a conversation of the customer has said it by that; anybody else
writes a reason, which holds for half an hour. To see the pages as the customer sees them is said
apart, for a quarter of an hour.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound, Refused
from service import audit
from service.conversations.models import Conversation
from service.customers.models import CustomerOpening
from service.models import Account, Link, User
from service.requests.models import Request

OPEN_FOR = timedelta(minutes=30)
AS_FOR = timedelta(minutes=15)
LEAST_REASON = 2
OPENED, AS_CUSTOMER = "customer.opened", "customer.as"
"""The deeds in the trail."""

_CONVERSATION = re.compile(r"conversation ([1-9]\d{0,17})", re.ASCII)


@dataclass(frozen=True)
class Why:
    """Why somebody looks at a customer: a reason in words, or the number of what it is about."""

    reason: str
    about: str = ""

    @property
    def in_words(self) -> str:
        """Why, for an entry of the trail that is about something else."""
        return self.reason or self.about


def account(session: Session, account_no: str) -> Account:
    """Any account, for the utility's own people alone. Raises NotFound("customer.not_found")."""
    found = session.get(Account, account_no)
    if found is None:
        raise NotFound("customer.not_found")
    return found


def why(session: Session, staff_id: int, account_no: str, about: str = "") -> Why | None:
    """Why this member of staff looks at the account; None when they have not said it yet."""
    if about and _concerns(session, account_no, about):
        return Why("", about)
    opening = _live(session, staff_id, account_no, None)
    return Why(opening.reason, opening.about) if opening else None


def open_customer(session: Session, staff_id: int, account_no: str, reason: str) -> None:
    """Look at a customer for a reason of one's own.

    Raises NotFound("customer.not_found"), Refused("customer.reason_missing").
    """
    account(session, account_no)
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if len(said) < LEAST_REASON:
        raise Refused("customer.reason_missing")
    _add(session, staff_id, account_no, Why(said), None)
    audit.record(session, by=staff_id, deed=OPENED, subject=account_no, reason=said)


def open_as(session: Session, staff_id: int, account_no: str, user_id: int, because: Why) -> None:
    """See the pages of a user of the account as they see them.

    Raises NotFound("customer.not_found") when the user does not see the account.
    """
    if not _sees(session, user_id, account_no):
        raise NotFound("customer.not_found")
    _add(session, staff_id, account_no, because, user_id)
    audit.record(
        session,
        by=staff_id,
        deed=AS_CUSTOMER,
        subject=account_no,
        reason=because.in_words,
        about=f"user {user_id}",
    )


def viewing(
    session: Session, staff_id: int, account_no: str, user_id: int
) -> tuple[CustomerOpening, User] | None:
    """As whom this member of staff may see pages just now; None when they may not."""
    opening = _live(session, staff_id, account_no, user_id)
    if opening is None or not _sees(session, user_id, account_no):
        return None
    return opening, session.get_one(User, user_id)


def close_as(session: Session, staff_id: int, account_no: str) -> None:
    """See no more pages as anybody of the account."""
    session.execute(
        update(CustomerOpening)
        .where(
            CustomerOpening.staff_id == staff_id,
            CustomerOpening.account_no == account_no,
            CustomerOpening.as_user_id.is_not(None),
            CustomerOpening.until > clock.now(),
        )
        .values(until=clock.now())
    )


def forget(session: Session) -> int:
    """Take out what is over; the trail has all of it. Returns how many there were."""
    over = delete(CustomerOpening).where(CustomerOpening.until <= clock.now())
    return len(session.scalars(over.returning(CustomerOpening.id)).all())


def _add(
    session: Session, staff_id: int, account_no: str, because: Why, as_user_id: int | None
) -> None:
    now = clock.now()
    session.add(
        CustomerOpening(
            staff_id=staff_id,
            account_no=account_no,
            as_user_id=as_user_id,
            reason=because.reason,
            about=because.about,
            opened_at=now,
            until=now + (AS_FOR if as_user_id else OPEN_FOR),
        )
    )
    session.flush()


def _live(
    session: Session, staff_id: int, account_no: str, as_user_id: int | None
) -> CustomerOpening | None:
    """The opening that holds the longest."""
    return session.scalars(
        select(CustomerOpening)
        .where(
            CustomerOpening.staff_id == staff_id,
            CustomerOpening.account_no == account_no,
            CustomerOpening.as_user_id.is_not_distinct_from(as_user_id),
            CustomerOpening.until > clock.now(),
        )
        .order_by(CustomerOpening.until.desc())
        .limit(1)
    ).one_or_none()


def _sees(session: Session, user_id: int, account_no: str) -> bool:
    """Whether the account is bound to a user who is no member of staff."""
    bound = (
        select(Link.id)
        .join(User, User.id == Link.user_id)
        .where(
            Link.user_id == user_id,
            Link.account_no == account_no,
            Link.ended_at.is_(None),
            User.staff_role.is_(None),
            User.disabled_at.is_(None),
        )
    )
    return session.scalar(bound) is not None


def _concerns(session: Session, account_no: str, about: str) -> bool:
    """Whether a request (`BX…`) or a conversation (`conversation 12`) is about the account.

    It is when it names the account, or when somebody asks who sees the account.
    """
    users = select(Link.user_id).where(Link.account_no == account_no, Link.ended_at.is_(None))
    if talk := _CONVERSATION.fullmatch(about):
        known = select(Conversation.id).where(
            Conversation.id == int(talk[1]), Conversation.user_id.in_(users)
        )
    else:
        known = select(Request.id).where(
            Request.request_no == about,
            (Request.account_no == account_no)
            | (Request.account_no.is_(None) & Request.user_id.in_(users)),
        )
    return session.scalar(known) is not None
