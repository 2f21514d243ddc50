"""Telling customers once that a prepaid balance has sunk below what they chose."""

from dataclasses import asdict, dataclass

from sqlalchemy import and_, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments import holds
from payments.thresholds.models import BalanceThreshold, LowBalance
from runtime import clock, events
from service.access import Right, roles_with
from service.events import BalanceSank
from service.models import Account, Link

AT_ONCE = 1000
"""Balances that one check takes up; the next one follows in a minute."""


@dataclass(frozen=True)
class Low:
    """A balance below its user's threshold, in fen."""

    user_id: int
    account_no: str
    below_fen: int
    balance_fen: int


def check(session: Session, top_up_url: str) -> int:
    """Compare all thresholds with the balances as last told; returns how many have sunk.

    Money on its way to the account counts as there. Whoever has lost the right to pay for the
    account is told nothing.
    """
    _note_risen(session)
    found = _low(session)
    coming = holds.crediting(session, {low.account_no for low in found})
    sunk = [low for low in found if low.balance_fen + coming.get(low.account_no, 0) < low.below_fen]
    return sum(_tell(session, low, top_up_url) for low in sunk)


def note_low(session: Session, low: Low, *, told: bool) -> bool:
    """Write down that it is low, and whether its user hears of it; False when it was known."""
    values = asdict(low) | {"told": told, "sunk_at": clock.now()}
    new = insert(LowBalance).values(values).on_conflict_do_nothing().returning(LowBalance.id)
    return session.scalar(new) is not None


def _note_risen(session: Session) -> None:
    """What has risen, or is not waited for any more, may sink again."""
    session.execute(
        update(LowBalance)
        .where(
            LowBalance.risen_at.is_(None),
            BalanceThreshold.user_id == LowBalance.user_id,
            BalanceThreshold.account_no == LowBalance.account_no,
            Account.account_no == LowBalance.account_no,
            -Account.balance_fen >= BalanceThreshold.below_fen,
        )
        .values(risen_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _low(session: Session) -> list[Low]:
    known = exists().where(
        LowBalance.user_id == BalanceThreshold.user_id,
        LowBalance.account_no == BalanceThreshold.account_no,
        LowBalance.risen_at.is_(None),
    )
    may_pay = and_(
        Link.user_id == BalanceThreshold.user_id,
        Link.account_no == BalanceThreshold.account_no,
        Link.ended_at.is_(None),
        Link.role.in_(roles_with(Right.PAY)),
    )
    rows = session.execute(
        select(
            BalanceThreshold.user_id,
            BalanceThreshold.account_no,
            BalanceThreshold.below_fen,
            -Account.balance_fen,
        )
        .join(Account, Account.account_no == BalanceThreshold.account_no)
        .join(Link, may_pay)
        .where(
            -Account.balance_fen < BalanceThreshold.below_fen,
            Account.settlement == "prepaid",
            Account.balance_at.is_not(None),
            Account.closed.is_(None),
            ~known,
        )
        .order_by(BalanceThreshold.id)
        .limit(AT_ONCE)
    )
    return [Low(*row) for row in rows]


def _tell(session: Session, low: Low, top_up_url: str) -> bool:
    """Whether it was said now; not when another check has said it in the meantime."""
    if not note_low(session, low, told=True):
        return False
    events.publish(
        session,
        BalanceSank(low.user_id, low.account_no, low.balance_fen, low.below_fen, top_up_url),
    )
    return True
