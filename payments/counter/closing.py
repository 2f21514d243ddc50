"""Closing a shift: count what is in the drawer, compare, book.

A count that agrees closes the shift. One that does not waits for a second person, and what is
missing or too much then goes to `suspense`: a difference is never smoothed over at the counter.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from payments.counter import coins, shifts
from payments.counter.models import Shift
from payments.ledger.booking import BANK, COUNTER, SUSPENSE, Kind, book
from runtime import clock
from runtime.errors import Conflict, Refused
from service import approvals
from service.events import ActionApproved, ActionDeclined

APPROVAL = "shift"
"""The kind of question that a second person decides; its subject is the shift's number."""

REASON_LENGTH = 500


def count(
    session: Session,
    shift_no: str,
    pieces: Mapping[int, int],
    *,
    by: int,
    reason: str | None = None,
) -> Shift:
    """Enter the count of a drawer: `pieces` by denomination in fen.

    It closes the shift when it agrees. When it does not, `reason` says why, and a second person is
    asked; without one raises Conflict("counter.difference", counted_fen, expected_fen) and nothing
    is written. Raises NotFound("counter.shift_unknown"), Conflict("counter.not_open"),
    Refused("counter.count_malformed").
    """
    shift = shifts.lock_shift(session, shift_no)
    if shift.status not in ("open", "counting"):
        raise Conflict("counter.not_open")
    _require_pieces(pieces)
    counted, expected = coins.counted_fen(pieces), shifts.drawer_fen(session, shift)
    if counted != expected and not (reason or "").strip():
        raise Conflict("counter.difference", counted_fen=counted, expected_fen=expected)
    if counted != expected:
        figures = {"drawer": shift.drawer, "counted_fen": counted, "expected_fen": expected}
        why = (reason or "").strip()[:REASON_LENGTH]
        asked = approvals.ask(session, APPROVAL, shift_no, figures, why, by=by)
        shift.status, shift.approval_id = "waiting", asked.id
    shift.pieces = {str(denomination): count for denomination, count in pieces.items()}
    shift.counted_fen, shift.expected_fen = counted, expected
    shift.counted_by, shift.counted_at = by, clock.now()
    if counted == expected:
        _close(session, shift)
    session.flush()
    return shift


def on_approved(session: Session, event: ActionApproved) -> None:
    """A second person takes the difference as it is: the shift closes with it."""
    if event.kind == APPROVAL:
        _close(session, shifts.lock_shift(session, event.subject))
        session.flush()


def on_declined(session: Session, event: ActionDeclined) -> None:
    """A second person wants it counted again, or whoever counted takes it back."""
    if event.kind != APPROVAL:
        return
    shift = shifts.lock_shift(session, event.subject)
    shift.status, shift.approval_id, shift.pieces = "counting", None, None
    shift.counted_fen = shift.expected_fen = shift.counted_by = shift.counted_at = None
    session.flush()


def _require_pieces(pieces: Mapping[int, int]) -> None:
    known = set(pieces) <= set(coins.DENOMINATIONS)
    if not known or any(not 0 <= count <= coins.MOST_PIECES for count in pieces.values()):
        raise Refused("counter.count_malformed")


def _close(session: Session, shift: Shift) -> None:
    """What was counted goes to the bank, without the float; the difference to suspense."""
    assert shift.counted_fen is not None and shift.expected_fen is not None  # noqa: S101, PT018
    difference = shift.counted_fen - shift.expected_fen
    shift.status, shift.closed_at = "closed", clock.now()
    _move(session, Kind.ADJUSTMENT, shift, (COUNTER, SUSPENSE), difference)
    _move(session, Kind.DEPOSIT, shift, (BANK, COUNTER), shift.counted_fen - shift.float_fen)


def _move(
    session: Session, kind: Kind, shift: Shift, to_and_from: tuple[str, str], fen: int
) -> None:
    """Book a movement; one of less than nothing goes the other way, one of nothing nowhere."""
    debit, credit = to_and_from if fen > 0 else reversed(to_and_from)
    if fen:
        book(session, kind, shift.shift_no, debit=debit, credit=credit, amount_fen=abs(fen))
