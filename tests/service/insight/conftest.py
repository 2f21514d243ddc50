"""Bills with their payments, small and exact."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from runtime import clock
from service.models import Account, Bill, Posting
from tests.service import builders


def noon(day: date) -> datetime:
    """The noon of a day in China."""
    return datetime.combine(day, time(12), clock.BEIJING).astimezone(UTC)


def bill(session: Session, account: Account, period: str, **fields: Any) -> Bill:
    """A bill of ¥100, issued on the third of the month after and due on the eighteenth."""
    return builders.create_bill(session, account, period, **{"total_fen": 10_000} | fields)


def pay(
    session: Session,
    account: Account,
    what: Bill,
    day: date,
    *,
    fen: int | None = None,
    posted: datetime | None = None,
    channel: str = "wechat",
) -> Posting:
    """Money for a bill on a day: all of it, or so many fen. The bill is settled so far."""
    amount = what.total_fen if fen is None else fen
    what.settled_fen += amount
    return builders.create_posting(
        session,
        account,
        amount,
        channel=channel,
        paid_at=noon(day),
        posted_at=posted or noon(day),
        allocations=[{"bill_no": what.bill_no, "principal_fen": amount, "late_fee_fen": 0}],
    )


def take_back(session: Session, posting: Posting, what: Bill, day: date) -> None:
    """The money of a posting went back; its bill is owed again."""
    what.settled_fen -= posting.amount_fen
    given = {"bill_no": what.bill_no, "principal_fen": posting.amount_fen, "late_fee_fen": 0}
    builders.create_reversal(session, posting, reversed_at=noon(day), allocations=[given])
