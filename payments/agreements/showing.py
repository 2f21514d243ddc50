"""What customers see of agreements: those of their accounts, and each debit in its state."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.agreements.models import LIVE, Agreement, AgreementDebit
from payments.agreements.signing import SIGNING_TAKES
from payments.models import Order
from runtime.errors import NotFound
from service.access import Right, linked
from service.models import Bill, User

HISTORY = 36
"""Debits that a page shows; three years of bills that went well."""


@dataclass(frozen=True)
class DebitView:
    """A debit as its payer sees it, amount in fen; `order_no` once money may have moved."""

    bill_no: str
    period: str
    day: date
    state: str
    reason: str | None
    amount_fen: int | None
    order_no: str | None
    finished_at: datetime | None


@dataclass(frozen=True)
class AgreementView:
    """An agreement as its signer sees it. `sign_url` and `sign_until` while it is being signed."""

    id: int
    code: str
    account_no: str
    gateway: str
    state: str
    limit_fen: int
    signed_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    sign_url: str | None
    sign_until: datetime
    debits: tuple[DebitView, ...] = ()

    @property
    def under_way(self) -> DebitView | None:
        """The debit that has begun and is not decided."""
        return next((debit for debit in self.debits if debit.state == "begun"), None)


@dataclass(frozen=True)
class Held:
    """The live agreement of an account, whoever signed it; `until` can be signed what is not yet.

    `code` is None for somebody else's, `name` for one's own.
    """

    account_no: str
    state: str
    gateway: str
    until: datetime
    code: str | None
    name: str | None


def agreement_view(session: Session, user_id: int, code: str) -> AgreementView:
    """The user's own agreement with its debits, the newest first. Raises NotFound."""
    agreement = session.scalars(
        select(Agreement).where(Agreement.code == code, Agreement.user_id == user_id)
    ).one_or_none()
    if agreement is None:
        raise NotFound("agreement.not_found")
    return _view(agreement, _debits(session, agreement.id))


def agreements_of(session: Session, user_id: int) -> list[AgreementView]:
    """All that the user has signed and not only begun to sign, the newest first."""
    found = session.scalars(
        select(Agreement)
        .where(Agreement.user_id == user_id, Agreement.signed_at.is_not(None))
        .order_by(Agreement.id.desc())
    )
    return [_view(agreement, ()) for agreement in found]


def held(session: Session, user_id: int, account_nos: Collection[str]) -> dict[str, Held]:
    """The live agreements of accounts for which the user may pay, by account."""
    rows = session.execute(
        linked(
            select(Agreement, User.name).join(User, User.id == Agreement.user_id),
            Agreement.account_no,
            user_id,
            Right.PAY,
        ).where(Agreement.account_no.in_(account_nos), Agreement.state.in_(LIVE))
    )
    return {
        agreement.account_no: Held(
            account_no=agreement.account_no,
            state=agreement.state,
            gateway=agreement.gateway,
            until=agreement.created_at + SIGNING_TAKES,
            code=agreement.code if agreement.user_id == user_id else None,
            name=None if agreement.user_id == user_id else name,
        )
        for agreement, name in rows
    }


def planned(session: Session, user_id: int, account_nos: Collection[str]) -> dict[str, date]:
    """On which day bills of these accounts will be debited, by bill; for who may see the bills."""
    rows = session.execute(
        linked(
            select(AgreementDebit.bill_no, AgreementDebit.day).join(
                Agreement, Agreement.id == AgreementDebit.agreement_id
            ),
            Agreement.account_no,
            user_id,
            Right.SEE_BILLS,
        ).where(Agreement.account_no.in_(account_nos), AgreementDebit.state == "planned")
    )
    return {row.bill_no: row.day for row in rows}


def highest_bill_fen(session: Session, account_no: str) -> int | None:
    """The highest of the last twelve bills, to choose a limit by; the caller has checked rights."""
    recent = (
        select(Bill.total_fen)
        .where(Bill.account_no == account_no, Bill.status == "issued")
        .order_by(Bill.period.desc())
        .limit(12)
    )
    return max(session.scalars(recent), default=None)


def _debits(session: Session, agreement_id: int) -> tuple[DebitView, ...]:
    rows = session.execute(
        select(AgreementDebit, Order.order_no)
        .outerjoin(Order, Order.id == AgreementDebit.order_id)
        .where(
            AgreementDebit.agreement_id == agreement_id,
            AgreementDebit.reason.is_distinct_from("not_sent"),
        )
        .order_by(AgreementDebit.day.desc(), AgreementDebit.id.desc())
        .limit(HISTORY)
    )
    return tuple(
        DebitView(
            bill_no=debit.bill_no,
            period=debit.period,
            day=debit.day,
            state=debit.state,
            reason=debit.reason,
            amount_fen=debit.amount_fen,
            order_no=order_no,
            finished_at=debit.finished_at,
        )
        for debit, order_no in rows
    )


def _view(agreement: Agreement, debits: tuple[DebitView, ...]) -> AgreementView:
    return AgreementView(
        id=agreement.id,
        code=agreement.code,
        account_no=agreement.account_no,
        gateway=agreement.gateway,
        state=agreement.state,
        limit_fen=agreement.limit_fen,
        signed_at=agreement.signed_at,
        ended_at=agreement.ended_at,
        ended_by=agreement.ended_by,
        sign_url=agreement.sign_url,
        sign_until=agreement.created_at + SIGNING_TAKES,
        debits=debits,
    )
