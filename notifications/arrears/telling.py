"""What a reminder says at the moment at which it is sent: what is owed now, and since when.

Late reminders tell of all that is overdue, the others of the bills that will be or are due on the
days of their rung. Where nothing is left of it, money is under way or an arrangement lets it rest,
there is nothing to tell any more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import saying
from notifications.arrears import sparing
from notifications.arrears.ladder import ALL_KINDS, DUE, STEPS
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime import clock
from runtime.money import yuan
from runtime.settings import load
from service.dues import Due, due_of, is_open
from service.models import Account, Bill


@figures(*ALL_KINDS)
def told(session: Session, notices: Sequence[Notice], language: str) -> list[Figures | None]:
    """The figures of each notice; None for one that has nothing to tell any more."""
    return [_figures(dues, language) if dues else None for dues in dues_of(session, notices)]


def dues_of(session: Session, notices: Sequence[Notice]) -> list[list[Due]]:
    """What each notice tells of today, the oldest first; two statements for all of them."""
    today = clock.today()
    owed = owed_of(session, {each.account_no for each in notices if each.account_no}, today)
    return [
        [due for due in owed.get(each.account_no or "", []) if _is_of(each, due, today)]
        for each in notices
    ]


def owed_of(session: Session, account_nos: Iterable[str], today: date) -> dict[str, list[Due]]:
    """What accounts owe and may be reminded of today; those that may of nothing are left out."""
    rows = session.scalars(
        select(Bill)
        .join(Account, Account.account_no == Bill.account_no)
        .where(
            Bill.account_no.in_(sorted(account_nos)),
            is_open(),
            *sparing.unspared(today),
        )
        .order_by(Bill.due, Bill.bill_no)
        .execution_options(populate_existing=True)
    )
    found: dict[str, list[Due]] = defaultdict(list)
    for bill in rows:
        found[bill.account_no].append(due_of(bill, today))
    return found


def _is_of(notice: Notice, due: Due, today: date) -> bool:
    """Whether a reminder is about this bill, today."""
    params = params_of(notice)
    rung = params.get("rung", notice.kind)
    if STEPS.index(rung) > STEPS.index(DUE):
        return due.due < today
    if rung == DUE:
        return due.due == today
    return today <= due.due <= date.fromisoformat(params["due"])


def _figures(dues: Sequence[Due], language: str) -> Figures:
    first, house = min(dues, key=lambda each: each.due), load(LinkSettings)
    return {
        "amount": yuan(_sum(dues)),
        "principal": yuan(sum(each.principal_fen for each in dues)),
        "late": yuan(sum(each.late_fee_fen for each in dues)),
        "tail": saying.tail(first.account_no),
        "month": _months(dues, language),
        "day": saying.day(first.due, language),
        "days": str(first.days_late),
        "link": saying.link("/pay"),
        "phone": house.hotline,
        "utility": house.utility(language),
    }


def _sum(dues: Iterable[Due]) -> int:
    return sum(each.amount_fen for each in dues)


def _months(dues: Sequence[Due], language: str) -> str:
    """The month of the bill, or the first and the last of several."""
    periods = sorted({each.period for each in dues})
    ends = [saying.month(each, language) for each in (periods[0], periods[-1])]
    return ends[0] if len(periods) == 1 else "–".join(ends)
