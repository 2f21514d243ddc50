"""Customers who do not want to be estimated (PIPL article 24): from then on they have no score."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from service import audit
from service.customers import opening
from service.insight.models import LateObjection, LateScore

OBJECTED, RESUMED = "late.objected", "late.resumed"
"""Deeds in the trail."""


def objected(session: Session, account_no: str) -> LateObjection | None:
    """The objection of an account, if there is one."""
    return session.get(LateObjection, account_no)


def take_objection(session: Session, account_no: str, reason: str, *, by: int) -> None:
    """Keep no score of an account any more; the one there was is gone at once.

    Raises NotFound("customer.not_found"), Refused("trail.reason_needed").
    """
    opening.account(session, account_no)
    audit.record(session, by=by, deed=OBJECTED, subject=account_no, reason=reason)
    session.execute(
        insert(LateObjection)
        .values(account_no=account_no, by=by, at=clock.now())
        .on_conflict_do_nothing()
    )
    session.execute(delete(LateScore).where(LateScore.account_no == account_no))


def end_objection(session: Session, account_no: str, reason: str, *, by: int) -> None:
    """Estimate an account again, from the next night on. Raises as `take_objection`."""
    opening.account(session, account_no)
    audit.record(session, by=by, deed=RESUMED, subject=account_no, reason=reason)
    session.execute(delete(LateObjection).where(LateObjection.account_no == account_no))
