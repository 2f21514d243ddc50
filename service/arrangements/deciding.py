"""The desk decides about instalments; above a sum two people do (`service.approvals`)."""

from sqlalchemy.orm import Session

from runtime import clock, events
from runtime.errors import Conflict, NotFound, Refused
from service import approvals, audit
from service.arrangements import following
from service.arrangements.models import Arrangement
from service.arrangements.rules import rules
from service.events import ActionApproved

KIND = "arrangement"
AGREED, DECLINED, WANTED = "arrangement.agreed", "arrangement.declined", "arrangement.wanted"
"""Deeds in the trail; `WANTED`: one person would agree and asks a second one."""
MOST_NOTE = 300


def agree(session: Session, arrangement_id: int, *, by: int) -> bool:
    """Agree to what a customer asks for; False when a second person must agree too, and is asked.

    Raises NotFound("arrangement.none"), Conflict("arrangement.decided"),
    Conflict("arrangement.out_of_date") when its first day has gone by, Conflict("approval.asked").
    """
    arrangement = _asked(session, arrangement_id)
    _require_in_time(arrangement)
    _require_nobody_asked(session, arrangement)
    if needs_two(arrangement):
        _ask_second(session, arrangement, by)
        return False
    _agree(session, arrangement, by)
    _record(session, arrangement, AGREED, by)
    return True


def decline(session: Session, arrangement_id: int, note: str, *, by: int) -> None:
    """Say no, with words that the customer reads.

    Raises what `agree` raises but for the day, and Refused("arrangement.note_missing").
    """
    arrangement = _asked(session, arrangement_id)
    _require_nobody_asked(session, arrangement)
    said = " ".join(note.split())[:MOST_NOTE]
    if not said:
        raise Refused("arrangement.note_missing")
    arrangement.decided_at, arrangement.decided_by = clock.now(), by
    arrangement.note = said
    following.end(arrangement, "declined")
    session.flush()
    _record(session, arrangement, DECLINED, by)
    events.publish(session, following.decided(arrangement, agreed=False, note=said))


def on_approved(session: Session, event: ActionApproved) -> None:
    """A second person agrees: it holds from now on. Raises Conflict as `agree`; then it does not.

    When the second person says no, the question is open again, for the desk to decide.
    """
    if event.kind != KIND:
        return
    arrangement = _asked(session, int(event.subject))
    _require_in_time(arrangement)
    _agree(session, arrangement, event.decided_by)


def needs_two(arrangement: Arrangement) -> bool:
    """Whether one person alone may not agree to so much."""
    return arrangement.total_fen > rules().instalments.two_people_above_fen


def _asked(session: Session, arrangement_id: int) -> Arrangement:
    found = session.get(Arrangement, arrangement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("arrangement.none")
    if found.state != "asked":
        raise Conflict("arrangement.decided")
    return found


def _require_in_time(arrangement: Arrangement) -> None:
    if arrangement.parts[0].day < clock.today():
        raise Conflict("arrangement.out_of_date")


def _require_nobody_asked(session: Session, arrangement: Arrangement) -> None:
    asked = approvals.about(session, [str(arrangement.id)], [KIND])
    if any(each.status == "asked" for each in asked):
        raise Conflict("approval.asked")


def _ask_second(session: Session, arrangement: Arrangement, by: int) -> None:
    params = {
        "account_no": arrangement.account_no,
        "total_fen": arrangement.total_fen,
        "parts": len(arrangement.parts),
    }
    approvals.ask(
        session,
        KIND,
        str(arrangement.id),
        params,
        "",
        by=by,
        deed=WANTED,
        about=f"arrangement {arrangement.id}",
    )


def _agree(session: Session, arrangement: Arrangement, by: int) -> None:
    arrangement.state = "active"
    arrangement.decided_at, arrangement.decided_by = clock.now(), by
    session.flush()
    events.publish(session, following.decided(arrangement, agreed=True))


def _record(session: Session, arrangement: Arrangement, deed: str, by: int) -> None:
    audit.record(
        session,
        by=by,
        deed=deed,
        subject=arrangement.account_no,
        reason="",
        about=f"arrangement {arrangement.id}",
    )
