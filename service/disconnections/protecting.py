"""Accounts that must not be disconnected, whatever they owe; kept by the desk."""

from datetime import date

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import NotFound, Refused
from service import audit
from service.disconnections import calling_off
from service.disconnections.models import ProtectedAccount
from service.models import Account

REASONS = ("life_support", "important", "hardship", "other")
"""Somebody lives by a machine; an important user; hardship; what the note in the trail says."""
PROTECTED, RELEASED = "account.protected", "account.released"
"""Deeds in the trail."""


def protect(
    session: Session, account_no: str, reason: str, until: date | None, note: str, *, by: int
) -> None:
    """Protect an account, to a day or for good; a planned disconnection is called off at once.

    `note` says in the trail how it is known. Raises NotFound("customer.not_found"),
    Refused("protection.reason", "protection.until", "customer.reason_missing").
    """
    if session.get(Account, account_no) is None:
        raise NotFound("customer.not_found")
    if reason not in REASONS:
        raise Refused("protection.reason")
    if until is not None and until < clock.today():
        raise Refused("protection.until")
    _require_note(note)
    values = {"reason": reason, "until": until, "set_by": by, "set_at": clock.now()}
    session.execute(
        insert(ProtectedAccount)
        .values(account_no=account_no, **values)
        .on_conflict_do_update(index_elements=["account_no"], set_=values)
    )
    audit.record(session, by=by, deed=PROTECTED, subject=account_no, reason=note)
    calling_off.call_off_living(session, account_no, "protected", by=by)


def release(session: Session, account_no: str, note: str, *, by: int) -> None:
    """End a protection. Raises NotFound("protection.none"), Refused("customer.reason_missing")."""
    found = session.get(ProtectedAccount, account_no, with_for_update=True)
    if found is None:
        raise NotFound("protection.none")
    _require_note(note)
    session.delete(found)
    audit.record(session, by=by, deed=RELEASED, subject=account_no, reason=note)


def _require_note(note: str) -> None:
    if not note.strip():
        raise Refused("customer.reason_missing")
