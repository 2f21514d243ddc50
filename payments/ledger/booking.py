"""Writing into the books.

Accounts: `wechat`, `alipay`, `unionpay` and `counter` hold money that customers have paid there;
`received` is what is owed to customers until the core has it, `posted` what the core has,
`refunds` what is on its way back to payers. `bank` is where the counter's cash is brought, `fees`
what gateways keep, `suspense` money that nobody has claimed.
"""

from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.ledger.models import LedgerEntry

RECEIVED, POSTED, REFUNDS = "received", "posted", "refunds"
BANK, FEES, SUSPENSE = "bank", "fees", "suspense"
COUNTER = "counter"


class Kind(StrEnum):
    """What an entry is about, and what its reference names."""

    PAYMENT = "payment"  # order_no: gateway | received
    POSTING = "posting"  # idempotency key of the posting: received | posted
    REVERSAL = "reversal"  # number of the refund's part: posted | received
    REFUND_DUE = "refund_due"  # refund_no: received | refunds
    REFUND = "refund"  # refund_no: refunds | gateway
    FEE = "fee"  # gateway and day of the statement: fees | gateway
    FEE_BACK = "fee_back"  # the same, for what comes back with refunds: gateway | fees
    DEPOSIT = "deposit"  # number of the shift: bank | counter
    ADJUSTMENT = "adjustment"  # number of the case that was decided


class BookedOtherwise(Exception):  # noqa: N818 - it says what it is
    """The same kind and reference stand in the books with other figures: a fault of ours."""


def book(
    session: Session,
    kind: Kind,
    reference: str,
    *,
    debit: str,
    credit: str,
    amount_fen: int,
    order_no: str | None = None,
) -> None:
    """Book a movement once; booking the same again changes nothing. Raises BookedOtherwise."""
    values: dict[str, object] = {
        "kind": kind.value,
        "reference": reference,
        "debit": debit,
        "credit": credit,
        "amount_fen": amount_fen,
        "order_no": order_no,
    }
    statement = insert(LedgerEntry).values(values).on_conflict_do_nothing()
    if session.scalar(statement.returning(LedgerEntry.id)) is None:
        _require_same(session, values)


def _require_same(session: Session, values: dict[str, object]) -> None:
    known = session.scalars(select(LedgerEntry).filter_by(**values)).one_or_none()
    if known is None:
        raise BookedOtherwise(f"{values['kind']} {values['reference']}")
