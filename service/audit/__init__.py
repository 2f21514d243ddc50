"""The trail: who of the utility's own people looked at whom or did what, and why.

An entry is written in the transaction of the deed, so that neither stands without the other.
Pages that only look have no such transaction; the portal opens one for the entry
(`portal.staff.trail`).
"""

from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused
from service.audit.models import AuditEntry

SEEN = "seen"
"""The deed of whoever only looks."""
EXPORTED = "trail.exported"
"""The deed of whoever takes a part of the trail away as a file."""
MOST_REASON = 200
MOST_SUBJECT, MOST_ABOUT = 80, 40
ADDRESS = "address"
"""Under this name `Session.info` holds the network address that the asker came from."""

__all__ = ["ADDRESS", "EXPORTED", "MOST_REASON", "SEEN", "AuditEntry", "record"]


def record(
    session: Session, *, by: int, deed: str, subject: str, reason: str, about: str = ""
) -> AuditEntry:
    """Write down that `by` did `deed` to `subject`.

    `deed` is a short code (`portal.staff.trail.DEEDS` has its words). `subject` is the number of
    what was looked at or changed: an account, a request, an order; `user 12` for a person without
    a number. `about` is what it was done for: a request, `conversation 12`. Raises
    Refused("trail.reason_needed") when neither reason nor `about` say why.
    """
    why = " ".join(reason.split())[:MOST_REASON]
    if not why and not about:
        raise Refused("trail.reason_needed")
    entry = AuditEntry(
        at=clock.now(),
        user_id=by,
        deed=deed,
        subject=subject[:MOST_SUBJECT],
        reason=why or None,
        about=about[:MOST_ABOUT],
        address=session.info.get(ADDRESS, ""),
    )
    session.add(entry)
    session.flush()
    return entry
