"""One attempt to debit a bill: begun in one transaction, finished as its order has ended."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.agreements import calendar, planning
from payments.agreements.models import Agreement, AgreementDebit
from payments.agreements.signing import end_here
from payments.gateways.base import Product
from payments.models import Order
from payments.orders import Selection, start_order
from payments.settings import PaymentSettings
from payments.states import advance
from runtime import clock
from runtime.errors import Conflict
from service.access import Right, rights_on

ORDER_MINUTES = 120
"""After so long a debit that the gateway has not decided is closed."""

_SETTLED = frozenset({"bill.settled", "bill.being_credited"})


def begin(session: Session, debit_id: int, settings: PaymentSettings) -> None:
    """Give a planned debit its order, if it is its hour and all is still as it was planned.

    The agreement's row is locked first: whoever ended it in time has ended this too.
    """
    debit, agreement = _locked(session, debit_id)
    if debit.state != "planned" or not _is_time(debit, settings):
        return
    if agreement.state != "active":
        planning.finish(debit, "dropped", "ended")
    elif Right.PAY not in rights_on(session, agreement.user_id, agreement.account_no):
        end_here(session, agreement, "access")
    else:
        _begin(session, debit, agreement, settings)


def note_refusal(session: Session, debit_id: int, reason: str) -> None:
    """Why the gateway said no, kept until the order is closed."""
    debit, _agreement = _locked(session, debit_id)
    if debit.state == "begun":
        debit.reason = reason


def finish(session: Session, debit_id: int, settings: PaymentSettings) -> None:
    """Finish an attempt whose order has ended; tell the payer, and plan the next one."""
    debit, agreement = _locked(session, debit_id)
    if debit.state != "begun" or debit.order_id is None:
        return
    order = session.get_one(Order, debit.order_id)
    if order.paid_at is not None:
        _paid(session, debit, agreement, order, settings)
    elif order.status == "closed" and debit.reason is None and order.close_reason == "not_sent":
        planning.finish(debit, "dropped", "not_sent")
        session.flush()
        planning.plan_once_more(session, debit)
    elif order.status == "closed" and (debit.reason or order.close_reason == "expired"):
        _failed(session, debit, agreement, settings)
    elif order.status == "closed":
        _left_to_hand(session, debit)


def _is_time(debit: AgreementDebit, settings: PaymentSettings) -> bool:
    """In its hours, on its day or after, and told of on an earlier day."""
    now = clock.now()
    today = clock.civil_date(now)
    told = debit.announced_at is not None and clock.civil_date(debit.announced_at) < today
    return told and debit.day <= today and calendar.is_open(settings, now)


def _begin(
    session: Session, debit: AgreementDebit, agreement: Agreement, settings: PaymentSettings
) -> None:
    if not planning.still_due(session, debit, agreement, settings, clock.today()):
        return
    try:
        order = _order(session, debit, agreement)
    except Conflict as conflict:  # another order is at it: the next round looks again
        if conflict.code in _SETTLED:
            planning.finish(debit, "dropped", "paid")
        return
    debit.state, debit.order_id, debit.begun_at = "begun", order.id, clock.now()
    debit.amount_fen = order.amount_fen


def _order(session: Session, debit: AgreementDebit, agreement: Agreement) -> Order:
    """The debit's own order, as the gateway is about to know it. Raises Conflict."""
    order = start_order(
        session,
        agreement.user_id,
        Selection(bill_nos=(debit.bill_no,), expected_fen=debit.amount_fen),
        agreement.gateway,
        Product.CONTRACT,
        f"debit-{debit.id}",
        minutes=ORDER_MINUTES,
    )
    advance(session, order, "awaiting", "debit")
    order.next_query_at = order.expires_at  # until then it is asked about here
    return order


def _paid(
    session: Session,
    debit: AgreementDebit,
    agreement: Agreement,
    order: Order,
    settings: PaymentSettings,
) -> None:
    given_back = order.status in ("refunding", "refunded")
    planning.finish(debit, "paid", "given_back" if given_back else None)
    if not given_back:
        planning.tell(session, "done", agreement, settings, debit)


def _failed(
    session: Session, debit: AgreementDebit, agreement: Agreement, settings: PaymentSettings
) -> None:
    """The ladder: again after some days while the agreement holds, then left to the customer."""
    planning.finish(debit, "failed", debit.reason or "undecided")
    session.flush()
    if agreement.state != "active":
        return  # who ended it knows; whom the gateway ended it for has been told
    day = planning.plan_again(session, debit, told=True)
    kind = "given_up" if day is None else "failed"
    planning.tell(session, kind, agreement, settings, debit, day)


def _left_to_hand(session: Session, debit: AgreementDebit) -> None:
    """Its payer has begun to pay by hand. Should nothing come of it, the ladder goes on."""
    planning.finish(debit, "dropped", "by_hand")
    session.flush()
    planning.plan_again(session, debit, told=False)


def _locked(session: Session, debit_id: int) -> tuple[AgreementDebit, Agreement]:
    """The debit and its agreement, the agreement locked first."""
    of = select(AgreementDebit.agreement_id).where(AgreementDebit.id == debit_id)
    agreement = session.scalars(
        select(Agreement)
        .where(Agreement.id == of.scalar_subquery())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    debit = session.get_one(AgreementDebit, debit_id, with_for_update=True, populate_existing=True)
    return debit, agreement
