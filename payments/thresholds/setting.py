"""A customer's own threshold for an account."""

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.thresholds.checking import Low, note_low
from payments.thresholds.models import BalanceThreshold, LowBalance
from runtime import clock
from runtime.errors import Refused
from service.access import Right, visible_account
from service.models import Account

LEAST_FEN = 1_00
MOST_FEN = 10_000_00
"""A threshold that any balance is below would say nothing."""


def threshold(session: Session, user_id: int, account_no: str) -> int | None:
    """The user's own, in fen; None when they do not want to be told.

    Raises NotFound and Forbidden for an account for which they may not pay, and
    Refused("threshold.postpaid").
    """
    _prepaid(session, user_id, account_no)
    return session.scalar(
        select(BalanceThreshold.below_fen).where(
            BalanceThreshold.user_id == user_id, BalanceThreshold.account_no == account_no
        )
    )


def thresholds(session: Session, user_id: int) -> dict[str, int]:
    """All of the user's own, in fen by account."""
    own = select(BalanceThreshold.account_no, BalanceThreshold.below_fen).where(
        BalanceThreshold.user_id == user_id
    )
    return dict(iter(session.execute(own)))


def set_threshold(session: Session, user_id: int, account_no: str, below_fen: int | None) -> None:
    """Be told below `below_fen`; None for not at all. A balance that is low already is no news.

    Raises as `threshold`, and Refused("threshold.out_of_range", least_fen=, most_fen=).
    """
    account = _prepaid(session, user_id, account_no)
    if below_fen is not None and not LEAST_FEN <= below_fen <= MOST_FEN:
        raise Refused("threshold.out_of_range", least_fen=LEAST_FEN, most_fen=MOST_FEN)
    _write(session, user_id, account_no, below_fen)
    left = -account.balance_fen
    if below_fen is None or left >= below_fen:
        _over(session, user_id, account_no)
    else:
        note_low(session, Low(user_id, account_no, below_fen, left), told=False)


def _prepaid(session: Session, user_id: int, account_no: str) -> Account:
    account = visible_account(session, user_id, account_no, needs=Right.PAY)
    if account.settlement != "prepaid":
        raise Refused("threshold.postpaid")
    return account


def _write(session: Session, user_id: int, account_no: str, below_fen: int | None) -> None:
    if below_fen is None:
        session.execute(
            delete(BalanceThreshold).where(
                BalanceThreshold.user_id == user_id, BalanceThreshold.account_no == account_no
            )
        )
        return
    wanted = {"user_id": user_id, "account_no": account_no, "below_fen": below_fen}
    session.execute(
        insert(BalanceThreshold)
        .values(**wanted, set_at=clock.now())
        .on_conflict_do_update(
            index_elements=["user_id", "account_no"],
            set_={"below_fen": below_fen, "set_at": clock.now()},
        )
    )


def _over(session: Session, user_id: int, account_no: str) -> None:
    session.execute(
        update(LowBalance)
        .where(
            LowBalance.user_id == user_id,
            LowBalance.account_no == account_no,
            LowBalance.risen_at.is_(None),
        )
        .values(risen_at=clock.now())
    )
