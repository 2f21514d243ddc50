"""Forms that were not sent yet, as their askers left them: one for each kind.

A draft keeps the key with which its form will be sent, so the files that were added on the way come
with it. Sent, it is gone; what nobody goes on with is forgotten in the night (`tidy`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.errors import Refused
from service.people import limits
from service.people.limits import Limit
from service.requests import files
from service.requests.askers import Asker
from service.requests.kinds import Kind, kind, kinds
from service.requests.models import Request, RequestDraft

KEPT = timedelta(days=30)
KEPT_OF_STRANGER = timedelta(days=1)
"""Others may sit at the same browser tomorrow."""

LONGEST = 2000
"""Letters of a value that are kept; no field takes as many."""

BEGIN_NETWORK = Limit("draft.network", 120, timedelta(hours=1), "network.locked", exact=False)


@dataclass(frozen=True)
class Draft:
    """A form as it was left at `saved_at`; `account_no` is None when it is about none."""

    kind: Kind
    key: str
    account_no: str | None
    typed: dict[str, str]
    saved_at: datetime


def find(session: Session, asker: Asker, wanted: Kind) -> Draft | None:
    """The draft of a kind, if there is one to go on with."""
    found = session.scalars(_of(asker).where(RequestDraft.kind == wanted.name)).one_or_none()
    return _read(found) if found else None


def listed(session: Session, asker: Asker) -> list[Draft]:
    """All that can be gone on with, the newest first."""
    known = [each.name for each in kinds()]
    mine = _of(asker).where(RequestDraft.kind.in_(known)).order_by(RequestDraft.updated_at.desc())
    return [_read(each) for each in session.scalars(mine)]


def save(
    session: Session,
    asker: Asker,
    wanted: Kind,
    key: str,
    account_no: str | None,
    typed: Mapping[str, str],
) -> bool:
    """Keep a form as it stands, in place of the one before; False when it was sent already.

    Raises TooManyTries when too many strangers of a network begin one, and
    Refused("request.key_malformed").
    """
    require_key(key)
    if session.scalar(select(exists().where(_sent(asker.name, key)))):
        return False
    if asker.network is not None and find(session, asker, wanted) is None:
        limits.take(session, BEGIN_NETWORK, asker.network)
    names = {each.name for each in wanted.told}
    kept = {name: value[:LONGEST] for name, value in typed.items() if name in names}
    row = {
        "key": key,
        "account_no": account_no,
        "filled": json.dumps(kept, ensure_ascii=False),
        "updated_at": clock.now(),
    }
    statement = insert(RequestDraft).values(asker=asker.name, kind=wanted.name, **row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[RequestDraft.asker, RequestDraft.kind], set_=row
        )
    )
    return True


def discard(session: Session, asker: Asker, wanted: Kind) -> None:
    """Begin anew: the draft of a kind is gone, and so are its files."""
    found = find(session, asker, wanted)
    if found is None:
        return
    for each in files.of_draft(session, asker, found.key):
        session.delete(each)
    forget(session, asker, found.key)


def forget(session: Session, asker: Asker, key: str) -> None:
    """The form of this key was sent."""
    session.execute(
        delete(RequestDraft).where(RequestDraft.asker == asker.name, RequestDraft.key == key)
    )


def require_key(key: str) -> None:
    """Raises Refused("request.key_malformed")."""
    if not key or len(key) > 64 or not key.isascii() or not key.isprintable():
        raise Refused("request.key_malformed")


def forget_old(session: Session) -> None:
    """What nobody has gone on with for a month, a stranger for a day."""
    now, of_user = clock.now(), RequestDraft.asker.startswith("user:")
    session.execute(
        delete(RequestDraft).where(
            (RequestDraft.updated_at < now - KEPT)
            | (~of_user & (RequestDraft.updated_at < now - KEPT_OF_STRANGER))
        )
    )


def _of(asker: Asker) -> Select[RequestDraft]:
    """The asker's drafts. One that was saved while its form was being sent is none."""
    kept = KEPT if asker.user_id is not None else KEPT_OF_STRANGER
    return select(RequestDraft).where(
        RequestDraft.asker == asker.name,
        RequestDraft.updated_at >= clock.now() - kept,
        ~exists().where(_sent(RequestDraft.asker, RequestDraft.key)),
    )


def _sent(asker: object, key: object) -> ColumnElement[bool]:
    return (Request.asker == asker) & (Request.idempotency_key == key)


def _read(row: RequestDraft) -> Draft:
    wanted, typed = kind(row.kind), json.loads(row.filled)
    names = {each.name for each in wanted.told}
    told = {name: value for name, value in typed.items() if name in names}
    return Draft(wanted, row.key, row.account_no, told, row.updated_at)
