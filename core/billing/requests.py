"""Requests that must take effect once: the key the caller gives, and a fingerprint of the rest."""

from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.models import Adjustment, Posting, Reversal, ServiceOrder
from core.outages.models import Outage
from runtime.errors import Conflict

Kept = TypeVar("Kept", Posting, Reversal, Adjustment, ServiceOrder, Outage)


def fingerprint(request: object) -> str:
    """A hash by which a repeated request is told from another one under the same key."""
    return sha256(msgspec.json.encode(request)).hexdigest()


def keep_once(
    session: Session, model: type[Kept], idempotency_key: str, request: str, **values: Any
) -> tuple[Kept, bool]:
    """The row of the key, and whether it was there before; waits for whoever is just taking it.

    `request` is the fingerprint. Raises Conflict when the key came with another one.
    """
    statement = (
        insert(model)
        .values(idempotency_key=idempotency_key, request_sha256=request, **values)
        .on_conflict_do_nothing(index_elements=[model.idempotency_key])
        .returning(model)
    )
    new = session.scalar(statement)
    if new is not None:
        return new, False
    row = session.scalars(select(model).where(model.idempotency_key == idempotency_key)).one()
    if row.request_sha256 != request:
        raise Conflict("idempotency.key_reused", key=idempotency_key)
    return row, True
