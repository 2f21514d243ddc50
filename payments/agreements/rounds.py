"""The safety net of agreements, once a minute: what waits is taken up, what was lost found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from payments.agreements import calendar, planning, soon
from payments.agreements.models import Agreement, AgreementDebit
from payments.agreements.planning import AT_ONCE
from payments.settings import PaymentSettings
from runtime import clock

UNHEARD = timedelta(minutes=1)
"""An ending that the gateway has not heard of for so long may have lost its job."""


def go_round(session: Session, settings: PaymentSettings) -> None:
    """Announce, and ask for the jobs that should be there; those that wait are not added."""
    now = clock.now()
    if calendar.is_open(settings, now):
        planning.announce(session, settings)
        _each(session, _ready(), soon.debit)
    begun = select(AgreementDebit.id).where(AgreementDebit.state == "begun")
    _each(session, begun.order_by(AgreementDebit.begun_at), soon.watch)
    for state, since, job in (
        ("signing", now, soon.ask),
        ("ending", now - UNHEARD, soon.end),
    ):
        moving = select(Agreement.id).where(
            Agreement.state == state, Agreement.next_query_at <= since
        )
        _each(session, moving.order_by(Agreement.next_query_at), job)


def _ready() -> Select[int]:
    return (
        select(AgreementDebit.id)
        .where(
            AgreementDebit.state == "planned",
            AgreementDebit.day <= clock.today(),
            AgreementDebit.announced_at < clock.civil_midnight(clock.today()),
        )
        .order_by(AgreementDebit.day, AgreementDebit.id)
    )


def _each(session: Session, numbers: Select[Any], ask_for: Callable[[Session, int], None]) -> None:
    for number in session.scalars(numbers.limit(AT_ONCE)).all():
        ask_for(session, number)
