"""A customer at a glance: what whoever talks with them should know, read in few queries.

The callers have made sure that whoever asks is of the utility and has said why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from runtime import clock
from service import dues, meter_data
from service.bills import BillSummary, month_before, summary_of
from service.conversations.models import Conversation, Handoff
from service.dues import Due
from service.models import Account, Bill, Link, Meter, ServicePoint, User
from service.requests.models import Request

MONTHS = 12
MOST_LISTED = 8
"""Requests and talks that are named."""


@dataclass(frozen=True)
class Risk:
    """How the account paid in the last twelve months.

    `times_late` counts bills that were settled after their day or still are not; `days_late` is
    how long the oldest of those has been owed, 0 when none is; `credit_fen` is what a prepaid
    account has left, None for one that pays afterwards.
    """

    times_late: int
    days_late: int
    credit_fen: int | None


@dataclass(frozen=True)
class Running:
    """What was measured in this month so far, in Wh, and to what day."""

    period: str
    wh: int
    as_of: date


@dataclass(frozen=True)
class Person:
    """Somebody who sees the account; `holder`: theirs is the phone that the utility knows."""

    user: User
    role: str
    since: datetime
    holder: bool


@dataclass(frozen=True)
class Place:
    """A place of supply and the meters that are there today."""

    point: ServicePoint
    meters: tuple[str, ...]


@dataclass(frozen=True)
class Talk:
    """A talk with a person at the desk, or the asking for one."""

    handoff: Handoff
    conversation: Conversation


@dataclass(frozen=True)
class Glance:
    """All that the page of a customer says, but the payments.

    `used` are the last twelve months with the Wh that their bills charged, None where none did;
    `running` is this month, None while nothing of it was measured.
    """

    account: Account
    bills: list[BillSummary]
    used: list[tuple[str, int | None]]
    running: Running | None
    owed: list[Due]
    risk: Risk
    places: list[Place]
    people: list[Person]
    requests: list[Request]
    talks: list[Talk]

    @property
    def owed_fen(self) -> int:
        """What is owed today, with late charges."""
        return sum(each.amount_fen for each in self.owed)


def glance(session: Session, account: Account) -> Glance:
    """What is known of the account today."""
    today = clock.today()
    rows = _bills(session, account.account_no, today)
    people = _people(session, account)
    owed = dues.dues_of(session, account.account_no)
    return Glance(
        account=account,
        bills=[summary_of(bill, today) for bill in rows][:MONTHS],
        used=_used(rows, today),
        running=_running(session, account.account_no, today),
        owed=owed,
        risk=_risk(account, rows, owed, today),
        places=_places(session, account.account_no),
        people=people,
        requests=_requests(session, account.account_no),
        talks=_talks(session, [each.user.id for each in people]),
    )


def _bills(session: Session, account_no: str, today: date) -> list[Bill]:
    """Bills of the last twelve months and of this one that stand, the newest month first."""
    unread = (defer(column, raiseload=True) for column in (Bill.case, Bill.lines, Bill.readings))
    query = (
        select(Bill)
        .where(
            Bill.account_no == account_no,
            Bill.status == "issued",
            Bill.period >= month_before(f"{today:%Y-%m}", MONTHS),
        )
        .options(*unread)
        .order_by(Bill.period.desc(), Bill.bill_no)
    )
    return list(session.scalars(query))


def _used(bills: Sequence[Bill], today: date) -> list[tuple[str, int | None]]:
    """The twelve months before this one, the oldest first."""
    this = f"{today:%Y-%m}"
    months = [month_before(this, back) for back in range(MONTHS, 0, -1)]
    return [
        (month, _sum_of([each.wh for each in bills if each.period == month])) for month in months
    ]


def _running(session: Session, account_no: str, today: date) -> Running | None:
    meters = meter_data.meters_of(session, account_no)
    totals = meter_data.day_totals(session, meters, today.replace(day=1), today)
    measured = {day: each.import_wh for day, each in totals.items() if each.import_wh is not None}
    if not measured:
        return None
    return Running(f"{today:%Y-%m}", sum(measured.values()), max(measured))


def _sum_of(parts: Sequence[int]) -> int | None:
    return sum(parts) if parts else None


def _risk(account: Account, bills: Sequence[Bill], owed: Sequence[Due], today: date) -> Risk:
    prepaid = account.settlement == "prepaid"
    return Risk(
        times_late=sum(_was_late(bill, today) for bill in bills),
        days_late=max((each.days_late for each in owed), default=0),
        credit_fen=-account.balance_fen if prepaid else None,
    )


def _was_late(bill: Bill, today: date) -> bool:
    """Whether a bill was settled after its day, or is past it; a bill of nothing never is."""
    if bill.total_fen <= 0:
        return False
    settled = clock.civil_date(bill.settled_at) if bill.settled_at else today
    return settled > bill.due


def _places(session: Session, account_no: str) -> list[Place]:
    rows = session.execute(
        select(ServicePoint, Meter.meter_no)
        .outerjoin(
            Meter,
            (Meter.service_point_no == ServicePoint.service_point_no) & Meter.removed.is_(None),
        )
        .where(ServicePoint.account_no == account_no)
        .order_by(ServicePoint.service_point_no, Meter.meter_no)
    )
    found: dict[str, tuple[ServicePoint, list[str]]] = {}
    for point, meter_no in rows:
        _point, meters = found.setdefault(point.service_point_no, (point, []))
        if meter_no is not None:
            meters.append(meter_no)
    return [Place(point, tuple(meters)) for point, meters in found.values()]


def _people(session: Session, account: Account) -> list[Person]:
    """Everybody who sees the account, the first bound first."""
    rows = session.execute(
        select(User, Link)
        .join(Link, Link.user_id == User.id)
        .where(Link.account_no == account.account_no, Link.ended_at.is_(None))
        .order_by(Link.id)
    )
    return [
        Person(user, link.role, link.created_at, user.phone == account.phone) for user, link in rows
    ]


def _requests(session: Session, account_no: str) -> list[Request]:
    query = select(Request).where(Request.account_no == account_no).order_by(Request.id.desc())
    return list(session.scalars(query.limit(MOST_LISTED)))


def _talks(session: Session, user_ids: Sequence[int]) -> list[Talk]:
    """What those who see the account said to a person, the newest first."""
    if not user_ids:
        return []
    rows = session.execute(
        select(Handoff, Conversation)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .where(Conversation.user_id.in_(user_ids))
        .order_by(Handoff.id.desc())
        .limit(MOST_LISTED)
    )
    return [Talk(*row) for row in rows]
