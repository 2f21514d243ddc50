"""Reading the trail: by person, subject and day, the newest first; and proving it whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, or_, select, text
from sqlalchemy.orm import Session

from runtime import clock
from service.audit.models import AuditEntry
from service.models import User

PAGE = 100
MOST = 100_000
"""So many entries one file may have."""
PIECE = 5_000

Asked = Select[AuditEntry, str | None, str | None]


@dataclass(frozen=True)
class Wanted:
    """Which entries: of one person, about one subject or request, of some days, of one deed."""

    user_id: int | None = None
    number: str = ""
    first: date | None = None
    last: date | None = None
    deed: str = ""


@dataclass(frozen=True)
class Line:
    """An entry with the name and role of who it is about."""

    entry: AuditEntry
    name: str | None
    role: str | None


@dataclass(frozen=True)
class Proof:
    """How far the trail is whole: the last good number and its hash, and what is wrong after it."""

    number: int
    hash: bytes
    wrong: str | None = None


def page(session: Session, wanted: Wanted, before: int | None = None) -> list[Line]:
    """At most `PAGE` entries older than the id `before`, and one more when there are more."""
    return _lines(session, _older(_matching(wanted), before).limit(PAGE + 1))


def all_of(session: Session, wanted: Wanted) -> Iterator[Line]:
    """Every entry that is wanted, the newest first, at most `MOST`; read in pieces."""
    before, left = None, MOST
    while left:
        lines = _lines(session, _older(_matching(wanted), before).limit(min(PIECE, left)))
        yield from lines
        if not lines:
            return
        before, left = lines[-1].entry.id, left - len(lines)


def who(session: Session) -> list[tuple[int, str | None]]:
    """Everybody of whom there is an entry, by id; former staff too."""
    written = session.scalars(_WRITERS).all()
    people = select(User.id, User.name).where(User.id.in_(written)).order_by(User.id)
    found = session.execute(people)
    return [(user_id, name) for user_id, name in found]


def prove(session: Session, known: tuple[int, bytes] | None = None) -> Proof:
    """Compute the whole chain again, and compare it with what was noted of it earlier.

    `known` is number and hash as they were printed or logged once: without it nobody sees that
    the newest entries were taken away together, or that all was written anew.
    """
    good = Proof(0, b"")
    while rows := session.execute(_LINKS, {"after": good.number, "piece": PIECE}).all():
        for row in rows:
            wrong = _wrong(good, row.number, row.before, row.hash, row.right, known)
            if wrong:
                return Proof(good.number, good.hash, wrong)
            good = Proof(row.number, row.hash)
    if known and known[0] > good.number:
        return Proof(good.number, good.hash, "ends")
    loose = session.scalar(select(AuditEntry.id).where(AuditEntry.number.is_(None)).limit(1))
    return Proof(good.number, good.hash, "loose" if loose else None)


def _wrong(
    good: Proof,
    number: int,
    before: bytes,
    found: bytes,
    right: bytes,
    known: tuple[int, bytes] | None,
) -> str | None:
    """What does not fit in the entry after `good`, if anything."""
    if number != good.number + 1:
        return "gap"
    if before != good.hash or found != right:
        return "changed"
    if known and known[0] == number and known[1] != found:
        return "rewritten"
    return None


_WRITERS = text("""
    WITH RECURSIVE writer AS (
        SELECT min(user_id) AS id FROM audit_entry
        UNION ALL
        SELECT (SELECT min(user_id) FROM audit_entry WHERE user_id > writer.id)
        FROM writer WHERE writer.id IS NOT NULL
    )
    SELECT id FROM writer WHERE id IS NOT NULL
""")
"""One step in the index for each person, however long the trail is."""
_LINKS = text(
    "SELECT number, before, hash, audit_entry_hash(audit_entry) AS right FROM audit_entry"
    " WHERE number > :after ORDER BY number LIMIT :piece"
)


def _matching(wanted: Wanted) -> Asked:
    asked: Asked = select(AuditEntry, User.name, User.staff_role).join(
        User, User.id == AuditEntry.user_id
    )
    if wanted.user_id is not None:
        asked = asked.where(AuditEntry.user_id == wanted.user_id)
    if wanted.number:
        asked = asked.where(
            or_(AuditEntry.subject == wanted.number, AuditEntry.about == wanted.number)
        )
    if wanted.first:
        asked = asked.where(AuditEntry.at >= clock.civil_midnight(wanted.first))
    if wanted.last:
        asked = asked.where(AuditEntry.at < clock.civil_midnight(wanted.last + timedelta(days=1)))
    return asked.where(AuditEntry.deed == wanted.deed) if wanted.deed else asked


def _older(asked: Asked, before: int | None) -> Asked:
    older = asked.where(AuditEntry.id < before) if before is not None else asked
    return older.order_by(AuditEntry.id.desc())


def _lines(session: Session, asked: Asked) -> list[Line]:
    return [Line(entry, name, role) for entry, name, role in session.execute(asked)]
